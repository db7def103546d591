/* SPDX-License-Identifier: MIT */
/*
 * What the kernels here that have the shape of whole teaching systems share: pages and page
 * tables, spinlocks, contexts. For RV64 and RV32.
 */
#pragma once
#include "bare.h"

enum { PAGE = 4096 };

/* Bits of a page table entry. */
enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_A = 64, PTE_D = 128 };

#define CAUSE_INTERRUPT (~(word)0 >> 1 ^ ~(word)0) /* the top bit of scause and mcause */
#define SIE             2                          /* sstatus.SIE */
#define MIE             8                          /* mstatus.MIE */

/* A trap's registers; x[0] is the pc. As os_regs.inc lays them out. */
struct frame {
    word x[32];
};

/* What a switch of stacks keeps. */
struct context {
    word ra, sp, s[12];
};
void switch_context(struct context *from, struct context *to);

/* --- spinlocks --- */

static inline void spin_lock(volatile u32 *lock)
{
    while (__sync_lock_test_and_set(lock, 1)) {
    }
    __sync_synchronize();
}

static inline void spin_unlock(volatile u32 *lock)
{
    __sync_synchronize();
    __sync_lock_release(lock);
}

/* --- pages: from a heap that only grows --- */

extern u8 image_end[];

static inline void *page_alloc(void)
{
    static word used;
    word page = ((word)image_end + PAGE - 1) / PAGE * PAGE + PAGE * __sync_fetch_and_add(&used, 1);
    return memset((void *)page, 0, PAGE);
}

/* --- page tables: Sv39 or Sv32 --- */

#if __riscv_xlen == 64
enum { LEVELS = 3, INDEX_BITS = 9 };
#define SATP(table) (8ul << 60 | (word)(table) >> 12)
#else
enum { LEVELS = 2, INDEX_BITS = 10 };
#define SATP(table) (1ul << 31 | (word)(table) >> 12)
#endif

/* The leaf entry of a virtual address; tables on the way are made. */
static inline word *page_entry(word *table, word va)
{
    for (int level = LEVELS - 1;; level--) {
        word *entry = &table[va >> (12 + INDEX_BITS * level) & ((1 << INDEX_BITS) - 1)];
        if (!level)
            return entry;
        if (!(*entry & PTE_V))
            *entry = (word)page_alloc() >> 2 | PTE_V;
        table = (word *)(*entry << 2 & ~(word)(PAGE - 1));
    }
}

static inline void map_pages(word *table, word va, word pa, word size, word bits)
{
    for (word at = 0; at < size; at += PAGE)
        *page_entry(table, va + at) = (pa + at) >> 2 | bits | PTE_V;
}

static inline void use_page_table(word satp)
{
    __asm__ volatile("sfence.vma\n\tcsrw satp, %0\n\tsfence.vma" ::"r"(satp) : "memory");
}
