/* SPDX-License-Identifier: MIT */
/* Signals that ask riscreen to end, as events of a loop instead of interruptions. */
#ifndef HOST_SIGNALS_H
#define HOST_SIGNALS_H

#include "host/loop.h"

struct host_signals;

/* First thing in main, before any thread: SIGINT, SIGTERM, SIGHUP wait; SIGPIPE is ignored. */
void host_signals_block(void);
/* From now on they call fn on the loop's thread. Before loop_run. NULL: out of descriptors. */
struct host_signals *host_signals_watch(struct loop *loop, void (*fn)(void *ctx, int signo),
                                        void *ctx);
void host_signals_unwatch(struct host_signals *s); /* NULL is fine; the loop does not run */

#endif
