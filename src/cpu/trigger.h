/* SPDX-License-Identifier: MIT */
/*
 * Triggers (RISC-V Debug Specification 0.13 and 1.0, "Trigger Module"): addresses whose execution,
 * load or store raises a breakpoint exception before it happens. Two of them, of types mcontrol and
 * mcontrol6, that compare whole addresses, as QEMU 7.2 has; their CSRs are M-mode's. Without any
 * that is on they cost nothing: a page with one stays out of the TLB, and its code runs by single
 * instructions (cpu/block.h), so both are looked at in the MMU's slow half only.
 *
 * The hart's own thread.
 */
#ifndef CPU_TRIGGER_H
#define CPU_TRIGGER_H

#include "cpu/hart.h"

void trigger_reset(struct hart *h);
/* The trigger CSRs by index: tselect 0, tdata1 to tdata3, tinfo 4. Writing tdata1 or tdata2 flushes
 * the TLB and all blocks' addresses. */
uint64_t trigger_read(struct hart *h, unsigned reg);
void trigger_write(struct hart *h, unsigned reg, uint64_t v);
/* Is there a trigger for this access in va's page, in any privilege? */
bool trigger_in_page(const struct hart *h, uint64_t va, enum access acc);
/* Does this access of [va, va+size), or the execution of what is at va, fire one now? Then hart.exc
 * and exc_tval are set. */
bool trigger_fires(struct hart *h, uint64_t va, unsigned size, enum access acc);

#endif
