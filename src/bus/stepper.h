/* SPDX-License-Identifier: MIT */
/*
 * With a counted clock a device's worker has no thread: the clock steps it, a fixed time after its
 * kick, so that what it does, and when the guest sees it, depends on instructions alone.
 */
#ifndef BUS_STEPPER_H
#define BUS_STEPPER_H

#include "bus/vclock.h"
#include "host/worker.h"

#include <stdatomic.h>

struct stepper {
    struct worker *worker;
    struct vclock_timer timer;
    atomic_bool set; /* the timer is */
};

/* The worker was made without a thread, and is kicked by nobody yet. */
void stepper_init(struct stepper *s, struct vclock *clock, struct worker *worker);
/* The worker is gone, and nothing runs timers any more. */
void stepper_finish(struct stepper *s);

#endif
