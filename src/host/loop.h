/* SPDX-License-Identifier: MIT */
/*
 * The io thread's poll loop: file descriptors, timers, and events that other threads post.
 * It sleeps until one of them is due; there is no tick. Callbacks run on the thread that calls
 * loop_run (or loop_step, in tests) and may add or remove any source, themselves too.
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

/* LOOP_HANGUP is reported with the others, asked for or not; alone, it is all that is watched. */
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

struct loop *loop_create(void);
void loop_destroy(struct loop *loop);
void loop_run(struct loop *loop);                     /* until loop_quit */
bool loop_step(struct loop *loop, uint64_t max_wait); /* once; ns; false after loop_quit */
void loop_quit(struct loop *loop);                    /* any thread */

/*
 * A function for the loop's thread that any thread can ask for. It lives in its user's struct: a
 * post allocates nothing, and posts between two calls of the function are one. What is posted while
 * the function runs calls it once more, in the next round.
 */
struct loop_event {
    struct loop *loop;
    void (*fn)(void *arg);
    void *arg;
    /* under the loop's lock */
    struct loop_event *next;
    unsigned round; /* of the loop, when it was posted */
    bool posted;
};

/* Before the first post. */
void loop_event_init(struct loop_event *e, struct loop *loop, void (*fn)(void *arg), void *arg);
/* Any thread. Events run in the order in which they were first posted. */
void loop_event_post(struct loop_event *e);
/* The loop's thread, or when it does not run any more: a post that waits is taken back. Nobody
 * posts the event any more. Also for one that is all zeros. */
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
