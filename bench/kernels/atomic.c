/* SPDX-License-Identifier: MIT */
/* Atomic additions and compare-and-swap loops without contention, on words of the machine's size. */
#include "kernels.h"

enum { ROUNDS = 4000000 };

uint64_t kernel_atomic(void *arena)
{
    unsigned long *counter = arena;
    counter[0] = counter[8] = 0;
    for (unsigned long i = 0; i < ROUNDS; i++) {
        __atomic_fetch_add(&counter[0], i, __ATOMIC_SEQ_CST);
        __atomic_fetch_xor(&counter[8], counter[0], __ATOMIC_RELAXED);
    }
    for (int i = 0; i < ROUNDS / 4; i++) {
        unsigned long old = counter[0];
        while (!__atomic_compare_exchange_n(&counter[0], &old, old * 5 + 1, 0, __ATOMIC_ACQ_REL,
                                            __ATOMIC_RELAXED))
            continue;
    }
    return (uint32_t)(counter[0] ^ counter[8]); /* the part that RV32 has, too */
}
