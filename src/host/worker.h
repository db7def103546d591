/* SPDX-License-Identifier: MIT */
/*
 * A worker does a device's heavy work: a thread that sleeps until some bit is kicked, then calls
 * the device's function with the bits. Tests create it without a thread and step it by hand.
 *
 * A worker with a loop (worker_create_with_loop) also owns file descriptors, timers and events, on
 * a host/loop.h loop of its own: sockets of a network device, fences of a GPU. Its thread sleeps in
 * the loop. Each round calls the callbacks of the sources that are due, then the device's function
 * with the bits kicked until then. A call may come with no bits and nothing done, after a poll that
 * was under way when the sources changed. The function is also the place for what has to be done
 * before each sleep, such as choosing what to wait for next.
 *
 * Pausing is how another thread gets at what the worker owns (reset, queue set-up, snapshots):
 * worker_pause returns once neither the function nor a callback is running, and none will be
 * started. The function asks worker_stopping() between two pieces of bounded work and returns
 * early; it is called again with its bits, if it had any, when the pause ends.
 */
#ifndef HOST_WORKER_H
#define HOST_WORKER_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct worker;

/*
 * The device's function. bits: those kicked since the last call. inline_run: the caller is
 * worker_run_inline, on a thread with other work to do, so only short work is welcome; what is left
 * the function kicks. Never called on two threads at once.
 */
typedef void worker_run_fn(void *ctx, uint32_t bits, bool inline_run);

/* threaded: run is called on the worker's thread; else from worker_step. NULL: out of memory. */
struct worker *worker_create(const char *name, bool threaded, worker_run_fn *run, void *ctx);
/* The same with a loop. Descriptors of its sources must not block. */
struct worker *worker_create_with_loop(const char *name, bool threaded, worker_run_fn *run,
                                       void *ctx);
/* The loop, NULL without one. Sources are added, changed and removed by run and by callbacks, or
 * between worker_pause and worker_resume. loop_event_post is for any thread, as ever. */
struct loop *worker_loop(struct worker *w);
/* Waits for run to return; frees the loop and its sources. NULL is fine. */
void worker_destroy(struct worker *w);

void worker_kick(struct worker *w, uint32_t bits); /* any thread, never blocks for long */
/*
 * Calls the function with these bits on the caller's thread, for work that takes less than waking a
 * thread does. False: not called, since the worker is busy, is paused or has no thread; kick it
 * instead. The worker's thread starts nothing meanwhile.
 */
bool worker_run_inline(struct worker *w, uint32_t bits);
/* run is called once more when host_now_ns() reaches deadline_ns (HOST_FOREVER: never), perhaps
 * with no bits. The last call counts. Any thread, from run too. */
void worker_wake_at(struct worker *w, uint64_t deadline_ns);
/* Nests; not from run or a callback. Several threads may pause at once: they exclude each other by
 * a lock of their own. */
void worker_pause(struct worker *w);
void worker_resume(struct worker *w);
bool worker_stopping(struct worker *w); /* from run: someone waits in worker_pause/destroy */

/*
 * Who steps an unthreaded worker. kicked: worker_kick was called; left: run came back early, since
 * must_leave (which worker_stopping calls, too) returned true. Any thread, with no lock of the
 * worker's held. Set before the first kick. Sources of a loop do not call it: whoever steps a
 * worker with a loop also has to step it from time to time.
 */
struct worker_stepper {
    void (*kicked)(void *arg);
    void (*left)(void *arg);
    bool (*must_leave)(void *arg);
    void *arg;
};
void worker_set_stepper(struct worker *w, const struct worker_stepper *s);

/* Unthreaded workers only: runs once if bits are pending, the deadline passed or a source of the
 * loop is due, and the worker is not paused; false if nothing to do. With a stepper it waits for
 * the end of a pause. */
bool worker_step(struct worker *w);
/* Returns when run has returned from a call that began after the last kick. For tests; blocks. */
void worker_drain(struct worker *w);

#endif
