/* SPDX-License-Identifier: MIT */
/* Atomic additions and compare-and-swap loops without contention. */
#include "kernels.h"

enum { ROUNDS = 4000000 };

uint64_t kernel_atomic(void *arena)
{
    uint64_t *counter = arena;
    counter[0] = counter[8] = 0;
    for (long i = 0; i < ROUNDS; i++) {
        __atomic_fetch_add(&counter[0], (uint64_t)i, __ATOMIC_SEQ_CST);
        __atomic_fetch_xor(&counter[8], counter[0], __ATOMIC_RELAXED);
    }
    for (long i = 0; i < ROUNDS / 4; i++) {
        uint64_t old = counter[0];
        while (!__atomic_compare_exchange_n(&counter[0], &old, old * 5 + 1, 0, __ATOMIC_ACQ_REL,
                                            __ATOMIC_RELAXED))
            continue;
    }
    return counter[0] ^ counter[8];
}
