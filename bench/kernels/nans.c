/* SPDX-License-Identifier: MIT */
/* Isolates NaNs and infinities as operands and results: each NaN must come out as the canonical one on RISC-V. */
#include "kernels.h"

enum { VALUES = 512, PASSES = 6000 };

static __attribute__((noinline, noclone, noipa)) void step(double *v, const double *w)
{
    for (int i = 0; i < VALUES; i++)
        v[i] = v[i] * w[i] + (v[i] - w[i]);
}

uint64_t kernel_nans(void *arena)
{
    double *v = arena, *w = v + VALUES, zero = 0;
    uint64_t sum = 0;
    __asm__("" : "+m"(zero)); /* keeps the compiler from computing 1 / zero */
    for (int i = 0; i < VALUES; i++) {
        v[i] = i % 8 == 0 ? zero / zero : i % 8 == 4 ? 1 / zero : i;
        w[i] = i % 16 == 4 ? zero : 0.5;
    }
    for (int pass = 0; pass < PASSES; pass++)
        step(v, w);
    for (int i = 0; i < VALUES; i++) /* a NaN's sign and payload differ between hosts */
        sum = mix(sum, v[i] != v[i] ? 1 : v[i] > 1e308 ? 2 : 3);
    return sum;
}
