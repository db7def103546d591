/* SPDX-License-Identifier: MIT */
/* Isolates fence.i: a function in a page of its own is patched, then called, as a JIT compiler or jump labels do. */
#include "kernels.h"

enum { ROUNDS = 20000, LENGTH = 12, A0 = 10 };

/* addi a0, a0, immediate */
static uint32_t add_to_a0(uint32_t immediate)
{
    return immediate << 20 | A0 << 15 | A0 << 7 | 0x13;
}

uint64_t kernel_patch(void *arena)
{
    uint32_t *code = arena;
    uintptr_t (*function)(uintptr_t) = (uintptr_t(*)(uintptr_t))(uintptr_t)code;
    uintptr_t x = 0;
    for (uint32_t i = 0; i < LENGTH; i++)
        code[i] = add_to_a0(i);
    code[LENGTH] = 0x00008067; /* ret */
    for (uint32_t i = 0; i < ROUNDS; i++) {
        code[i % LENGTH] = add_to_a0(i & 1023);
        __asm__ volatile("fence.i" ::: "memory");
        for (int call = 0; call < 20; call++)
            x = function(x);
    }
    return (uint32_t)x;
}
