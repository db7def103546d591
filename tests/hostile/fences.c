/* SPDX-License-Identifier: MIT */
/*
 * What a fence must reach: a leaf of 256 TiB (Sv57) by any of its addresses. Reservations that an
 * SC must not find: of another size or address, used up, or none. And an entry that hart 1 rewrites
 * for ever while hart 0 wants to set its A bit.
 */
#include "bare.h"

enum { LOAD_PAGE_FAULT = 13, LEAF = 0xcf, A = 0x40, MPRV = 1 << 17 };
#define ADUE (1ul << 61)

static u64 root[512] __attribute__((aligned(4096)));
static u64 words[4] __attribute__((aligned(64))) = {7, 8, 9, 10};
static volatile u32 racing;

/* A load as S-mode does it; the cause of its fault, or 0. */
static u64 __attribute__((noinline)) load_cause(u64 address)
{
    u64 cause;
    __asm__ volatile("lla t0, 1f\n csrw mtvec, t0\n li t0, 0x1800\n csrc mstatus, t0\n"
                     "li t0, 0x20800\n csrs mstatus, t0\n csrw mcause, zero\n lb t1, 0(%1)\n"
                     ".balign 4\n1: li t0, 0x20000\n csrc mstatus, t0\n csrr %0, mcause"
                     : "=&r"(cause)
                     : "r"(address)
                     : "t0", "t1", "memory");
    return cause;
}

static void leaf_of_256_tib(void)
{
    static const u64 others[] = {1ul << 40, 3ul << 39, 0xfffful << 32, 1ul << 47};
    csr_write(satp, 10ul << 60 | (u64)root >> 12);
    for (u32 i = 0; i < 4; i++) {
        root[0] = LEAF;
        __asm__ volatile("sfence.vma");
        expect(load_cause((u64)words) == 0, "a load by the leaf", 10);
        root[0] = 0;
        __asm__ volatile("sfence.vma %0" ::"r"(others[i]) : "memory");
        expect(load_cause((u64)words) == LOAD_PAGE_FAULT, "a leaf outlives its fence", 11);
    }
}

/* SC after LR: each may fail, and these must. */
#define SC_FAILS(lr, sc, lr_at, sc_at, status)                                                     \
    ({                                                                                             \
        u64 failed_, t_;                                                                           \
        __asm__ volatile(lr " %1, (%2)\n " sc " %0, %1, (%3)"                                      \
                         : "=&r"(failed_), "=&r"(t_)                                               \
                         : "r"(lr_at), "r"(sc_at)                                                  \
                         : "memory");                                                              \
        expect(failed_, "an SC that must fail", status);                                           \
    })

static void reservations(void)
{
    u64 failed, t;
    u32 *word = (u32 *)words;
    SC_FAILS("lr.w", "sc.d", words, words, 20);
    SC_FAILS("lr.d", "sc.w", words, words, 21);
    SC_FAILS("lr.d", "sc.w", words, word + 1, 22);
    SC_FAILS("lr.w", "sc.w", words, word + 1, 23);
    SC_FAILS("lr.d", "sc.d", words, words + 1, 24);
    __asm__ volatile("lr.d %1, (%2)\n sc.d %0, %1, (%2)\n"
                     : "=&r"(failed), "=&r"(t)
                     : "r"(words)
                     : "memory");
    expect(!failed, "an SC that must succeed", 25);
    __asm__ volatile("sc.d %0, %1, (%2)" : "=&r"(failed), "=&r"(t) : "r"(words) : "memory");
    expect(failed, "a second SC", 26);
    expect(words[0] == 7 && words[1] == 8, "what they left", 27);
}

void other_hart(u64 hart)
{
    while (!racing) {
    }
    for (u64 n = hart;; n++) /* the accessed bit is never set for long */
        *(volatile u64 *)root = (LEAF & ~A) | (n & 3) << 8;
}

/* Set, found set, or at last a fault: hart 0 goes on in any case. */
static void contended_walks(void)
{
    csr_set(menvcfg, ADUE);
    racing = 1;
    for (u32 i = 0; i < 100000; i++) {
        __asm__ volatile("sfence.vma");
        u64 cause = load_cause((u64)words);
        expect(!cause || cause == LOAD_PAGE_FAULT, "a load while its entry changes", 30);
    }
}

u32 main(void)
{
    csr_write(pmpaddr0, ~0ul >> 10);
    csr_write(pmpcfg0, 0x1f);
    leaf_of_256_tib();
    reservations();
    contended_walks();
    say("ready\r\n");
    for (;;)
        __asm__ volatile("wfi");
}
