/* SPDX-License-Identifier: MIT */
#include "priv.h"

#ifndef RESERVED_BITS
#define RESERVED_BITS 0
#endif

/* Entries that are used in each table; the last one makes high addresses. */
static const unsigned used_index[4] = {0, 1, 2, (1u << INDEX_BITS) - 1};

static uint32_t seed_state = SEED * 2654435761u | 1;

uint32_t random_next(void)
{
    seed_state ^= seed_state << 13;
    seed_state ^= seed_state >> 17;
    seed_state ^= seed_state << 5;
    return seed_state >> 3;
}

uint32_t random_below(uint32_t n)
{
    return random_next() % n;
}

int random_chance(uint32_t one_in)
{
    return random_below(one_in) == 0;
}

static ulong *table_page(unsigned n)
{
    return (ulong *)(TABLES + n * PAGE);
}

static ulong random_flags(void)
{
    static const uint8_t access[] = {
        PTE_R | PTE_W | PTE_X, PTE_R | PTE_W, PTE_R | PTE_X, PTE_R, PTE_X, PTE_R | PTE_W | PTE_X};
    ulong flags = PTE_V | access[random_below(sizeof(access))];
    if (random_chance(20))
        flags = (flags & ~(ulong)(PTE_R | PTE_X)) | PTE_W; /* reserved */
    if (random_chance(16))
        flags &= ~(ulong)PTE_V;
    if (random_chance(2))
        flags |= PTE_U;
    if (!random_chance(4))
        flags |= PTE_A;
    if (!random_chance(3))
        flags |= PTE_D;
    return flags | (random_below(4) << 8); /* RSW */
}

/*
 * The upper bits: mostly none, now and then PBMT or N; or, in a build for machines without both,
 * anything (QEMU 7.2 sees reserved bits only then).
 */
static ulong random_upper(unsigned level, ulong *page)
{
#if __riscv_xlen == 64
    if (RESERVED_BITS)
        return random_chance(24) ? 1ul << (54 + random_below(10)) : 0;
    if (random_chance(12))
        return (ulong)(1 + random_below(2)) << 61;
    if (random_chance(12)) {
        if (level == 0 && !random_chance(4))
            *page = (*page & ~15ul) | 8; /* 64 KiB */
        return 1ul << 63;
    }
#else
    (void)level;
    (void)page;
#endif
    return 0;
}

static int has_napot(ulong pte)
{
    return __riscv_xlen == 64 && pte >> (__riscv_xlen - 1);
}

/*
 * A leaf: page number in units of 4 KiB for this level. Large ones lead to memory, to none (holes)
 * or are misaligned.
 */
static ulong random_leaf(const struct tables *t, unsigned level)
{
    ulong page;
    if (level == 0)
        page = ((ulong)POOL >> 12) + random_below(POOL_PAGES);
    else if (level == 1)
        page = (ulong)POOL >> 12;
    else if (level == 2)
        page = t->holes && random_chance(2) ? 0xc0000 : 0x80000 + !t->holes;
    else
        page = t->holes ? 1ul << (INDEX_BITS * level) << random_below(2) : 0x80001;
    if (level == 1 && __riscv_xlen == 32)
        page = 0x80400; /* a 4 MiB page that holds the pool at 2 MiB */
    if (level && random_chance(8))
        page |= 1ul << random_below(INDEX_BITS * level); /* misaligned */
    ulong upper = random_upper(level, &page), flags = random_flags();
    if (has_napot(upper))
        flags |= PTE_A | PTE_D; /* QEMU marks these before it finds N misplaced */
    return upper | page << 10 | flags;
}

static ulong random_pointer(unsigned target)
{
    ulong pte = (ulong)table_page(target) >> 12 << 10 | PTE_V;
    if (random_chance(24))
        pte |= (ulong)(PTE_A | PTE_D | PTE_U) & (random_next() << 4); /* reserved here */
    return pte;
}

