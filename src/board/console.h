/* SPDX-License-Identifier: MIT */
/*
 * The far end of the UART's line: riscreen's terminal, bytes typed by scripts, and the listeners of
 * its output. The board resets and destroys it as a chip without registers.
 */
#ifndef BOARD_CONSOLE_H
#define BOARD_CONSOLE_H

#include "dev/uart.h"
#include "host/loop.h"

struct console;

struct console_config {
    struct loop *loop;
    bool stdio;                                             /* connect to stdin and stdout */
    void (*tap)(void *ctx, const uint8_t *bytes, size_t n); /* also gets all output; hart thread */
    void *tap_ctx;
    /* Linux panicked; `said`: and has nothing more to say. Hart thread, the UART's lock is held. */
    void (*panic)(void *ctx, bool said);
    void *panic_ctx;
    void (*quit)(void *ctx); /* Ctrl-A x; io thread */
    /* stdout takes no more for now, or does again: the machine waits meanwhile, and the UART takes
     * all. Any thread. NULL: the UART is full meanwhile, and the guest waits */
    void (*hold)(void *ctx, bool on);
    void *ctx; /* of both */
};

struct console *console_create(const struct console_config *config);
extern const struct chip_ops console_chip; /* a reset forgets what a kernel's panic began with */
/* The UART's back-end. */
struct chr *console_chr(struct console *c);
/* Takes hold of the terminal, before the loop runs; lets it go, when it does not any more. */
bool console_open(struct console *c);
void console_close(struct console *c);
/* The process goes on: takes the terminal, if it is ours; or it is about to stop: gives it back.
 * The io thread; nothing while there is none. */
void console_terminal(struct console *c, bool take);
/* Bytes for the receiver, before those of the terminal; any thread; copied, unbounded. */
void console_type(struct console *c, const void *bytes, size_t n);

#endif
