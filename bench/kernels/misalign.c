/* SPDX-License-Identifier: MIT */
/* Isolates misaligned accesses: within a page, and every 16th across two. */
#include "kernels.h"

enum { PAGE = 4096, ROUNDS = 4000000 };

static inline uint32_t load32(const char *at)
{
    uint32_t value;
#ifdef __riscv
    __asm__ volatile("lw %0, 0(%1)" : "=r"(value) : "r"(at) : "memory");
#else
    __builtin_memcpy(&value, at, 4);
#endif
    return value;
}

static inline void store32(char *at, uint32_t value)
{
#ifdef __riscv
    __asm__ volatile("sw %0, 0(%1)" ::"r"(value), "r"(at) : "memory");
#else
    __builtin_memcpy(at, &value, 4);
#endif
}

uint64_t kernel_misalign(void *arena)
{
    char *base = arena;
    uint64_t sum = 0;
    for (int i = 0; i < 4 * PAGE; i++)
        base[i] = (char)i;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        char *at = base + (i & 15 ? (i * 64 & 0x1fff) + 1 : PAGE - 2);
        uint32_t value = load32(at);
        store32(at, value + i);
        sum = sum * 3 + value;
    }
    return sum;
}