/* Fills the table of a level; tables are taken in order, deeper ones may be shared. */
static void fill_table(struct tables *t, unsigned number, unsigned level, unsigned *next)
{
    ulong *table = table_page(number);
    for (unsigned i = 0; i < 4; i++) {
        ulong *entry = &table[used_index[i]];
        if (level > 0 && *next < TABLE_PAGES && !random_chance(4)) {
            unsigned child = (*next)++;
            *entry = random_pointer(child);
            fill_table(t, child, level - 1, next);
            continue;
        }
        *entry = random_leaf(t, level);
        if (t->leaves < 64) {
            t->leaf[t->leaves] = entry;
            t->leaf_level[t->leaves++] = level;
        }
    }
}

void tables_build(struct tables *t, unsigned levels)
{
    for (ulong *p = (ulong *)TABLES; p < (ulong *)(TABLES + TABLE_PAGES * PAGE); p++)
        *p = 0;
    t->levels = levels;
    t->leaves = 0;
    t->holes = random_chance(2);
    t->mode = 0;
    if (!levels)
        return;
    t->mode =
        __riscv_xlen == 64 ? (ulong)(levels + 5) << (__riscv_xlen - 4) : 1ul << (__riscv_xlen - 1);
    unsigned next = SPACES;
    for (unsigned space = 0; space < SPACES; space++)
        fill_table(t, space, levels - 1, &next);
}

unsigned tables_change(struct tables *t)
{
    unsigned n = random_below(t->leaves), level = t->leaf_level[n];
    if (random_chance(2)) {
        *t->leaf[n] = random_leaf(t, level);
        return level;
    }
    *t->leaf[n] ^= 1ul << random_below(has_napot(*t->leaf[n]) ? 5 : 8) & ~(ulong)PTE_G;
    /* Not a pointer to where no memory is: QEMU calls that a page fault, the manual an access
     * fault. */
    if (level >= 2 && !(*t->leaf[n] & (PTE_R | PTE_W | PTE_X)))
        *t->leaf[n] |= PTE_R;
    return level;
}

ulong tables_address(const struct tables *t)
{
    unsigned levels = t->levels;
    ulong address = 0;
    if (!levels) {
        address = (ulong)POOL + random_below(POOL_PAGES) * PAGE;
    } else {
        for (unsigned i = 0; i < levels; i++)
            address = address << INDEX_BITS | used_index[random_below(4)];
        address <<= 12;
        unsigned unused = __riscv_xlen - 12 - INDEX_BITS * levels;
        if (__riscv_xlen == 64 && !random_chance(30))
            address = (ulong)((long)(address << unused) >> unused);
    }
    return address;
}

ulong tables_satp(const struct tables *t, unsigned space)
{
    if (!t->levels)
        return 0;
    ulong asid = __riscv_xlen == 64 ? (ulong)(space + 1) << 44 : (ulong)(space + 1) << 22;
    return t->mode | asid | (ulong)table_page(space) >> 12;
}

uint32_t tables_hash(void)
{
    uint32_t h = 0;
    for (unsigned n = 0; n < TABLE_PAGES; n++)
        for (unsigned i = 0; i < 4; i++) {
            uint64_t e = table_page(n)[used_index[i]];
            h = (h << 5 | h >> 27) + (uint32_t)e + (uint32_t)(e >> 32);
        }
    return h;
}

ulong tables_print_walk(const struct tables *t, ulong satp, ulong address)
{
    ulong page = (satp & ((1ul << (__riscv_xlen == 64 ? 44 : 22)) - 1)) << 12;
    for (unsigned level = t->levels; level-- > 0;) {
        ulong index = address >> (12 + INDEX_BITS * level) & ((1ul << INDEX_BITS) - 1);
        ulong pte = ((ulong *)page)[index];
        put(" ");
        put_hex(pte);
        page = pte >> 10 << 12 & (__riscv_xlen == 64 ? ~(255ul << (__riscv_xlen - 8)) : -1ul);
        if (!(pte & PTE_V))
            return 0;
        if (pte & (PTE_R | PTE_W | PTE_X))
            return page | (address & ((1ul << (12 + INDEX_BITS * level)) - 1));
    }
    return t->levels ? 0 : address;
}
