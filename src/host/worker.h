/* SPDX-License-Identifier: MIT */
/*
 * A worker owns a device's heavy work: a thread that sleeps until some bit is kicked, then runs the
 * device's function with the bits. Tests create it without a thread and step it by hand.
 *
 * Pausing is how another thread gets at what the worker owns (reset, queue set-up, snapshots):
 * worker_pause returns once the function is not running and will not be started; the function asks
 * worker_stopping() between two pieces of bounded work and returns early, its kicks kept.
 */
#ifndef HOST_WORKER_H
#define HOST_WORKER_H

#include <stdbool.h>
#include <stdint.h>

struct worker;

/* run is called on the worker's thread (threaded) or from worker_step. NULL: out of memory. */
struct worker *worker_create(const char *name, bool threaded, void (*run)(void *ctx, uint32_t bits),
                             void *ctx);
/* Waits for run to return. NULL is fine. */
void worker_destroy(struct worker *w);

void worker_kick(struct worker *w, uint32_t bits); /* any thread, never blocks for long */
/* Runs the function with these bits on the caller's thread, if the worker is idle and nobody pauses
 * it: for work that takes less than waking a thread does. False: it is busy (or has no thread, as
 * in tests that step it); kick it. Never at once with the worker's own thread. */
bool worker_run_here(struct worker *w, uint32_t bits);
/* run is called once more when host_now_ns() reaches deadline_ns (HOST_FOREVER: never), perhaps
 * with no bits. The last call counts. Any thread, from run too. */
void worker_wake_at(struct worker *w, uint64_t deadline_ns);
void worker_pause(struct worker *w); /* nests; not from run itself */
void worker_resume(struct worker *w);
bool worker_stopping(struct worker *w); /* from run: someone waits in worker_pause/destroy */

/*
 * Who steps an unthreaded worker. kicked: there is something to do now; left: run came back early,
 * since must_leave (which worker_stopping asks too) said so. Any thread, with no lock of the
 * worker's held. Before the first kick.
 */
struct worker_stepper {
    void (*kicked)(void *arg);
    void (*left)(void *arg);
    bool (*must_leave)(void *arg);
    void *arg;
};
void worker_set_stepper(struct worker *w, const struct worker_stepper *s);

/* Unthreaded workers only: runs once if bits are pending or the deadline passed, and not paused;
 * false if nothing to do. With a stepper it waits for the end of a pause. */
bool worker_step(struct worker *w);
/* Has run seen every kick made so far, and returned? Tests wait on it; blocks. */
void worker_drain(struct worker *w);

#endif
