/* SPDX-License-Identifier: MIT */
/* Signals that ask riscreen to stop or go on, as events of a loop instead of interruptions. Those
 * that end it are host/ending.h's. */
#ifndef HOST_SIGNALS_H
#define HOST_SIGNALS_H

#include "host/loop.h"

#include <signal.h>

struct host_signals;

/* Called on the loop's thread. */
struct host_signals_ops {
    void (*stop)(void *ctx); /* SIGTSTP: all threads stop when this returns, until a SIGCONT */
    void (*cont)(void *ctx); /* after a stop of any kind, also a SIGSTOP, which calls no stop */
};

/* In main, before any thread: blocks those signals and those that end riscreen; ignores SIGPIPE. */
void host_signals_block(void);
/* SIGINT, SIGTERM, SIGHUP. */
void host_signals_ending(sigset_t *set);
/* Calls ops on the loop's thread from now on. Before loop_run. NULL: out of descriptors. */
struct host_signals *host_signals_watch(struct loop *loop, const struct host_signals_ops *ops,
                                        void *ctx);
void host_signals_unwatch(struct host_signals *s); /* NULL is fine; the loop does not run */

#endif
