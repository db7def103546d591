/* SPDX-License-Identifier: MIT */
/*
 * The io thread's poll loop: file descriptors, timers, and functions posted from other threads.
 * It sleeps until one of them has something to say; there is no tick. Callbacks run on the thread
 * that calls loop_run (or loop_step, in tests) and may add or remove any source, themselves too.
 */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 /* reported, never asked for */ };

struct loop *loop_create(void);
void loop_destroy(struct loop *loop);
void loop_run(struct loop *loop);                     /* until loop_quit */
bool loop_step(struct loop *loop, uint64_t max_wait); /* once; ns; false after loop_quit */
void loop_quit(struct loop *loop);                    /* any thread */

/* Any thread: runs fn(arg) once on the loop's thread, in order of posting. */
void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg);

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
