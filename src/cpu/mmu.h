/* SPDX-License-Identifier: MIT */
/*
 * Address translation: page tables (Sv32, Sv39, Sv48, Sv57), PMP, and the slow half of every memory
 * access. The interpreter tries the TLB inline and comes here when that misses: for a page walk,
 * a misaligned access, I/O. Functions that can fault return false with hart.exc and exc_tval set.
 * The hart's own thread only.
 */
#ifndef CPU_MMU_H
#define CPU_MMU_H

#include "cpu/hart.h"

#define PAGE_MASK UINT64_C(0xfff)

/* Loads and stores of 1, 2, 4 or 8 bytes, any alignment, RAM or I/O. */
bool mmu_load(struct hart *h, uint64_t va, unsigned size, uint64_t *val);
bool mmu_store(struct hart *h, uint64_t va, unsigned size, uint64_t val);
/* The host address of an aligned access that must be RAM (AMO, LR, SC): with `write` it checks for
 * both reading and writing and reports faults as store faults. */
uint8_t *mmu_ram(struct hart *h, uint64_t va, unsigned size, enum access access, uint64_t *pa);
/* The physical address of a fetched halfword; must be RAM. *part: PMP may answer otherwise
 * elsewhere in the page, or a trigger fire. */
bool mmu_fetch(struct hart *h, uint64_t va, uint64_t *pa, bool *part);
/* The next halfword of the same page, at pa, after such an answer: does PMP allow it too? */
bool mmu_fetch_again(struct hart *h, uint64_t va, uint64_t pa);
/* May [va, va+size), in one page, be loaded or stored? A fault is a store's. */
bool mmu_probe(struct hart *h, uint64_t va, unsigned size);

/* Records that the jump cache has an entry for va's page: an sfence.vma of that page empties it. */
void mmu_note_jump(struct hart *h, uint64_t va);

void mmu_flush_all(struct hart *h);
/* sfence.vma: one address and/or one address space. */
void mmu_flush(struct hart *h, bool by_va, uint64_t va, bool by_asid, uint64_t asid);
/* Selects the contexts for the state as it is now (called by hart_refresh). */
void mmu_select_contexts(struct hart *h);
/* Is this satp value one the hart supports? */
bool mmu_satp_ok(const struct hart *h, uint64_t satp);

/* An address that was added to: RV32 wraps at 32 bits. */
static inline uint64_t mmu_wrap(const struct hart *h, uint64_t va)
{
    return hart_is64(h) ? va : (uint32_t)va;
}

/* Where a page's entry sits. The second shift keeps arrays apart that lie a power of two apart. */
static inline struct tlb_entry *tlb_slot(struct hart *h, uint64_t va, const struct tlb_key *k)
{
    return &h->tlb[((va >> 12) ^ (va >> 19) ^ k->salt) & (TLB_SIZE - 1)];
}

/* The tag an access of `size` bytes must find. */
static inline uint64_t tlb_tag(uint64_t va, unsigned size, const struct tlb_key *k)
{
    return (va & (~PAGE_MASK | (size - 1))) | k->tag_bits;
}

/* Does the entry hold for this access, and is the access aligned? Host address: va + addend. */
static inline bool tlb_hit(const struct tlb_entry *e, enum access acc, uint64_t va, unsigned size,
                           const struct tlb_key *k)
{
    return e->tag[acc] == tlb_tag(va, size, k);
}

#endif
