/* SPDX-License-Identifier: MIT */
/*
 * The core-local interruptor (RISC-V ACLINT 1.0, laid out as SiFive's CLINT): msip gives each hart
 * a software interrupt, mtimecmp a timer, and mtime is the machine's clock, which can be set.
 * M-mode firmware lives on it; a kernel under the built-in SBI with Sstc never comes here. At reset
 * mtime and every mtimecmp are 0, as QEMU's, so the timers' interrupts pend from the start.
 *
 * Nothing ticks. The clock has one timer for the earliest mtimecmp of all harts.
 */
#ifndef DEV_ACLINT_H
#define DEV_ACLINT_H

#include "bus/chip.h"
#include "bus/irq.h"
#include "bus/vclock.h"

struct aclint;

extern const struct chip_ops aclint_chip;

/* msi, mti: a line for each hart (copied), at most 32. NULL: out of memory. */
struct aclint *aclint_create(unsigned harts, const struct irq_line *msi, const struct irq_line *mti,
                             struct vclock *clock);

#endif
