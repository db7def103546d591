/* SPDX-License-Identifier: MIT */
/*
 * The core-local interruptor (RISC-V ACLINT 1.0, laid out as SiFive's CLINT): msip gives each hart
 * a software interrupt, mtimecmp a timer, and mtime is the machine's clock. M-mode firmware lives
 * on it; a kernel under the built-in SBI with Sstc never comes here.
 *
 * Nothing ticks. The io loop has one timer at the earliest mtimecmp of all harts; setting a later
 * one than is armed leaves it alone, and its expiry then finds nothing and arms the next.
 */
#ifndef DEV_ACLINT_H
#define DEV_ACLINT_H

#include "bus/fdt.h"
#include "bus/irq.h"
#include "bus/map.h"
#include "bus/vclock.h"
#include "host/loop.h"

#define ACLINT_SIZE 0x10000

struct aclint;

extern const struct mmio_ops aclint_ops;

/* msi, mti: a line for each hart (copied). NULL: out of memory. */
struct aclint *aclint_create(unsigned harts, const struct irq_line *msi, const struct irq_line *mti,
                             struct vclock *clock, struct loop *loop);
void aclint_destroy(struct aclint *a); /* the loop does not run any more */
void aclint_reset(struct aclint *a);
/* The clock was stopped or went on: timers are armed anew. Any thread. */
void aclint_clock_changed(struct aclint *a);
/* intc: the harts' interrupt controllers. */
void aclint_fdt(const struct aclint *a, struct fdt_builder *b, uint64_t base, const uint32_t *intc);

#endif
