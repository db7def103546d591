/* SPDX-License-Identifier: MIT */
/*
 * Blocks: runs of decoded ops, found by the physical address of their first byte and whether FP is
 * on, so that a process switch discards nothing. A block lies in one page, except for an
 * instruction that lies in two, which is a block of its own. A conditional branch does not end a
 * block: when it is not taken, execution continues in the same block, which makes a block a small
 * trace. A jump, a system instruction, the end of the page or BLOCK_MAX_INSNS ends it.
 *
 * Behind the op of a jump is a link: a slot of the same size that holds the block it went to. A
 * link into the same page needs no check: the hart executes in that page, so its translation is
 * valid. The links of jalr, jal and INSN_exit to other pages are guesses: they hold if the block
 * was last looked up at the same pc under the same jump_key.
 *
 * Where PMP regions end inside a page, each instruction is a block of its own, always looked up, so
 * that each fetch is checked. No link leads from such a block to another kind or back; a change of
 * PMP makes the next jump look its target up.
 *
 * Code is read once, into a copy, and decoded from there: other harts may write it meanwhile. A
 * block holds one instruction at least.
 *
 * Stale code is found without watching stores: fence.i only starts a new epoch, and a block whose
 * epoch is old is compared with memory before it runs again. So it does not matter who wrote the
 * code, another hart or a disk.
 *
 * A block has room for what an engine makes of it: handlers in its ops, native code, a count of its
 * runs. The ids of its instructions stay beside the ops: nothing need be decoded again. For an
 * engine that counts, the handler of the first op can be one that counts or leaves instead of the
 * instruction's own (interp_bind_counting in engine.h).
 *
 * A cache belongs to one hart's thread.
 */
#ifndef CPU_BLOCK_H
#define CPU_BLOCK_H

#include "cpu/hart.h"

#include <stddef.h>

#define BLOCK_MAX_INSNS 32

struct link {
    struct block *target; /* NULL: not known */
    uint64_t rest;        /* instructions of the block after this one, not run if it is taken */
};
_Static_assert(sizeof(struct link) == sizeof(struct op), "a link takes the place of an op");

struct block {
    uint32_t page; /* number of the physical page that it begins in */
    /* of the second half of its one instruction, if that lies in two pages; else BLOCK_ONE_PAGE */
    uint32_t second_page;
    struct block *next; /* in the same hash chain */
    void *native;       /* the engine's: what it translated this block to; NULL at first */
    /* what entering it reads, next to the first ops */
    const void *first; /* the handler of ops[0] itself, where that one counts or leaves */
    uint64_t epoch;    /* in which it was last found equal to memory; 0: dead */
    uint64_t entry_pc, entry_key; /* as it was looked up last, and hart.jump_key then */
    uint16_t offset;              /* in its page */
    uint16_t heat;                /* runs, as far as the engine has them counted; 0 at first */
    uint8_t insns;                /* without INSN_exit */
    uint8_t bytes;
    uint8_t slots; /* ops and links */
    bool fp_on : 1;
    bool part : 1;   /* PMP or a trigger tells parts of its page apart: it has one instruction, and
                        no fixed links */
    struct op ops[]; /* slots of them; then block_src, then block_ids */
};

_Static_assert(offsetof(struct block, ops) == 64, "what entering a block reads is one line");

#define BLOCK_ONE_PAGE UINT32_MAX /* as second_page: it does not straddle pages */

static inline bool block_straddles(const struct block *b)
{
    return b->second_page != BLOCK_ONE_PAGE;
}

/* The physical address of its first byte. */
static inline uint64_t block_pa(const struct block *b)
{
    return (uint64_t)b->page << 12 | b->offset;
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
void block_cache_reset(struct hart *h); /* drops every block */
/* Gives memory back if the cache is large; not while blocks run. */
void block_cache_trim(struct hart *h);

/* --- from block to block --- */

/* The jump cache's entry for pc. */
static inline struct jump *block_jump(struct hart *h, uint64_t pc)
{
    return &h->jumps[((pc >> 1) ^ h->jump_salt) & (JUMP_CACHE_SIZE - 1)];
}

/* b is entered at pc, now translated; a link that may lead there (see block_next) is set. */
static inline void block_entered(const struct hart *h, struct block *b, uint64_t pc,
                                 struct link *link, const struct block *from)
{
    b->entry_pc = pc;
    b->entry_key = h->jump_key;
    /* a straddler's second page may change without the first */
    if (link && (!from || (from->page == b->page && !block_straddles(b))))
        link->target = b;
}

/* block_next, where the jump cache does not know pc. */
struct block *block_find(struct hart *h, uint64_t pc, struct link *link, const struct block *from);

/*
 * The block at pc (a valid address for the hart, bit 0 clear). It may be of an older epoch: see
 * block_verify. NULL: fetching faults; hart.exc and exc_tval say how.
 *
 * link: the slot that leads to pc, or NULL. It is set to the block: for ever if `from` is the block
 * that holds it, where both lie in the same physical page; with `from` NULL as a guess, for
 * block_guess. May free all blocks when memory is full (engine_ops.forget): then the caller's
 * pointers end, and the link is not set.
 */
static inline struct block *block_next(struct hart *h, uint64_t pc, struct link *link,
                                       const struct block *from)
{
    const struct jump *j = block_jump(h, pc);
    if (unlikely(j->pc != pc || j->key != h->jump_key))
        return block_find(h, pc, link, from);
    block_entered(h, j->block, pc, link, from);
    return j->block;
}

/* The block that a jump to pc by way of this link went to last, if that holds for pc now; else
 * NULL. Together with block_next a one-entry cache for each jump. */
static inline struct block *block_guess(const struct hart *h, const struct link *link, uint64_t pc)
{
    struct block *b = link->target;
    return b && b->entry_pc == pc && b->entry_key == h->jump_key ? b : NULL;
}

/*
 * For a block whose epoch is not hart.code_epoch, before it runs at pc: compares it with memory and
 * makes it current. False: it has changed; the block is dead, and pc must be looked up anew.
 */
bool block_verify(struct hart *h, struct block *b, uint64_t pc);

/* Has a block for the present FS that begins at this physical address been decoded (as it is when
 * its code first runs), and not been found stale? */
bool block_exists(const struct hart *h, uint64_t pa);

/* The one instruction at pc, alone in a block that nothing leads to and that the next call
 * overwrites; its handlers are not set. NULL: fetching faults, as above. */
struct block *block_single(struct hart *h, uint64_t pc);

/* Where an op stands in its block: what precedes it, in bytes and instructions. */
struct block_pos {
    unsigned bytes, index;
};
struct block_pos block_position(const struct block *b, const struct op *op);

#endif
