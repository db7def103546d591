/* SPDX-License-Identifier: MIT */
/*
 * SIGINT, SIGTERM and SIGHUP: they end riscreen, whatever its other threads do. A thread of its own
 * waits for them. While the program starts, it ends at once. Once host_ending_serve was called, the
 * first one asks for an orderly end; a second SIGINT or SIGTERM, or HOST_ENDING_HARD_S without the
 * end, ends the process hard. Shells and timeout(1) send signals twice at a time, so a second one
 * counts only after HOST_ENDING_TWICE_S. The exit status is 128 and the number of the first.
 */
#ifndef HOST_ENDING_H
#define HOST_ENDING_H

#define HOST_ENDING_HARD_S  10
#define HOST_ENDING_TWICE_S 1

struct host_ending;

/* Called on the thread that waits, one at a time. */
struct host_ending_ops {
    void (*end)(void *ctx, int signo); /* asks for the end, does not wait for it */
    void (*hard)(void *ctx);           /* the last chance, before the process ends */
};

/* After host_signals_block, before any other thread. NULL: no memory, or no threads left. */
struct host_ending *host_ending_create(void);
/* From now on ops are called; NULL: not any more, ctx is about to go. Waits while one runs. */
void host_ending_serve(struct host_ending *e, const struct host_ending_ops *ops, void *ctx);

#endif
