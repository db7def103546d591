/* SPDX-License-Identifier: MIT */
/* Isolates CSRs that a kernel reads and writes at each entry: sscratch, sepc, sstatus. */
#include "kernels.h"

enum { ROUNDS = 1000000 };

uint64_t kernel_csr(void *arena)
{
    uintptr_t x = 1, saved, status;
    (void)arena;
    __asm__ volatile("csrr %0, sscratch" : "=r"(saved));
    for (int i = 0; i < ROUNDS; i++)
        __asm__ volatile(
            "csrrw %0, sscratch, %0\n csrrw %0, sscratch, %0\n csrw sepc, %0\n csrr %1, sepc\n"
            "csrrci %1, sstatus, 2\n addi %0, %0, 2"
            : "+r"(x), "=&r"(status));
    __asm__ volatile("csrw sscratch, %0" ::"r"(saved));
    return x;
}
