/* SPDX-License-Identifier: MIT */
/*
 * The machine's one clock. It counts ticks of 10 MHz from power-on and feeds mtime, the time CSR,
 * stimecmp and the RTC. Stopping the machine freezes it, so a paused guest misses nothing; a
 * snapshot can save it. Any thread may read; stop, cont and set are the machine's.
 */
#ifndef BUS_VCLOCK_H
#define BUS_VCLOCK_H

#include "base/util.h"

#define VCLOCK_HZ UINT64_C(10000000)

struct vclock;

struct vclock *vclock_create(void); /* running, at 0 */
void vclock_destroy(struct vclock *c);
uint64_t vclock_ticks(const struct vclock *c);
/* Wall-clock nanoseconds since 1970 as the guest's RTC sees them: host time at power-on plus ticks.
 */
uint64_t vclock_wall_ns(const struct vclock *c);
void vclock_set_wall_ns(struct vclock *c, uint64_t ns);
/* The host_now_ns() value at which `ticks` is reached; HOST_FOREVER while stopped or if too far. */
uint64_t vclock_deadline(const struct vclock *c, uint64_t ticks);
void vclock_stop(struct vclock *c); /* nests not: idempotent */
void vclock_cont(struct vclock *c);

/*
 * From now on time does not follow the host: it moves by vclock_advance only, so that a run with
 * all harts in one thread can be repeated. Not while harts run.
 */
void vclock_set_counted(struct vclock *c);
void vclock_advance(struct vclock *c, uint64_t ticks);

/*
 * What a device keeps of its host timer. A counted clock stands still while all harts sleep: then
 * the host timer of a device moves it on. The device's lock guards it.
 */
struct vclock_timer {
    uint64_t seen, due; /* ticks when it was set, and those it was set for; UINT64_MAX: never */
    uint64_t deadline;  /* host_now_ns() */
};

/* Sets it for a tick; returns the deadline for loop_timer_set. */
uint64_t vclock_timer_set(struct vclock *c, struct vclock_timer *t, uint64_t due);
/* The ticks now: `due`, if the host's time has come and the clock stood still meanwhile. */
uint64_t vclock_timer_now(struct vclock *c, const struct vclock_timer *t);

#endif
