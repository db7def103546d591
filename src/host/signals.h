/* SPDX-License-Identifier: MIT */
/* Signals that ask riscreen to end, stop or go on, as events of a loop instead of interruptions. */
#ifndef HOST_SIGNALS_H
#define HOST_SIGNALS_H

#include "host/loop.h"

struct host_signals;

/* Called on the loop's thread. */
struct host_signals_ops {
    void (*end)(void *ctx, int signo); /* SIGINT, SIGTERM, SIGHUP */
    void (*stop)(void *ctx); /* SIGTSTP: all threads stop when this returns, until a SIGCONT */
    void (*cont)(void *ctx); /* after a stop of any kind, also one that stop was not told of */
};

/* First thing in main, before any thread: those signals wait; SIGPIPE is ignored. */
void host_signals_block(void);
/* From now on they are served. Before loop_run. NULL: out of descriptors. */
struct host_signals *host_signals_watch(struct loop *loop, const struct host_signals_ops *ops,
                                        void *ctx);
void host_signals_unwatch(struct host_signals *s); /* NULL is fine; the loop does not run */

#endif
