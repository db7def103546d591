/* SPDX-License-Identifier: MIT */
#include "cpu/block.h"

#include "cpu/engine.h"
#include "cpu/mmu.h"
#include "cpu/trigger.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK      (UINT64_C(1) << 20)
#define CHUNKS_MAX 32 /* bytes of blocks per hart: then start over */
#define HASH_BITS  17

#define OPS_MAX   (2 * BLOCK_MAX_INSNS + 2) /* every instruction may need a link, and an exit */
#define BYTES_MAX (4 * BLOCK_MAX_INSNS)
#define IDS_MAX   (BLOCK_MAX_INSNS + 1) /* and an exit */
#define BLOCK_SIZE(slots, bytes, ids)                                                              \
    ALIGN_UP(sizeof(struct block) + (slots) * sizeof(struct op) + (bytes) +                        \
                 (ids) * sizeof(uint16_t),                                                         \
             sizeof(struct op))
#define BLOCK_MAX_SIZE BLOCK_SIZE(OPS_MAX, BYTES_MAX, IDS_MAX)

#define NO_PC 1 /* odd, so no block is entered there */

struct block_cache {
    struct block *hash[1 << HASH_BITS];
    uint8_t *chunk[CHUNKS_MAX];
    unsigned chunk_at;
    uint64_t used;   /* of the current chunk */
    uint64_t resets; /* how often all blocks were freed */
    /* block_single's: one instruction and an exit, both with a link */
    _Alignas(16) uint8_t single[BLOCK_SIZE(4, 4, 2)];
};

/* Where the code at a pc lies. */
struct code_location {
    uint64_t pa;
    uint32_t second_page; /* as in struct block */
    bool part;            /* as in struct block */
    uint32_t first_half;  /* its halfword at pa, read already, if it is to be decoded alone */
};

/* Is the block here a single instruction, of which find_code has read the first half? */
static bool location_is_single(const struct code_location *at)
{
    return at->part || (at->pa & PAGE_MASK) == GMEM_PAGE - 2;
}

struct block_cache *block_cache_create(void)
{
    struct block_cache *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->chunk[0] = malloc(CHUNK);
    if (!c->chunk[0]) {
        free(c);
        return NULL;
    }
    return c;
}

void block_cache_destroy(struct block_cache *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < CHUNKS_MAX; i++)
        free(c->chunk[i]);
    free(c);
}

void block_cache_reset(struct hart *h)
{
    struct block_cache *c = h->blocks;
    if (h->cpu->cfg.engine->forget)
        h->cpu->cfg.engine->forget(h);
    h->access.block = NULL;
    memset(c->hash, 0, sizeof(c->hash));
    for (unsigned i = 1; i < CHUNKS_MAX; i++) {
        free(c->chunk[i]);
        c->chunk[i] = NULL;
    }
    c->chunk_at = 0;
    c->used = 0;
    c->resets++;
    memset(h->jumps, 0, sizeof(h->jumps));
}

void block_cache_trim(struct hart *h)
{
    if (h->blocks->chunk_at)
        block_cache_reset(h);
}

/* Room for the largest block; the caller gives back what it did not use. */
static struct block *reserve_block(struct hart *h)
{
    struct block_cache *c = h->blocks;
    if (c->used + BLOCK_MAX_SIZE > CHUNK) {
        unsigned next = c->chunk_at + 1;
        if (next < CHUNKS_MAX && !c->chunk[next])
            c->chunk[next] = malloc(CHUNK);
        if (next < CHUNKS_MAX && c->chunk[next]) {
            c->chunk_at = next;
            c->used = 0;
        } else {
            block_cache_reset(h);
        }
    }
    return (struct block *)(c->chunk[c->chunk_at] + c->used);
}

static unsigned hash_of(uint64_t pa, bool fp_on)
{
    return (unsigned)(((pa >> 1) + fp_on) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - HASH_BITS));
}

static const uint8_t *ram_at(const struct hart *h, uint64_t pa)
{
    return h->ram + (pa - h->ram_base);
}

static uint32_t fetch_half(const uint8_t *p)
{
    return __atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED);
}

/* From a copy: one instruction, of which `room` bytes are there; 0 if it is longer. */
static unsigned next_insn(const uint8_t *copy, unsigned room, uint32_t *word)
{
    unsigned len = insn_length(copy[0]);
    if (len > room)
        return 0;
    *word = 0;
    memcpy(word, copy, len);
    return len;
}

