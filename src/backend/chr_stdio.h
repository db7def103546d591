/* SPDX-License-Identifier: MIT */
/*
 * riscreen's own terminal as a serial line. Standard input is read only while there is room for
 * what it says: a small read-ahead buffer in front of the device, which takes bytes as it likes, so
 * a paste of any length loses nothing. Standard output is written by the io loop from a ring; a
 * hart only copies into it, and a reader that is slow is answered by flow control, not by a wait.
 *
 * On a terminal, Ctrl-A is the escape key: Ctrl-A x ends the machine, Ctrl-A h lists the keys,
 * Ctrl-A Ctrl-A sends one. They work as long as the read-ahead has room, so also when the guest
 * hangs. A terminal that does not control riscreen's session is riscreen's alone. An input that
 * ends, or is no terminal, leaves the machine running. While riscreen is stopped or in the
 * background, the terminal and what is typed there are the shell's.
 */
#ifndef BACKEND_CHR_STDIO_H
#define BACKEND_CHR_STDIO_H

#include "base/util.h"
#include "host/loop.h"

struct chr_stdio;

/* Called on the loop's thread, without locks. */
struct chr_stdio_ops {
    size_t (*input)(void *ctx, const uint8_t *bytes, size_t n); /* how many it took */
    void (*writable)(void *ctx); /* there is room again, after chr_stdio_write said false */
    void (*quit)(void *ctx);     /* Ctrl-A x */
};

/* in, out: file descriptors, usually 0 and 1; -1: none. Takes `in` if it is a terminal. Before
 * loop_run. NULL: out of memory. */
struct chr_stdio *chr_stdio_create(struct loop *loop, int in, int out,
                                   const struct chr_stdio_ops *ops, void *ctx);
/* The loop does not run any more. Writes what is left, for a second at most; restores the modes. */
void chr_stdio_destroy(struct chr_stdio *c);
/* take: riscreen was started or continued; the terminal becomes raw if riscreen is in the
 * foreground. Else: it is about to stop, and the terminal is as before. The loop's thread. */
void chr_stdio_terminal(struct chr_stdio *c, bool take);
/* Offers what was read ahead again: the device has room. The loop's thread. */
void chr_stdio_pump(struct chr_stdio *c);
/* Takes all bytes; false: please no more than a few until ops->writable. Any thread. */
bool chr_stdio_write(struct chr_stdio *c, const uint8_t *bytes, size_t n);
/* Was a writer asked to wait, and not yet to go on? Any thread. */
bool chr_stdio_full(struct chr_stdio *c);

#endif
