/* SPDX-License-Identifier: MIT */
/*
 * Blocks: runs of decoded ops, found by the physical address of their first byte and whether FP is
 * on, so that a process switch throws nothing away. A block never leaves its page, but for an
 * instruction that lies in two, which has a block to itself. Conditional branches do not end it:
 * falling through goes on inside, which makes a block a small trace; what ends it is a jump, a
 * system instruction, the page, or its length.
 *
 * After a jump comes a link: a slot of the same size that remembers the block it went to. A link
 * into the same page may be followed at once: the mapping of a page is one, and whoever stands in
 * it has translated it. The links of jalr, jal and INSN_exit to anywhere else are guesses: they
 * hold if that block was last looked up at the very address, under the same jump_key.
 *
 * Where PMP regions end inside of a page, each instruction is a block of its own that is always
 * looked up, so that each is checked; such blocks and others never lead to each other but by a
 * lookup, which a change of PMP makes happen.
 *
 * Code is read once, into a copy, and decoded from there: other harts may write it meanwhile. A
 * block holds one instruction at least.
 *
 * Stale code is found without watching stores: fence.i only starts a new epoch, and a block whose
 * epoch is old is compared with memory before it runs again. Whoever wrote the code, another hart
 * or a disk, need not tell anyone.
 *
 * A cache belongs to one hart's thread.
 */
#ifndef CPU_BLOCK_H
#define CPU_BLOCK_H

#include "cpu/hart.h"

#define BLOCK_MAX_INSNS 32

struct link {
    struct block *target; /* NULL: not known */
    uint64_t rest;        /* instructions of the block after this one, not run if it is taken */
};
_Static_assert(sizeof(struct link) == sizeof(struct op), "a link takes the place of an op");

struct block {
    uint64_t pa;
    uint64_t second_pa; /* of the second half of its one instruction, if that lies in two pages */
    struct block *next; /* in the same hash chain */
    /* what entering it reads, next to the first ops */
    uint64_t epoch;               /* in which it was last found equal to memory; 0: dead */
    uint64_t entry_pc, entry_key; /* as it was looked up last, and hart.jump_key then */
    uint16_t offset;              /* of pa in its page */
    uint8_t insns;                /* without INSN_exit */
    uint8_t bytes;
    uint8_t slots; /* ops and links */
    bool fp_on : 1;
    bool part : 1;   /* PMP or a trigger tells parts of its page apart: it has one instruction, and
                        no fixed links */
    struct op ops[]; /* slots of them; then block_src, then block_ids */
};

#define BLOCK_ONE_PAGE UINT64_MAX /* as second_pa: it does not straddle pages */

static inline bool block_straddles(const struct block *b)
{
    return b->second_pa != BLOCK_ONE_PAGE;
}

/* The bytes that a block was decoded from. */
static inline const uint8_t *block_src(const struct block *b)
{
    return (const uint8_t *)&b->ops[b->slots];
}

/* The enum insn_id of each of its instructions, and of its INSN_exit if it has one. */
static inline const uint16_t *block_ids(const struct block *b)
{
    return (const uint16_t *)(block_src(b) + b->bytes);
}

struct block_cache;

struct block_cache *block_cache_create(void);
void block_cache_destroy(struct block_cache *c);
void block_cache_reset(struct hart *h); /* forgets every block */
/* Gives memory back if the cache is large; not while blocks run. */
void block_cache_trim(struct hart *h);

/*
 * The block at pc, found or decoded, verified and ready to run. NULL: fetching faults; hart.exc
 * and exc_tval say how. May forget all other blocks when memory is full: then *forgot is set and no
 * pointer from before may be used.
 */
struct block *block_find(struct hart *h, uint64_t pc, bool *forgot);
/* Makes a block from an older epoch current, if memory still says the same. */
bool block_verify(struct hart *h, struct block *b);

#endif