/* Appends a link slot. Its `rest` is what precedes it, until count_rests knows what follows. */
static void emit_link(struct block *b)
{
    b->ops[b->slots - 1].len |= OP_LINKED;
    *(struct link *)&b->ops[b->slots++] = (struct link){NULL, b->insns};
}

/* Appends one instruction's op, and its link slot. */
static enum insn_id emit_insn(struct hart *h, struct block *b, uint32_t word)
{
    struct op *op = &b->ops[b->slots++];
    enum insn_id id = decode(h->cpu->decoder, word, b->offset + b->bytes, h->fp_on, op);
    if (insn_is_system(id))
        op->sys.index = b->insns;
    b->insns++;
    b->bytes = (uint8_t)(b->bytes + op->len);
    counter_add(&h->counts.instructions_decoded, 1);
    if (insn_flags(id) & I_LINK)
        emit_link(b);
    return id;
}

static enum insn_id emit_exit(struct block *b)
{
    b->ops[b->slots++] = (struct op){.imm = b->offset + b->bytes};
    emit_link(b);
    return INSN_exit;
}

static void count_rests(struct block *b)
{
    for (unsigned i = 0; i < b->slots; i++) {
        if (b->ops[i].len & OP_LINKED) {
            struct link *link = (struct link *)&b->ops[++i];
            link->rest = b->insns - link->rest;
        }
    }
}

/* Decodes up to `max` instructions of the `size` bytes that were copied from its place. Returns how
 * many ids it wrote. */
static unsigned build_trace(struct hart *h, struct block *b, const uint8_t *copy, unsigned size,
                            unsigned max, uint16_t *ids)
{
    unsigned n = 0;
    uint32_t word;
    while (b->insns < max && b->bytes < size &&
           next_insn(copy + b->bytes, size - b->bytes, &word)) {
        enum insn_id id = emit_insn(h, b, word);
        ids[n++] = (uint16_t)id;
        if (insn_flags(id) & I_ENDS)
            return n;
    }
    ids[n++] = (uint16_t)emit_exit(b);
    return n;
}

/*
 * The gate through which code comes in: copies what may become ops, each byte read once. All that
 * is decided later, where an instruction ends above all, is decided on the copy: other harts write
 * code while it is decoded. Returns the size, which holds at least one whole instruction: where one
 * lies alone, find_code has read the first half, and looked for the second if it has one.
 */
static unsigned copy_code(struct hart *h, const struct code_location *at, uint8_t *copy)
{
    if (!location_is_single(at)) {
        unsigned size = MIN(GMEM_PAGE - (unsigned)(at->pa & PAGE_MASK), BYTES_MAX);
        gmem_read(h->mem, at->pa, copy, size);
        return size;
    }
    copy[0] = (uint8_t)at->first_half, copy[1] = (uint8_t)(at->first_half >> 8);
    if (insn_length(at->first_half) == 2)
        return 2;
    uint64_t second_pa =
        at->second_page == BLOCK_ONE_PAGE ? at->pa + 2 : (uint64_t)at->second_page << 12;
    uint32_t second = fetch_half(ram_at(h, second_pa));
    copy[2] = (uint8_t)second, copy[3] = (uint8_t)(second >> 8);
    return 4;
}

/* Decodes into b, which has room for `max` instructions. Handlers are not set. Returns its size. */
static size_t build_block(struct hart *h, struct block *b, const struct code_location *at,
                          unsigned max)
{
    uint8_t copy[BYTES_MAX];
    uint16_t ids[IDS_MAX];
    *b = (struct block){.page = (uint32_t)(at->pa >> 12),
                        .second_page = at->second_page,
                        .offset = (uint16_t)(at->pa & PAGE_MASK),
                        .fp_on = h->fp_on,
                        .part = at->part,
                        .epoch = h->code_epoch};
    unsigned n = build_trace(h, b, copy, copy_code(h, at, copy), max, ids);
    uint8_t *tail = (uint8_t *)&b->ops[b->slots]; /* block_src, then block_ids */
    memcpy(tail, copy, b->bytes);
    memcpy(tail + b->bytes, ids, n * sizeof(*ids));
    count_rests(b);
    return BLOCK_SIZE(b->slots, b->bytes, n);
}

