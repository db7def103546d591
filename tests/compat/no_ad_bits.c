/* SPDX-License-Identifier: MIT */
/* Turns paging on with entries that have neither A nor D: in M-mode's start-up as teaching kernels
 * write it (mstatus.MPP, mepc, delegation, one PMP entry for all, satp, mret), or, under a
 * firmware, where S-mode begins. */
#include "bare.h"

enum { V = 1, R = 2, W = 4, X = 8, A = 0x40, D = 0x80 };

static volatile u64 root[512] __attribute__((aligned(4096)));
static volatile u64 data;

static void trap(void) __attribute__((aligned(4)));
static void trap(void)
{
#ifdef ANY_HART
    note("trap, scause", csr_read(scause));
#else
    note("trap, mcause", csr_read(mcause));
#endif
    finish(9);
}

static void paged(void)
{
    data = 1;
    expect((root[2] & (A | D)) == (A | D), "stack and code: A and D are set", 1);
    expect((root[3] & (A | D)) == 0, "what nobody touched has neither", 2);
    (void)*(volatile u32 *)0xc4000000ul;
    expect((root[3] & (A | D)) == A, "a load sets A alone", 3);
    *(volatile u32 *)0xc4000000ul = 1;
    expect((root[3] & (A | D)) == (A | D), "a store sets D", 4);
    say("paged\r\n");
    finish(0);
}

static void make_tables(void)
{
    root[0] = V | R | W;
    root[2] = RAM >> 2 | V | R | W | X;
    root[3] = RAM >> 2 | V | R | W;
}

int main(void)
{
    make_tables();
#ifdef ANY_HART
    csr_write(stvec, trap);
    csr_write(satp, 8ul << 60 | (u64)root >> 12);
    __asm__ volatile("sfence.vma" ::: "memory");
    paged();
#else
    csr_write(mtvec, trap);
    csr_clear(mstatus, 3ul << 11);
    csr_set(mstatus, 1ul << 11);
    csr_write(mepc, paged);
    csr_write(medeleg, 0);
    csr_write(pmpaddr0, 0x3fffffffffffffull);
    csr_write(pmpcfg0, 0xf);
    csr_write(satp, 8ul << 60 | (u64)root >> 12);
    __asm__ volatile("sfence.vma\n mret" ::: "memory");
#endif
    return 5;
}
