/* SPDX-License-Identifier: MIT */
/*
 * The goldfish real-time clock: wall-clock nanoseconds in two halves, and an alarm. Reading
 * TIME_LOW keeps the high half for the read of TIME_HIGH that follows; writes are the other way
 * round. The alarm is a timer of the machine's clock.
 */
#ifndef DEV_RTC_H
#define DEV_RTC_H

#include "bus/fdt.h"
#include "bus/irq.h"
#include "bus/map.h"
#include "bus/vclock.h"

#define RTC_SIZE 0x1000

struct rtc;

extern const struct mmio_ops rtc_ops;

struct rtc *rtc_create(struct irq_line irq, struct vclock *clock);
void rtc_destroy(struct rtc *rtc); /* nothing runs timers any more */
void rtc_reset(struct rtc *rtc);   /* the time stays, as with a battery */
void rtc_fdt(struct fdt_builder *b, uint64_t base, uint32_t irq, uint32_t plic_phandle);

#endif
