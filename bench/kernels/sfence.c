/* SPDX-License-Identifier: MIT */
/* Isolates sfence.vma: of one page, then of all, with eight pages in use. */
#include "kernels.h"

enum { ROUNDS = 40000, PAGES = 8, PAGE = 4096 };

uint64_t kernel_sfence(void *arena)
{
    char *base = arena;
    uint64_t sum = 0;
    for (int i = 0; i < PAGES; i++)
        *(uint32_t *)(base + i * PAGE) = (uint32_t)i;
    for (int i = 0; i < ROUNDS; i++) {
        if (i & 15)
            __asm__ volatile("sfence.vma %0" ::"r"(base + (i & 7) * PAGE) : "memory");
        else
            __asm__ volatile("sfence.vma" ::: "memory");
        for (int page = 0; page < PAGES; page++)
            sum += (*(uint32_t *)(base + page * PAGE))++;
    }
    return sum;
}
