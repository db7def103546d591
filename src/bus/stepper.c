/* SPDX-License-Identifier: MIT */
#include "bus/stepper.h"

#define LATENCY_NS 10000 /* from a kick to what it does: a fast disk's */

static void step_worker(void *arg)
{
    struct stepper *s = arg;
    atomic_store(&s->set, false);
    worker_step(s->worker);
}

/* Kicks before the timer has expired are handled together. */
static void set_timer(struct stepper *s, uint64_t latency)
{
    if (!atomic_exchange(&s->set, true))
        vclock_timer_set(&s->timer, vclock_ns(s->timer.clock) + latency);
}

static void on_kick(void *arg)
{
    set_timer(arg, LATENCY_NS);
}

/* The worker left early for somebody who waits for this thread; for the guest no time passes. */
static void on_left(void *arg)
{
    set_timer(arg, 0);
}

static bool must_leave(void *arg)
{
    struct stepper *s = arg;
    return vclock_hurried(s->timer.clock);
}

void stepper_init(struct stepper *s, struct vclock *clock, struct worker *worker)
{
    s->worker = worker;
    atomic_init(&s->set, false);
    vclock_timer_init(&s->timer, clock, step_worker, s);
    worker_set_stepper(worker, &(struct worker_stepper){on_kick, on_left, must_leave, s});
}

void stepper_finish(struct stepper *s)
{
    if (s->worker)
        vclock_timer_set(&s->timer, VCLOCK_NEVER);
}
