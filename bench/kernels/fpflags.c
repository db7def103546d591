/* SPDX-License-Identifier: MIT */
/* Isolates the exceptions of floating point: runs of operations between two looks at the flags. */
#include "kernels.h"

enum { ROUNDS = 300000, RUN = 24 };
enum { NX = 1, UF = 2, OF = 4, DZ = 8, NV = 16 }; /* as in fflags */

/* Returns the flags raised since the last call, and clears them. */
static inline unsigned take_flags(void)
{
#ifdef __riscv
    unsigned flags;
    __asm__ volatile("csrrw %0, fflags, zero" : "=r"(flags)::"memory");
    return flags;
#else
    unsigned mxcsr = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(mxcsr & ~0x3fu);
    return (mxcsr & 32 ? NX : 0) | (mxcsr & 16 ? UF : 0) | (mxcsr & 8 ? OF : 0) |
           (mxcsr & 4 ? DZ : 0) | (mxcsr & 1 ? NV : 0);
#endif
}

static __attribute__((noinline, noclone, noipa)) double run(double x, double by)
{
    for (int i = 0; i < RUN; i++)
        x = x * by;
    return x;
}

uint64_t kernel_fpflags(void *arena)
{
    /* exact; inexact; overflows; underflows */
    static const double factors[4] = {1.0, 1.1, 1e300, 1e-300};
    uint64_t sum = 0;
    (void)arena;
    take_flags();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        double x = run(1.0, factors[i % 64 ? i & 1 : i / 64 & 3]);
        sum = sum * 3 + take_flags() + (x > 2);
    }
    return sum;
}
