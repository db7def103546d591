/* SPDX-License-Identifier: MIT */
/*
 * The goldfish real-time clock: wall-clock nanoseconds in two halves, and an alarm. Reading
 * TIME_LOW keeps the high half for the read of TIME_HIGH that follows; writes are the other way
 * round. The alarm is a timer of the machine's clock.
 */
#ifndef DEV_RTC_H
#define DEV_RTC_H

#include "bus/chip.h"
#include "bus/irq.h"
#include "bus/vclock.h"

struct rtc;

extern const struct chip_ops rtc_chip; /* a reset leaves the time as it is, as with a battery */

/* NULL: out of memory. */
struct rtc *rtc_create(struct irq_line irq, struct vclock *clock);

#endif
