/* SPDX-License-Identifier: MIT */
/* Isolates a change of the address space: satp alternates between two ASIDs of the same tables, with 16 pages in use. */
#include "kernels.h"

enum { ROUNDS = 40000, PAGES = 16, PAGE = 4096 };

uint64_t kernel_asid(void *arena)
{
    const int shift = sizeof(uintptr_t) == 8 ? 44 : 22;
    char *base = arena;
    uintptr_t satp;
    uint64_t sum = 0;
    __asm__ volatile("csrr %0, satp" : "=r"(satp));
    for (int i = 0; i < PAGES; i++)
        *(uint32_t *)(base + i * PAGE) = (uint32_t)i;
    for (int i = 0; i < ROUNDS; i++) {
        __asm__ volatile("csrw satp, %0" ::"r"(satp | (uintptr_t)(1 + (i & 1)) << shift)
                         : "memory");
        for (int page = 0; page < PAGES; page++)
            sum += (*(uint32_t *)(base + page * PAGE))++;
    }
    __asm__ volatile("csrw satp, %0" ::"r"(satp) : "memory");
    return sum;
}
