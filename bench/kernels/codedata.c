/* SPDX-License-Identifier: MIT */
/* Isolates a page that holds code and data: a function is called that counts in a word beside it. */
#include "kernels.h"

enum { ROUNDS = 200000 };

uint64_t kernel_codedata(void *arena)
{
    /* lw a1, 256(a0); addi a1, a1, 3; sw a1, 256(a0); ret */
    static const uint32_t instructions[] = {0x10052583, 0x00358593, 0x10b52023, 0x00008067};
    uint32_t *code = arena;
    void (*function)(void *) = (void (*)(void *))(uintptr_t)code;
    for (int i = 0; i < 4; i++)
        code[i] = instructions[i];
    code[64] = 0;
    __asm__ volatile("fence.i" ::: "memory");
    for (int i = 0; i < ROUNDS; i++)
        function(code);
    return *(volatile uint32_t *)&code[64];
}
