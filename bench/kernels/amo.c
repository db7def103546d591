/* SPDX-License-Identifier: MIT */
/* Isolates the AMOs, of both sizes, on one line. */
#include "kernels.h"

enum { ROUNDS = 1500000 };

uint64_t kernel_amo(void *arena)
{
    uint32_t *word = arena;
    unsigned long *wide = (unsigned long *)(word + 8);
    *word = 1;
    *wide = 2;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t old = __atomic_exchange_n(word, i, __ATOMIC_ACQ_REL);
        __atomic_fetch_add(wide, old, __ATOMIC_RELAXED);
        __atomic_fetch_or(word, 0x10000, __ATOMIC_RELEASE);
    }
    return (uint32_t)(*word ^ *wide);
}
