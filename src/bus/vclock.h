/* SPDX-License-Identifier: MIT */
/*
 * The machine's one clock, and the timers of its devices. It counts nanoseconds from power-on and
 * feeds mtime, the time CSR, stimecmp and the RTC. Stopping the machine freezes it, so a paused
 * guest misses nothing; a snapshot can save it. Any thread may read; stop, cont and set are the
 * machine's.
 *
 * Nanoseconds never jump. mtime is nanoseconds as ticks plus an offset, which a guest may write;
 * the RTC's wall clock is nanoseconds plus another offset.
 *
 * Time follows the host, and an io loop runs the timers; or, with all harts in one thread, it is
 * counted: harts move it on by their instructions and run the timers at their times, between two
 * instructions. Then nothing that a guest sees depends on the host's clock.
 */
#ifndef BUS_VCLOCK_H
#define BUS_VCLOCK_H

#include "bus/chip.h"
#include "host/loop.h"

#define VCLOCK_HZ    UINT64_C(10000000)
#define VCLOCK_NEVER UINT64_MAX

struct vclock;

/* The clock's state: guest time, mtime and wall clock. It is saved and loaded while stopped; the
 * owners of timers set them anew when their state is loaded. */
extern const struct chip_ops vclock_chip;

struct vclock *vclock_create(void); /* running, at 0 */
void vclock_destroy(struct vclock *c);
uint64_t vclock_ns(const struct vclock *c);    /* since power-on */
uint64_t vclock_ticks(const struct vclock *c); /* mtime: 10 MHz */
/* From now on mtime goes on from `ticks`. Any thread, but one at a time. */
void vclock_set_ticks(struct vclock *c, uint64_t ticks);
/* Called after each vclock_set_ticks, on its thread; one listener. Before harts run. */
void vclock_on_jump(struct vclock *c, void (*fn)(void *ctx), void *ctx);
/* The vclock_ns() value at which mtime reaches `ticks`: in the past, if it has; VCLOCK_NEVER: in
 * more than 584 years. */
uint64_t vclock_ns_at(const struct vclock *c, uint64_t ticks);
/* Wall-clock nanoseconds since 1970 as the guest's RTC sees them: host time at power-on plus
 * vclock_ns(). */
uint64_t vclock_wall_ns(const struct vclock *c);
void vclock_set_wall_ns(struct vclock *c, uint64_t ns);
/* The host_now_ns() value at which mtime is `ticks`; HOST_FOREVER while stopped or if too far. */
uint64_t vclock_deadline(const struct vclock *c, uint64_t ticks);
void vclock_stop(struct vclock *c); /* idempotent, does not nest */
void vclock_cont(struct vclock *c);
bool vclock_running(const struct vclock *c);

/* --- timers --- */

/* One of a device, in its struct. */
struct vclock_timer {
    struct vclock *clock;
    void (*fn)(void *arg);
    void *arg;
    /* under the clock's lock */
    struct vclock_timer *next;
    uint64_t due; /* vclock_ns(); VCLOCK_NEVER: not set, not in the list */
};

/* fn runs on the loop's thread or the harts', with no lock held; it may set timers, but for later
 * than now. */
void vclock_timer_init(struct vclock_timer *t, struct vclock *c, void (*fn)(void *arg), void *arg);
/* Once, at this time (VCLOCK_NEVER: not at all); the last call counts. Any thread, also with the
 * device's lock held. */
void vclock_timer_set(struct vclock_timer *t, uint64_t due);

/* Timers run on this loop (its thread, or before it runs). False: out of memory. */
bool vclock_attach(struct vclock *c, struct loop *loop);
void vclock_detach(struct vclock *c); /* the loop does not run any more */

/* --- counted time --- */

/*
 * From now on, at 0, time moves by vclock_advance only, and timers run by vclock_run. `sooner` is
 * called, on any thread, when a timer was set for an earlier time than all others. Not while harts
 * run, and before any timer is set.
 */
void vclock_set_counted(struct vclock *c, void (*sooner)(void *ctx), void *ctx);
void vclock_advance(struct vclock *c, uint64_t ns); /* nothing while stopped */
/* When the first timer is due; VCLOCK_NEVER: none. */
uint64_t vclock_next(const struct vclock *c);
/* Runs the timers that are due, the earliest first; stops early after vclock_hurry. */
void vclock_run(struct vclock *c);
/* A caller waits for the thread that runs timers: that leaves long work, and resumes it later
 * at the same time of the clock. Nests. Any thread. */
void vclock_hurry(struct vclock *c, bool on);
bool vclock_hurried(const struct vclock *c);

#endif
