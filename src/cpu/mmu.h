/* SPDX-License-Identifier: MIT */
/*
 * Address translation: page tables (Sv32, Sv39, Sv48, Sv57), PMP, and the slow half of every memory
 * access. The interpreter tries the TLB inline and comes here when that misses: for a page walk,
 * a misaligned access, I/O. Functions that can fault return false with hart.exc and exc_tval set.
 * The hart's own thread only.
 */
#ifndef CPU_MMU_H
#define CPU_MMU_H

#include "cpu/tlb.h"

/* Loads and stores of 1, 2, 4 or 8 bytes, any alignment, RAM or I/O. */
/*
 * What a hart stored, and what lay there before: while hart.log is set and `on`, every store to RAM is
 * noted before it is done, by whatever engine; A and D bits that a walk sets are not. No store hits
 * the TLB inline then. With `refuse`, an access to a device, and a store that finds the log full, are
 * not done: they look like a fault whose cause does not count.
 */
#define STORE_LOG_MAX 16384
struct store_log {
    bool on, refuse;
    unsigned count;
    struct logged_store {
        uint64_t pa, old, final; /* of the bytes at pa, as a number; final is the reader's */
        unsigned size;           /* 1, 2, 4 or 8 */
    } store[STORE_LOG_MAX];
};

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

/* --- flushing: the TLB, and what is found by virtual addresses --- */

/* Records that the jump cache has an entry for va's page: an sfence.vma of that page ends those of
 * its view. */
void mmu_note_jump(struct hart *h, uint64_t va);
void mmu_flush_all(struct hart *h);
/* sfence.vma: one address and/or one address space. */
void mmu_flush(struct hart *h, bool by_va, uint64_t va, bool by_asid, uint64_t asid);

/*
 * Native jumps: a table from pc to an engine's code for the present fetch view and FS
 * (hart.jumps_native). They end with the view's jump cache entries: with the view, and with an
 * sfence.vma of a page that one leads to. An engine that discards code empties all tables.
 */
static inline struct native_jump *mmu_native_jump(const struct hart *h, uint64_t pc)
{
    return &h->jumps_native[pc >> 1 & (NATIVE_JUMPS - 1)];
}
/* Sets the native jump for pc (even, in the present fetch view). */
void mmu_set_native(struct hart *h, uint64_t pc, const void *code);
void mmu_forget_native(struct hart *h);

/* --- satp and privileges --- */

/* The privilege that loads and stores have: MPRV counts. */
unsigned mmu_data_priv(const struct hart *h);
uint64_t mmu_satp_asid(const struct hart *h, uint64_t satp);
/* Is this satp value one the hart supports? */
bool mmu_satp_ok(const struct hart *h, uint64_t satp);

/* An address that was added to: RV32 wraps at 32 bits. */
static inline uint64_t mmu_wrap(const struct hart *h, uint64_t va)
{
    return hart_is64(h) ? va : (uint32_t)va;
}

#endif
