/* SPDX-License-Identifier: MIT */
/* Isolates a loop whose code begins in one page and ends in the next. */
#include "kernels.h"

enum { ROUNDS = 8000000 };

#ifdef __riscv
#define JUMP "j"
#else
#define JUMP "jmp"
#endif

static __attribute__((noinline, noclone, noipa)) uint64_t loop(uint64_t x)
{
    __asm__ volatile(JUMP " 1f\n .balign 4096\n .skip 4080\n1:" ::: "memory");
    for (int i = 0; i < ROUNDS; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    return x;
}

uint64_t kernel_crosspage(void *arena)
{
    (void)arena;
    return loop(88172645463325252u);
}
