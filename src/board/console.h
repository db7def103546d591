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
    /* Linux panicked; `said`: its report is complete. Hart thread, the UART's lock is held. */
    void (*panic)(void *ctx, bool said);
    void *panic_ctx;
    void (*quit)(void *ctx); /* Ctrl-A x; io thread */
    /* stdout is full (on), or has room again: the machine stands still meanwhile, and the UART
     * takes all output. Any thread. NULL: the UART is full meanwhile, and the guest waits. */
    void (*hold)(void *ctx, bool on);
    void *ctx; /* of both */
};

struct console *console_create(const struct console_config *config);
extern const struct chip_ops console_chip; /* a reset drops the beginning of a panic */
/* The UART's back-end. */
struct chr *console_chr(struct console *c);
/* Connects to the terminal, before the loop runs; disconnects, after it has ended. */
bool console_open(struct console *c);
void console_close(struct console *c);
/* take: the process was continued, and takes the terminal if it is in the foreground; else it is
 * about to stop, and restores the terminal. The io thread; does nothing without a terminal. */
void console_terminal(struct console *c, bool take);
/* Bytes for the receiver, before those of the terminal; any thread; copied, unbounded. */
void console_type(struct console *c, const void *bytes, size_t n);

#endif
