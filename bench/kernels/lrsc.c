/* SPDX-License-Identifier: MIT */
/* Isolates pairs of LR and SC: a lock of a word taken and given back. */
#include "kernels.h"

enum { ROUNDS = 2000000 };

uint64_t kernel_lrsc(void *arena)
{
    uint32_t *lock = arena, *count = lock + 64;
    *lock = *count = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t open = 0;
        while (!__atomic_compare_exchange_n(lock, &open, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            open = 0;
        *count += i;
        __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    }
    return *count;
}