/* Is a block of an older epoch equal to memory still? Then it is current, else dead. */
static bool compare_code(struct hart *h, struct block *b)
{
    if (!b->epoch)
        return false;
    unsigned first = block_straddles(b) ? 2 : b->bytes, second = b->bytes - first;
    bool same = gmem_equal(h->mem, block_pa(b), block_src(b), first) &&
                (!second ||
                 gmem_equal(h->mem, (uint64_t)b->second_page << 12, block_src(b) + first, second));
    b->epoch = same ? h->code_epoch : 0;
    return same;
}

bool block_verify(struct hart *h, struct block *b, uint64_t pc)
{
    if (compare_code(h, b))
        return true;
    b->entry_pc = NO_PC;
    block_jump(h, pc)->pc = NO_PC;
    return false;
}

struct block_pos block_position(const struct block *b, const struct op *op)
{
    struct block_pos pos = {0, 0};
    for (const struct op *o = b->ops; o < op; o++) {
        pos.bytes += o->len & OP_LENGTH;
        pos.index++;
        if (o->len & OP_LINKED)
            o++;
    }
    return pos;
}

/* Where the code at pc lies. False: fetching faults. Halfwords are fetched one by one: an
 * instruction may lie in two PMP regions if both allow it. */
static bool find_code(struct hart *h, uint64_t pc, struct code_location *at)
{
    at->second_page = BLOCK_ONE_PAGE;
    if (unlikely(h->triggers_on) && trigger_fires(h, pc, 2, ACCESS_FETCH))
        return false;
    if (!mmu_fetch(h, pc, &at->pa, &at->part))
        return false;
    if (!location_is_single(at))
        return true;
    at->first_half = fetch_half(ram_at(h, at->pa));
    if (insn_length(at->first_half) == 2)
        return true;
    uint64_t next = mmu_wrap(h, pc + 2);
    bool part;
    if (next & PAGE_MASK)
        return mmu_fetch_again(h, next, at->pa + 2);
    uint64_t second_pa;
    if (!mmu_fetch(h, next, &second_pa, &part))
        return false;
    at->second_page = (uint32_t)(second_pa >> 12);
    return true;
}

/* Is b the block of this location, for the present FS? */
static bool block_is_at(const struct hart *h, const struct block *b, const struct code_location *at)
{
    return block_pa(b) == at->pa && b->second_page == at->second_page && b->part == at->part &&
           b->fp_on == h->fp_on;
}

/* The block at this location, found or decoded, and verified. */
static struct block *find_block(struct hart *h, const struct code_location *where)
{
    struct block **at = &h->blocks->hash[hash_of(where->pa, h->fp_on)];
    while (*at) {
        struct block *b = *at;
        if (block_is_at(h, b, where)) {
            if (b->epoch == h->code_epoch || compare_code(h, b))
                return b;
            *at = b->next; /* stale: out of the chain, its memory stays until the next reset */
            break;
        }
        at = &b->next;
    }
    struct block *b = reserve_block(h);
    h->blocks->used += build_block(h, b, where, BLOCK_MAX_INSNS);
    counter_add(&h->counts.blocks_decoded, 1);
    h->cpu->cfg.engine->bind(h, b);
    struct block **head = &h->blocks->hash[hash_of(where->pa, h->fp_on)];
    b->next = *head;
    *head = b;
    return b;
}

struct block *block_find(struct hart *h, uint64_t pc, struct link *link, const struct block *from)
{
    struct code_location where;
    if (!find_code(h, pc, &where))
        return NULL;
    uint64_t resets = h->blocks->resets;
    struct block *b = find_block(h, &where);
    if (h->blocks->resets != resets)
        link = NULL;
    mmu_note_jump(h, pc);
    if (block_straddles(b))
        mmu_note_jump(h, mmu_wrap(h, pc + 2));
    *block_jump(h, pc) = (struct jump){pc, b, h->jump_key};
    block_entered(h, b, pc, link, from);
    return b;
}

bool block_exists(const struct hart *h, uint64_t pa)
{
    const struct block *b = h->blocks->hash[hash_of(pa, h->fp_on)];
    while (b && (block_pa(b) != pa || b->fp_on != h->fp_on || !b->epoch))
        b = b->next;
    return b != NULL;
}

struct block *block_single(struct hart *h, uint64_t pc)
{
    struct code_location where;
    if (!find_code(h, pc, &where))
        return NULL;
    struct block *b = (struct block *)h->blocks->single;
    build_block(h, b, &where, 1);
    b->entry_pc = NO_PC;
    return b;
}
