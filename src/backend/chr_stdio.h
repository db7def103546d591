/* SPDX-License-Identifier: MIT */
/*
 * riscreen's own terminal as a serial line. Standard input is read only while there is room for
 * its bytes: a small read-ahead buffer in front of the device, which takes bytes as it likes, so
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

#include "backend/chr.h"
#include "host/loop.h"

struct chr_stdio;

/* in, out: file descriptors, usually 0 and 1; -1: none. Takes `in` if it is a terminal. quit is
 * called for Ctrl-A x, and it as well as the attached user on the loop's thread, without locks.
 * Before loop_run. NULL: out of memory. */
struct chr_stdio *chr_stdio_create(struct loop *loop, int in, int out, void (*quit)(void *ctx),
                                   void *ctx);
struct chr *chr_stdio_chr(struct chr_stdio *c); /* for chr_attach, chr_write, chr_accept */
/* The loop does not run any more. Writes what is left, for a second at most; restores the modes. */
void chr_stdio_destroy(struct chr_stdio *c);
/* take: riscreen was started or continued; the terminal becomes raw if riscreen is in the
 * foreground. Else: it is about to stop, and the terminal is as before. The loop's thread. */
void chr_stdio_terminal(struct chr_stdio *c, bool take);
/* Did a write return false, without chr_writable since? Any thread. */
bool chr_stdio_full(struct chr_stdio *c);

#endif
