/* SPDX-License-Identifier: MIT */
/*
 * The host's terminal, which riscreen shares with a shell: taken into raw mode while riscreen is in
 * the foreground, given back before it stops (job control) and at its end. Should it die without
 * giving it back (a crash, kill -9), a small guardian process does that. Calls come one at a time,
 * from threads that block all signals: a background job's calls would stop it otherwise.
 */
#ifndef HOST_TERMINAL_H
#define HOST_TERMINAL_H

#include <stdbool.h>

struct host_terminal;

/* Leaves it as it is for now. Early, since the guardian is a fork. NULL: fd is no terminal. */
struct host_terminal *host_terminal_create(int fd);
void host_terminal_destroy(struct host_terminal *t); /* gives it back; NULL is fine */

/* Is what is typed for us? We are in the foreground, or this is not the terminal that controls our
 * session (setsid, a test harness, a service manager), so that no shell shares it with us. */
bool host_terminal_ours(const struct host_terminal *t);
/* Raw mode, whatever others did to the modes since; false: not ours, and given back. */
bool host_terminal_take(struct host_terminal *t);
/* Its modes as they were when it was taken. */
void host_terminal_give(struct host_terminal *t);

#endif
