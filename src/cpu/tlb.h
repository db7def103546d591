/* SPDX-License-Identifier: MIT */
/*
 * The TLB of a hart: 16 views, each with a direct-mapped table of its own. A view stands for a
 * translation context (satp, privilege, SUM, MXR); changing any of them selects another view and
 * flushes nothing. When a context is needed that has no view, the least recently used view is
 * emptied for it, and begins with the global mappings (privileged ISA, "Addressing and Memory
 * Protection", G) that another address space has found in the same mode.
 *
 * The interpreter and translated code look a page up inline, by the same folded index (tlb_slot);
 * mmu.c fills the table where they miss.
 *
 * A tag is a page's virtual address, which leaves zeros where an access has its low address bits: a
 * misaligned access misses and is split up in mmu.c.
 *
 * A view also says where translated code begins, by virtual address (native), for the jumps of
 * translated code.
 *
 * The hart's own thread only.
 */
#ifndef CPU_TLB_H
#define CPU_TLB_H

#include "cpu/hart.h"

#define PAGE_MASK UINT64_C(0xfff)

#define TLB_BITS  12
#define TLB_SIZE  (1u << TLB_BITS)
#define BIG_KINDS 5 /* sizes of superpages and NAPOT ranges */

#define TLB_NO_PAGE UINT64_MAX /* as a tag: no access finds it */

struct tlb_entry {
    uint64_t tag[3];  /* by enum access: the page that it holds for that access, or TLB_NO_PAGE */
    uintptr_t addend; /* host address = virtual address + addend */
};
_Static_assert(sizeof(struct tlb_entry) == 32, "translated code relies on it");

#define NATIVE_JUMPS   4096
#define NATIVE_CHUNK   128 /* native jumps per bit of tlb_view.native_filled */
#define JUMP_PAGE_BITS 13  /* a kernel has jumps to hundreds of pages */
#define TLB_HASH       0x9e3779b1u
struct native_jump {
    uint64_t pc; /* none: a value that is looked for elsewhere */
    const void *code;
};
_Static_assert(sizeof(struct native_jump) == 16, "translated code relies on it");

/* The page that a base register of translated code pointed to last: a look-up of its own, without an
 * index. Translated code fills it from an entry; flushing any page of the view empties it. */
#define TLB_CELLS 8
struct tlb_cell {
    uint64_t tag[2]; /* of the entry, for loads and stores */
    uintptr_t addend;
    uint64_t unused;
};

struct tlb_view {
    struct tlb_cell cell[TLB_CELLS];
    uint64_t global[TLB_SIZE / 64]; /* entries of global mappings: a bit each */
    uint64_t filled;                /* bit i: some of the 64 entries from 64 * i on were filled */
    uint64_t native_filled; /* bit i: some of the 128 native jumps from 128 * i on were set */
    uint64_t jump_gen;      /* of the jump cache's entries that hold; never two views the same */
    uint64_t jump_pages[1 << JUMP_PAGE_BITS >>
                        6];           /* which pages (hashed) have entries there, or native jumps */
    uint64_t big_pages[BIG_KINDS][4]; /* which superpages and NAPOT ranges (hashed) were filled */
    _Alignas(64) struct tlb_entry entry[TLB_SIZE];
    struct native_jump native[2][NATIVE_JUMPS]; /* by FS: off, on */
};

/* The bit of jump_pages that stands for va's page. */
static inline unsigned tlb_jump_page(uint64_t va)
{
    return (uint32_t)(va >> 12) * TLB_HASH >> (32 - JUMP_PAGE_BITS);
}

/* Where va's page has its entry. Folding keeps arrays apart that lie a power of two apart. */
static inline struct tlb_entry *tlb_slot(struct tlb_view *v, uint64_t va)
{
    return &v->entry[((va >> 12) ^ (va >> 19)) & (TLB_SIZE - 1)];
}

/* Does the entry hold for this access, and is the access aligned? Host address: va + addend. */
static inline bool tlb_hit(const struct tlb_entry *e, enum access acc, uint64_t va, unsigned size)
{
    return e->tag[acc] == (va & (~PAGE_MASK | (size - 1)));
}

/* False: out of memory. */
bool tlb_create(struct hart *h);
void tlb_destroy(struct hart *h);

/* Selects the views for the state as it is now: sets hart.fetch, data, jump_key and what follows
 * from them (called by hart_refresh). */
void tlb_select(struct hart *h);

/*
 * Enters va's page, at `host`, for the accesses in `may`, and keeps what the entry holds for
 * others. big: the kind of superpage or NAPOT range it is part of, from 0 (64 KiB NAPOT, then
 * levels 1 to 4), or -1.
 */
void tlb_fill(struct hart *h, struct tlb_view *v, uint64_t va, const uint8_t *host,
              const bool may[3], int big);
/* The entry that was just filled holds in all address spaces. */
void tlb_note_global(struct tlb_view *v, uint64_t va);

#endif
