/* SPDX-License-Identifier: MIT */
/*
 * A poll loop: file descriptors, timers, and events that other threads post. The io thread runs
 * one, and a worker can have one of its own (host/worker.h). The loop sleeps until a source is due;
 * there is no tick. Callbacks run on the loop's thread (the one that calls loop_run, or loop_step
 * in tests) and may add or remove any source, themselves too.
 *
 * One round of the loop calls each source at most once: events first, then descriptors, then
 * timers. So no source, however often a guest or a client makes it due, keeps another from its
 * turn, and no post needs memory.
 */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;

/* LOOP_HANGUP is always reported; alone, nothing else is. */
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

struct loop *loop_create(void);
void loop_destroy(struct loop *loop);
void loop_run(struct loop *loop);                     /* until loop_quit */
bool loop_step(struct loop *loop, uint64_t max_wait); /* once; ns; false after loop_quit */
void loop_quit(struct loop *loop);                    /* any thread */

/*
 * The three parts of a round, for an owner that decides between them whether callbacks may run.
 * Between loop_prepare and loop_dispatch another thread may change the sources, if the owner keeps
 * it from running beside loop_prepare and loop_dispatch: loop_poll reads none of them. A callback
 * can then find that its descriptor is not ready any more, so descriptors must not block.
 */
void loop_prepare(struct loop *loop);                 /* collects what to wait for */
bool loop_poll(struct loop *loop, uint64_t max_wait); /* sleeps; ns; true: a source is due */
void loop_dispatch(struct loop *loop);                /* calls what loop_poll found */
/* Was a source added, changed or removed since loop_prepare? Then a sleeper needs loop_wake. */
bool loop_changed(const struct loop *loop);
void loop_wake(struct loop *loop); /* loop_poll returns, or does not sleep; any thread */

/*
 * A function that the loop's thread calls after any thread has posted the event. The struct lies in
 * its user's: a post allocates nothing, and posts between two calls of the function are one. A post
 * while the function runs makes the loop call it once more, in the next round.
 */
struct loop_event {
    struct loop *loop;
    void (*fn)(void *arg);
    void *arg;
    /* under the loop's lock */
    struct loop_event *next;
    unsigned round; /* the loop's round in which it was posted */
    bool posted;
};

/* Before the first post. */
void loop_event_init(struct loop_event *e, struct loop *loop, void (*fn)(void *arg), void *arg);
/* Any thread. Events run in the order in which they were first posted. */
void loop_event_post(struct loop_event *e);
/* Cancels a waiting post. On the loop's thread, or after the loop has ended; no other thread may
 * post the event any more. An event of all zeros is fine. */
void loop_event_cancel(struct loop_event *e);

/* The loop's thread only, or before loop_run. The fd stays the caller's. */
struct loop_fd *loop_fd_add(struct loop *loop, int fd, unsigned events,
                            void (*fn)(void *arg, unsigned events), void *arg);
void loop_fd_set(struct loop_fd *src, unsigned events); /* 0: keep it, but do not watch */
void loop_fd_remove(struct loop_fd *src);

/* deadline: host_now_ns() value; HOST_FOREVER: not armed. One shot. */
struct loop_timer *loop_timer_add(struct loop *loop, void (*fn)(void *arg), void *arg);
void loop_timer_set(struct loop_timer *t, uint64_t deadline_ns);
void loop_timer_remove(struct loop_timer *t);

#endif
