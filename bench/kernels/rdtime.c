/* SPDX-License-Identifier: MIT */
/* Isolates reads of the clock, as gettimeofday makes them. */
#include "kernels.h"

enum { ROUNDS = 500000 };

uint64_t kernel_rdtime(void *arena)
{
    uintptr_t last = 0, backwards = 0;
    (void)arena;
    for (int i = 0; i < ROUNDS; i++) {
        uintptr_t now;
        __asm__ volatile("rdtime %0" : "=r"(now)::"memory");
        backwards += i && (intptr_t)(now - last) < 0;
        last = now;
    }
    return backwards;
}
