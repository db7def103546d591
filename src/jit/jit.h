/* SPDX-License-Identifier: MIT */
/*
 * The translator: an engine (cpu/engine.h) that turns guest code which runs often into x86-64 code.
 *
 * The interpreter runs everything first and counts. When a block has run `hot` times, region.c
 * follows the code from there inside its page, gen_*.c translate that region, one pass from ops to
 * bytes, and cache.c publishes it under the physical address of its entry. From then on run.c enters
 * the region instead of the interpreter. Regions find each other through a table in the TLB's view
 * (pc -> code) without leaving translated code; what a region cannot do, it leaves to the
 * interpreter, at an exact instruction.
 *
 * Between regions nine guest registers are in nine host registers, the others in struct hart, so any
 * region can jump to any other. Inside, a region with loops maps registers by their use, and puts
 * some work off; where it can leave, cold code restores the state first. So a fault needs no tables.
 *
 * Code is shared by all harts and never changes once it is published. What changes lies in struct
 * hart, or in a region's data.
 */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include "cpu/engine.h"

extern const struct engine_ops jit_engine; /* only where jit_supported() */

/* NULL: this host's processor runs translated code. Else the feature that it lacks, in the
 * manufacturers' word: AVX2 and the like. Any thread. */
const char *jit_lacks(void);
static inline bool jit_supported(void)
{
    return !jit_lacks();
}

#endif
