/* SPDX-License-Identifier: MIT */
/* Isolates page faults: a load from nowhere in a loop, and a handler that steps over it. */
#include "kernels.h"

enum { ROUNDS = 100000 };

uint64_t kernel_fault(void *arena)
{
    uintptr_t saved, count = 0;
    (void)arena;
    __asm__ volatile("csrr %0, stvec\n la t0, 1f\n csrw stvec, t0\n j 2f\n .balign 4\n"
                     "1: csrr t0, sepc\n addi t0, t0, 4\n csrw sepc, t0\n sret\n2:"
                     : "=&r"(saved)::"t0", "memory");
    for (int i = 0; i < ROUNDS; i++)
        __asm__ volatile(
            ".option push\n .option norvc\n addi %0, %0, 3\n lw zero, 64(zero)\n xori %0, %0, 1\n"
            ".option pop"
            : "+r"(count)::"t0", "memory");
    __asm__ volatile("csrw stvec, %0" ::"r"(saved));
    return count;
}
