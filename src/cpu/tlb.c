/* SPDX-License-Identifier: MIT */
#include "cpu/tlb.h"

#include "cpu/csr_bits.h"
#include "cpu/mmu.h"

#include <string.h>
#include <sys/mman.h>

#define MODE_SUM 4 /* added to a privilege: below CTX_MODES */
#define MODE_MXR 8

#define CHUNK 64 /* entries per bit of tlb_view.filled, and per word of global */
_Static_assert(TLB_SIZE == 64 * CHUNK, "64 chunks");
_Static_assert(2 * NATIVE_JUMPS == 64 * NATIVE_CHUNK, "64 chunks");

#define VIEW_STRIDE ALIGN_UP(sizeof(struct tlb_view), GMEM_PAGE)

/* --- memory --- */

/* Views are reserved at once, and take memory as they are touched. Fresh memory holds tags of 0,
 * which only entry 0 could take for a page. */
bool tlb_create(struct hart *h)
{
    uint8_t *views = mmap(NULL, CTX_CACHE * VIEW_STRIDE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (views == MAP_FAILED)
        return false;
    madvise(views, CTX_CACHE * VIEW_STRIDE, MADV_NOHUGEPAGE);
    h->views = views;
    for (unsigned i = 0; i < CTX_CACHE; i++) {
        struct tlb_view *v = (struct tlb_view *)(views + i * VIEW_STRIDE);
        h->contexts[i].view = v;
        v->filled = 1;
    }
    return true;
}

void tlb_destroy(struct hart *h)
{
    if (h->views)
        munmap(h->views, CTX_CACHE * VIEW_STRIDE);
}

/* --- emptying a view --- */

/* Zeros are no jump but in the place of pc 0, where 2 is none. */
static void empty_native(struct tlb_view *v)
{
    for (uint64_t left = v->native_filled; left; left &= left - 1)
        memset(&v->native[0][0] + (unsigned)__builtin_ctzll(left) * NATIVE_CHUNK, 0,
               NATIVE_CHUNK * sizeof(struct native_jump));
    v->native[0][0].pc = v->native[1][0].pc = 2;
    v->native_filled = 0;
}

/* No entry of the jump cache and no native jump of the view holds any more. hart_refresh is to
 * follow. */
static void end_jumps(struct hart *h, struct tlb_view *v)
{
    v->jump_gen = ++h->jump_gen;
    memset(v->jump_pages, 0, sizeof(v->jump_pages));
    empty_native(v);
}

static void empty_cells(struct tlb_view *v)
{
    memset(v->cell, 0xff, sizeof(v->cell));
}

static void empty_view(struct hart *h, struct tlb_view *v)
{
    empty_cells(v);
    for (uint64_t left = v->filled; left; left &= left - 1) {
        unsigned chunk = (unsigned)__builtin_ctzll(left);
        memset(&v->entry[chunk * CHUNK], 0xff, CHUNK * sizeof(struct tlb_entry));
        v->global[chunk] = 0;
    }
    v->filled = 0;
    memset(v->big_pages, 0, sizeof(v->big_pages));
    end_jumps(h, v);
}

static void copy_global(struct tlb_view *empty, const struct tlb_view *from)
{
    for (uint64_t chunks = from->filled; chunks; chunks &= chunks - 1) {
        unsigned chunk = (unsigned)__builtin_ctzll(chunks);
        for (uint64_t left = from->global[chunk]; left; left &= left - 1) {
            unsigned i = chunk * CHUNK + (unsigned)__builtin_ctzll(left);
            empty->entry[i] = from->entry[i];
        }
        empty->global[chunk] = from->global[chunk];
        empty->filled |= (uint64_t)(from->global[chunk] != 0) << chunk;
    }
    memcpy(empty->big_pages, from->big_pages, sizeof(empty->big_pages));
}

/* --- translation contexts --- */

/* Its view is emptied when another context takes it over. */
static void drop_context(struct tlb_context *c)
{
    c->used = 0;
}

static bool is_context(const struct tlb_context *c, uint64_t satp, uint32_t mode)
{
    return c->used && c->satp == satp && c->mode == mode;
}

/* The context used last, but for `other`, that walks page tables of satp's kind in this mode. */
static const struct tlb_context *find_sibling(const struct hart *h, uint64_t satp, uint32_t mode,
                                              const struct tlb_context *other)
{
    const struct tlb_context *found = NULL;
    unsigned shift = hart_is64(h) ? 60 : 31;
    for (unsigned i = 0; i < CTX_CACHE; i++) {
        const struct tlb_context *c = &h->contexts[i];
        if (c->used && c != other && c->mode == mode && c->satp >> shift == satp >> shift &&
            (!found || c->used > found->used))
            found = c;
    }
    return found;
}

/* The context of (satp, mode): a known one, or the least recently used one, emptied. */
static struct tlb_context *find_context(struct hart *h, uint64_t satp, uint32_t mode)
{
    struct tlb_context *oldest = h->contexts;
    for (unsigned i = 0; i < CTX_CACHE; i++) {
        struct tlb_context *c = &h->contexts[i];
        if (is_context(c, satp, mode))
            return c;
        if (c->used < oldest->used)
            oldest = c;
    }
    empty_view(h, oldest->view);
    const struct tlb_context *sibling = find_sibling(h, satp, mode, oldest);
    if (sibling)
        copy_global(oldest->view, sibling->view);
    oldest->satp = satp;
    oldest->mode = mode;
    return oldest;
}

/* Tries first the context that this mode used last: mostly it returns to the same address space. */
static struct tlb_view *select_view(struct hart *h, uint64_t satp, uint32_t mode)
{
    struct tlb_context *c = &h->contexts[h->last_context[mode]];
    if (!is_context(c, satp, mode)) {
        c = find_context(h, satp, mode);
        h->last_context[mode] = (uint8_t)(c - h->contexts);
    }
    c->used = ++h->ctx_clock;
    return c->view;
}

/* M-mode and bare share no entries with paging: PMP may treat them differently. */
static uint32_t context_mode(const struct hart *h, unsigned priv, bool data)
{
    uint32_t mode = priv;
    if (data && priv == PRIV_S && (h->arch.mstatus & MSTATUS_SUM))
        mode |= MODE_SUM;
    if (data && priv != PRIV_M && (h->arch.mstatus & MSTATUS_MXR))
        mode |= MODE_MXR;
    return mode;
}

void tlb_select(struct hart *h)
{
    unsigned priv = mmu_data_priv(h);
    uint32_t fetch = context_mode(h, h->arch.priv, false), data = context_mode(h, priv, true);
    h->fetch = select_view(h, h->arch.priv == PRIV_M ? 0 : h->arch.satp, fetch);
    h->data = data == fetch ? h->fetch : select_view(h, priv == PRIV_M ? 0 : h->arch.satp, data);
    h->jump_key = h->fetch->jump_gen << 1 | h->fp_on;
    h->jump_salt = (uint32_t)h->fetch->jump_gen * 0x9e37u;
    h->jumps_native = h->fetch->native[h->fp_on];
}

/* --- sfence.vma --- */

/* Sizes of cached pieces larger than a page: NAPOT 64 KiB, then levels 1 to 4. */
static const uint8_t big_shift64[BIG_KINDS] = {16, 21, 30, 39, 48};
static const uint8_t big_shift32[BIG_KINDS] = {22, 22, 22, 22, 22};

static unsigned big_hash(const struct hart *h, unsigned kind, uint64_t va)
{
    return (unsigned)((va >> (hart_is64(h) ? big_shift64 : big_shift32)[kind]) * 0x9e3779b1u >> 8) &
           0xff;
}

static bool big_cached(const struct hart *h, const struct tlb_view *v, uint64_t va)
{
    for (unsigned kind = 0; kind < BIG_KINDS; kind++) {
        unsigned b = big_hash(h, kind, va);
        if (v->big_pages[kind][b >> 6] >> (b & 63) & 1)
            return true;
    }
    return false;
}

void mmu_note_jump(struct hart *h, uint64_t va)
{
    unsigned b = tlb_jump_page(va);
    h->fetch->jump_pages[b >> 6] |= UINT64_C(1) << (b & 63);
}

/* True: jumps of the view end, and hart_refresh is to follow. */
static bool flush_page(struct hart *h, struct tlb_view *v, uint64_t page)
{
    struct tlb_entry *e = tlb_slot(v, page);
    for (unsigned a = 0; a < 3; a++)
        if (e->tag[a] == page)
            e->tag[a] = TLB_NO_PAGE;
    empty_cells(v);
    unsigned b = tlb_jump_page(page);
    if (!(v->jump_pages[b >> 6] >> (b & 63) & 1))
        return false;
    end_jumps(h, v);
    return true;
}

void mmu_flush_all(struct hart *h)
{
    mmu_flush(h, false, 0, false, 0);
}

/* Global mappings need not go where an address space is given, but entries do not record which
 * mappings are global. */
void mmu_flush(struct hart *h, bool by_va, uint64_t va, bool by_asid, uint64_t asid)
{
    bool dropped = !by_va, changed = !by_va;
    for (unsigned i = 0; i < CTX_CACHE; i++) {
        struct tlb_context *c = &h->contexts[i];
        if (!c->used || (by_asid && mmu_satp_asid(h, c->satp) != asid))
            continue;
        if (by_va && !big_cached(h, c->view, va)) {
            changed |= flush_page(h, c->view, va & ~PAGE_MASK);
        } else {
            drop_context(c);
            dropped = changed = true;
        }
    }
    counter_add(&h->counts.tlb_flushes, dropped);
    if (changed)
        hart_refresh(h);
}

/* --- native jumps --- */

void mmu_set_native(struct hart *h, uint64_t pc, const void *code)
{
    struct native_jump *j = mmu_native_jump(h, pc);
    h->fetch->native_filled |= UINT64_C(1) << (j - &h->fetch->native[0][0]) / NATIVE_CHUNK;
    *j = (struct native_jump){pc, code};
    mmu_note_jump(h, pc);
}

void mmu_forget_native(struct hart *h)
{
    for (unsigned i = 0; i < CTX_CACHE; i++)
        empty_native(h->contexts[i].view);
}

/* --- filling --- */

static void note_big(const struct hart *h, struct tlb_view *v, uint64_t va, int kind)
{
    if (kind < 0)
        return;
    unsigned b = big_hash(h, (unsigned)kind, va);
    v->big_pages[kind][b >> 6] |= UINT64_C(1) << (b & 63);
}

void tlb_fill(struct hart *h, struct tlb_view *v, uint64_t va, const uint8_t *host,
              const bool may[3], int big)
{
    uint64_t page = va & ~PAGE_MASK;
    uintptr_t addend = (uintptr_t)host - (uintptr_t)page;
    struct tlb_entry *e = tlb_slot(v, va);
    bool same = e->addend == addend;
    for (unsigned a = 0; a < 3; a++) {
        if (may[a])
            e->tag[a] = page;
        else if (!same || e->tag[a] != page)
            e->tag[a] = TLB_NO_PAGE;
    }
    e->addend = addend;
    v->global[(e - v->entry) / CHUNK] &= ~(UINT64_C(1) << (e - v->entry) % CHUNK);
    v->filled |= UINT64_C(1) << (e - v->entry) / CHUNK;
    note_big(h, v, va, big);
}

void tlb_note_global(struct tlb_view *v, uint64_t va)
{
    unsigned i = (unsigned)(tlb_slot(v, va) - v->entry);
    v->global[i / CHUNK] |= UINT64_C(1) << i % CHUNK;
}
