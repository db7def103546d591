/* SPDX-License-Identifier: MIT */
/*
 * The host's terminal in raw mode, and its way back. The modes are restored by
 * host_terminal_restore and, should riscreen die without calling it (a crash, kill -9), by a small
 * guardian process that waits for exactly that. One thread.
 */
#ifndef HOST_TERMINAL_H
#define HOST_TERMINAL_H

struct host_terminal;

/* NULL: fd is not a terminal, or not ours to read because we run in the background. */
struct host_terminal *host_terminal_raw(int fd);
void host_terminal_restore(struct host_terminal *t); /* and frees; NULL is fine */

#endif
