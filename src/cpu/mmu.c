/* SPDX-License-Identifier: MIT */
#include "cpu/mmu.h"

#include "cpu/csr_bits.h"
#include "cpu/pmp.h"
#include "cpu/trigger.h"

#include <string.h>

#define MODE_SUM   4 /* added to a privilege: below CTX_MODES */
#define MODE_MXR   8
#define LEVELS_MAX 5
#define WALK_TRIES 1000

/* How a satp mode walks. */
struct scheme {
    unsigned levels, bits, pte_size, va_bits;
};

static const struct scheme sv32 = {2, 10, 4, 32};
static const struct scheme sv39 = {3, 9, 8, 39};
static const struct scheme sv48 = {4, 9, 8, 48};
static const struct scheme sv57 = {5, 9, 8, 57};

static const struct scheme *satp_scheme(const struct hart *h, uint64_t satp)
{
    if (!hart_is64(h))
        return satp >> 31 & 1 ? &sv32 : NULL;
    switch (satp >> 60) {
    case 8: return &sv39;
    case 9: return &sv48;
    case 10: return &sv57;
    default: return NULL;
    }
}

bool mmu_satp_ok(const struct hart *h, uint64_t satp)
{
    if (!hart_is64(h))
        return true;
    switch (satp >> 60) {
    case 0:
    case 8: return true;
    case 9: return model_has(h->model, EXT_SV48);
    case 10: return model_has(h->model, EXT_SV57);
    default: return false;
    }
}

static uint64_t satp_asid(const struct hart *h, uint64_t satp)
{
    return hart_is64(h) ? satp >> 44 & 0xffff : satp >> 22 & 0x1ff;
}

static uint64_t satp_root(const struct hart *h, uint64_t satp)
{
    return (hart_is64(h) ? satp & ((UINT64_C(1) << 44) - 1) : satp & 0x3fffff) << 12;
}

/* --- contexts --- */

static void drop_contexts(struct hart *h)
{
    memset(h->contexts, 0, sizeof(h->contexts));
    memset(h->big_pages, 0, sizeof(h->big_pages));
    memset(h->jump_pages, 0, sizeof(h->jump_pages));
}

/* The key of a context number that is not in use. */
static struct tlb_key new_context_key(struct hart *h)
{
    if (h->next_ctx > CTX_MAX) {
        memset(h->tlb, 0, sizeof(h->tlb));
        drop_contexts(h);
        h->jump_gen++;
        h->next_ctx = 1;
    }
    uint16_t id = h->next_ctx++;
    return (struct tlb_key){(uint64_t)id << CTX_SHIFT, (uint32_t)id * 0x9e37u};
}

static bool is_context(const struct tlb_context *c, uint64_t satp, uint32_t mode)
{
    return c->key.tag_bits && c->satp == satp && c->mode == mode;
}

/* The context of (satp, mode): a known one, or a new one in the least recently used place. */
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
    struct tlb_key key = new_context_key(h); /* which may drop them all */
    *oldest = (struct tlb_context){satp, mode, 0, key};
    return oldest;
}

/* Tries first the context that this mode used last: mostly it returns to the same address space. */
static struct tlb_key select_context(struct hart *h, uint64_t satp, uint32_t mode)
{
    struct tlb_context *c = &h->contexts[h->last_context[mode]];
    if (!is_context(c, satp, mode)) {
        c = find_context(h, satp, mode);
        h->last_context[mode] = (uint8_t)(c - h->contexts);
    }
    c->used = ++h->ctx_clock;
    return c->key;
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

static unsigned data_priv(const struct hart *h)
{
    if (h->arch.priv == PRIV_M && (h->arch.mstatus & MSTATUS_MPRV))
        return h->arch.mstatus >> MPP_SHIFT & 3;
    return h->arch.priv;
}

void mmu_select_contexts(struct hart *h)
{
    unsigned priv = data_priv(h);
    h->fetch = select_context(h, h->arch.priv == PRIV_M ? 0 : h->arch.satp,
                              context_mode(h, h->arch.priv, false));
    uint64_t gen = h->jump_gen;
    h->data = select_context(h, priv == PRIV_M ? 0 : h->arch.satp, context_mode(h, priv, true));
    if (unlikely(h->jump_gen != gen)) /* finding the second has recycled everything */
        h->fetch = select_context(h, h->arch.priv == PRIV_M ? 0 : h->arch.satp,
                                  context_mode(h, h->arch.priv, false));
}

void mmu_flush_all(struct hart *h)
{
    counter_add(&h->counts.tlb_flushes, 1);
    drop_contexts(h);
    h->jump_gen++;
    hart_refresh(h);
}

/* Sizes of cached pieces larger than a page: NAPOT 64 KiB, then levels 1 to 4. */
static const uint8_t big_shift64[BIG_KINDS] = {16, 21, 30, 39, 48};
static const uint8_t big_shift32[BIG_KINDS] = {22, 22, 22, 22, 22};

static unsigned big_hash(const struct hart *h, unsigned kind, uint64_t va)
{
    return (unsigned)((va >> (hart_is64(h) ? big_shift64 : big_shift32)[kind]) * 0x9e3779b1u >> 8) &
           0xff;
}

static bool big_cached(const struct hart *h, uint64_t va)
{
    for (unsigned kind = 0; kind < BIG_KINDS; kind++) {
        unsigned b = big_hash(h, kind, va);
        if (h->big_pages[kind][b >> 6] >> (b & 63) & 1)
            return true;
    }
    return false;
}

static unsigned page_hash(uint64_t va)
{
    return (unsigned)((va >> 12) * 0x9e3779b1u >> 10) & 1023;
}

void mmu_note_jump(struct hart *h, uint64_t va)
{
    unsigned b = page_hash(va);
    h->jump_pages[b >> 6] |= UINT64_C(1) << (b & 63);
}

static void flush_page(struct hart *h, uint64_t va, bool by_asid, uint64_t asid)
{
    for (unsigned i = 0; i < CTX_CACHE; i++) {
        const struct tlb_context *c = &h->contexts[i];
        if (!c->key.tag_bits || (by_asid && satp_asid(h, c->satp) != asid))
            continue;
        struct tlb_entry *e = tlb_slot(h, va, &c->key);
        for (unsigned a = 0; a < 3; a++)
            if (tlb_hit(e, a, va & ~PAGE_MASK, 1, &c->key))
                e->tag[a] = 0;
    }
    unsigned b = page_hash(va);
    if (h->jump_pages[b >> 6] >> (b & 63) & 1) {
        memset(h->jump_pages, 0, sizeof(h->jump_pages));
        h->jump_gen++;
        hart_refresh(h);
    }
}

void mmu_flush(struct hart *h, bool by_va, uint64_t va, bool by_asid, uint64_t asid)
{
    if (by_va && !big_cached(h, va)) {
        flush_page(h, va, by_asid, asid);
        return;
    }
    if (!by_asid) {
        mmu_flush_all(h);
        return;
    }
    /* Global mappings need not go, but entries do not record which mappings are global. */
    counter_add(&h->counts.tlb_flushes, 1);
    for (unsigned i = 0; i < CTX_CACHE; i++)
        if (h->contexts[i].key.tag_bits && satp_asid(h, h->contexts[i].satp) == asid)
            h->contexts[i] = (struct tlb_context){0};
    h->jump_gen++;
    hart_refresh(h);
}

/* --- page walk --- */

struct mapping {
    uint64_t pa;
    bool readable, writable, executable; /* by the PTE, for this privilege */
    int big;                             /* index into big_shift, -1: a plain page */
};

static bool fault(struct hart *h, enum access acc, uint64_t va, bool page)
{
    static const uint8_t page_exc[3] = {EXC_LOAD_PAGE, EXC_STORE_PAGE, EXC_INSN_PAGE};
    static const uint8_t access_exc[3] = {EXC_LOAD_ACCESS, EXC_STORE_ACCESS, EXC_INSN_ACCESS};
    h->exc = page ? page_exc[acc] : access_exc[acc];
    h->exc_tval = hart_is64(h) ? va : (uint64_t)(int64_t)(int32_t)va;
    return false;
}

static bool has_ram(const struct hart *h, uint64_t pa, uint64_t len)
{
    return pa >= h->ram_base && extent_ok(pa - h->ram_base, len, h->ram_size);
}

static uint64_t pte_read(const struct hart *h, uint64_t pa, unsigned size)
{
    uint8_t *p = h->ram + (pa - h->ram_base);
    return size == 8 ? __atomic_load_n((uint64_t *)p, __ATOMIC_RELAXED)
                     : __atomic_load_n((uint32_t *)p, __ATOMIC_RELAXED);
}

static bool pte_swap(const struct hart *h, uint64_t pa, unsigned size, uint64_t old,
                     uint64_t updated)
{
    uint8_t *p = h->ram + (pa - h->ram_base);
    if (size == 8)
        return __atomic_compare_exchange_n((uint64_t *)p, &old, updated, false, __ATOMIC_ACQ_REL,
                                           __ATOMIC_RELAXED);
    uint32_t old32 = (uint32_t)old;
    return __atomic_compare_exchange_n((uint32_t *)p, &old32, (uint32_t)updated, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static bool va_canonical(const struct scheme *s, uint64_t va)
{
    if (s->va_bits == 32)
        return true;
    int64_t top = (int64_t)va >> (s->va_bits - 1);
    return top == 0 || top == -1;
}

/* Bits of a 64-bit PTE that must be zero unless an extension gives them a meaning. */
static bool pte_reserved(const struct hart *h, uint64_t pte, bool leaf)
{
    if (pte >> 54 & 0x7f)
        return true;
    bool pbmte = model_has(h->model, EXT_SVPBMT) && (h->arch.menvcfg & ENVCFG_PBMTE);
    if ((pte & PTE_PBMT) && (!pbmte || !leaf || (pte & PTE_PBMT) == PTE_PBMT))
        return true;
    if ((pte & PTE_N) && (!model_has(h->model, EXT_SVNAPOT) || !leaf))
        return true;
    return !leaf && (pte & (PTE_A | PTE_D | PTE_U));
}

static bool pte_permits(const struct hart *h, uint64_t pte, enum access acc, unsigned priv)
{
    if (priv == PRIV_U && !(pte & PTE_U))
        return false;
    if (priv == PRIV_S && (pte & PTE_U) &&
        (acc == ACCESS_FETCH || !(h->arch.mstatus & MSTATUS_SUM)))
        return false;
    switch (acc) {
    case ACCESS_LOAD: return (pte & PTE_R) || ((pte & PTE_X) && (h->arch.mstatus & MSTATUS_MXR));
    case ACCESS_STORE: return pte & PTE_W;
    default: return pte & PTE_X;
    }
}

/* Sets A (and D) as Svadu asks, or says that the fault is the guest's to handle (Svade). */
enum ad_result { AD_OK, AD_FAULT, AD_RETRY, AD_ACCESS };
static enum ad_result update_ad(struct hart *h, uint64_t pte_pa, unsigned size, uint64_t *pte,
                                enum access acc)
{
    uint64_t want = *pte | PTE_A | (acc == ACCESS_STORE ? PTE_D : 0);
    if (want == *pte)
        return AD_OK;
    if (!(h->arch.menvcfg & ENVCFG_ADUE))
        return AD_FAULT;
    bool whole;
    if (!pmp_allows(h, pte_pa, size, ACCESS_STORE, PRIV_S, &whole))
        return AD_ACCESS;
    if (!pte_swap(h, pte_pa, size, *pte, want))
        return AD_RETRY;
    *pte = want;
    return AD_OK;
}

/* The leaf at `level` as a mapping of va. */
static bool leaf_mapping(const struct scheme *s, uint64_t pte, unsigned level, uint64_t va,
                         struct mapping *m)
{
    uint64_t ppn = s->pte_size == 8 ? pte >> 10 & ((UINT64_C(1) << 44) - 1) : pte >> 10;
    unsigned span = 12 + level * s->bits; /* log2 of the piece's size */
    m->big = level ? (int)level : -1;
    if (s->pte_size == 8 && (pte & PTE_N)) {
        if (level || (ppn & 0xf) != 8)
            return false;
        ppn &= ~UINT64_C(0xf);
        span = 16;
        m->big = 0;
    }
    uint64_t low = (UINT64_C(1) << span) - 1;
    if ((ppn << 12) & low)
        return false; /* misaligned superpage */
    m->pa = ((ppn << 12) & ~low) | (va & low);
    return true;
}

/* One walk. AD_RETRY: another hart changed the leaf after it was read; else ok, or a fault. Each
 * entry is read once, and A and D are set in what was read and judged, or not at all. */
static enum ad_result walk_once(struct hart *h, const struct scheme *s, uint64_t va,
                                enum access acc, unsigned priv, struct mapping *m)
{
    uint64_t table = satp_root(h, h->arch.satp);
    for (unsigned level = s->levels; level-- > 0;) {
        uint64_t index = va >> (12 + level * s->bits) & ((1u << s->bits) - 1);
        uint64_t at = table + index * s->pte_size;
        bool whole;
        if (!has_ram(h, at, s->pte_size) ||
            !pmp_allows(h, at, s->pte_size, ACCESS_LOAD, PRIV_S, &whole))
            return AD_ACCESS;
        uint64_t pte = pte_read(h, at, s->pte_size);
        bool leaf = pte & (PTE_R | PTE_X);
        if (!(pte & PTE_V) || (!(pte & PTE_R) && (pte & PTE_W)) ||
            (s->pte_size == 8 && pte_reserved(h, pte, leaf)))
            return AD_FAULT;
        if (!leaf) {
            if (s->pte_size == 4 && (pte & (PTE_A | PTE_D | PTE_U)))
                return AD_FAULT;
            table = (s->pte_size == 8 ? pte >> 10 & ((UINT64_C(1) << 44) - 1) : pte >> 10) << 12;
            continue;
        }
        if (!pte_permits(h, pte, acc, priv) || !leaf_mapping(s, pte, level, va, m))
            return AD_FAULT;
        enum ad_result result = update_ad(h, at, s->pte_size, &pte, acc);
        m->readable = pte_permits(h, pte, ACCESS_LOAD, priv);
        m->writable = (pte & PTE_D) && pte_permits(h, pte, ACCESS_STORE, priv);
        m->executable = pte_permits(h, pte, ACCESS_FETCH, priv);
        return result;
    }
    return AD_FAULT;
}

/*
 * Translates by the page tables. A hart that rewrites an entry at each try of another to set its A
 * or D bit holds that one up for WALK_TRIES walks; then the access faults, as it may where an entry
 * is changed without a fence.
 */
static bool walk(struct hart *h, uint64_t va, enum access acc, unsigned priv, struct mapping *m)
{
    const struct scheme *s = satp_scheme(h, h->arch.satp);
    counter_add(&h->counts.page_walks, 1);
    enum ad_result result = va_canonical(s, va) ? AD_RETRY : AD_FAULT;
    for (unsigned tries = 0; result == AD_RETRY && tries < WALK_TRIES; tries++)
        result = walk_once(h, s, va, acc, priv, m);
    return result == AD_OK || fault(h, acc, va, result != AD_ACCESS);
}

/* --- filling the TLB --- */

static void remember_big(struct hart *h, uint64_t va, int kind)
{
    if (kind < 0)
        return;
    unsigned b = big_hash(h, (unsigned)kind, va);
    h->big_pages[kind][b >> 6] |= UINT64_C(1) << (b & 63);
}

static void tlb_fill(struct hart *h, uint64_t va, const struct tlb_key *k, enum access acc,
                     const struct mapping *m, unsigned priv)
{
    uint64_t page = m->pa & ~PAGE_MASK;
    bool whole;
    if (!has_ram(h, page, GMEM_PAGE))
        return;
    struct tlb_entry *e = tlb_slot(h, va, k);
    uint64_t tag = tlb_tag(va & ~PAGE_MASK, 1, k);
    uintptr_t addend = (uintptr_t)(h->ram + (page - h->ram_base)) - (uintptr_t)(va & ~PAGE_MASK);
    bool same = e->addend == addend;
    for (unsigned a = 0; a < 3; a++)
        if (!same || e->tag[a] != tag)
            e->tag[a] = 0;
    e->addend = addend;
    const bool may[3] = {m->readable, m->writable, acc == ACCESS_FETCH && m->executable};
    for (unsigned a = 0; a < 3; a++)
        if (may[a] && (acc == ACCESS_FETCH) == (a == ACCESS_FETCH) &&
            pmp_allows(h, page, GMEM_PAGE, a, priv, &whole) && whole && !trigger_in_page(h, va, a))
            e->tag[a] = tag;
    remember_big(h, va, m->big);
}

/* Translates and checks one access that does not cross a page. */
static bool translate(struct hart *h, uint64_t va, unsigned size, enum access acc, uint64_t *pa)
{
    const struct tlb_key *k = acc == ACCESS_FETCH ? &h->fetch : &h->data;
    unsigned priv = acc == ACCESS_FETCH ? h->arch.priv : data_priv(h);
    const struct tlb_entry *e = tlb_slot(h, va, k);
    if (tlb_hit(e, acc, va, 1, k)) {
        *pa = (uint64_t)(va + e->addend - (uintptr_t)h->ram) + h->ram_base;
        return true;
    }
    counter_add(&h->counts.tlb_misses, 1);
    if (unlikely(h->triggers_on) && acc != ACCESS_FETCH && trigger_fires(h, va, size, acc))
        return false;
    struct mapping m = {va, true, true, true, -1};
    if (priv != PRIV_M && satp_scheme(h, h->arch.satp) && !walk(h, va, acc, priv, &m))
        return false;
    bool whole;
    if (!pmp_allows(h, m.pa, size, acc, priv, &whole))
        return fault(h, acc, va, false);
    tlb_fill(h, va, k, acc, &m, priv);
    *pa = m.pa;
    return true;
}

/* --- accesses --- */

static uint64_t ram_load(const uint8_t *p, unsigned size)
{
    if ((uintptr_t)p & (size - 1)) {
        uint64_t v = 0;
        for (unsigned i = 0; i < size; i++)
            v |= (uint64_t)__atomic_load_n(p + i, __ATOMIC_RELAXED) << 8 * i;
        return v;
    }
    switch (size) {
    case 1: return __atomic_load_n(p, __ATOMIC_RELAXED);
    case 2: return __atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED);
    case 4: return __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
    default: return __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
    }
}

static void ram_store(uint8_t *p, unsigned size, uint64_t v)
{
    if ((uintptr_t)p & (size - 1)) {
        for (unsigned i = 0; i < size; i++)
            __atomic_store_n(p + i, (uint8_t)(v >> 8 * i), __ATOMIC_RELAXED);
        return;
    }
    switch (size) {
    case 1: __atomic_store_n(p, (uint8_t)v, __ATOMIC_RELAXED); break;
    case 2: __atomic_store_n((uint16_t *)p, (uint16_t)v, __ATOMIC_RELAXED); break;
    case 4: __atomic_store_n((uint32_t *)p, (uint32_t)v, __ATOMIC_RELAXED); break;
    default: __atomic_store_n((uint64_t *)p, v, __ATOMIC_RELAXED); break;
    }
}

static bool phys_load(struct hart *h, uint64_t va, uint64_t pa, unsigned size, uint64_t *val)
{
    if (likely(has_ram(h, pa, size))) {
        *val = ram_load(h->ram + (pa - h->ram_base), size);
        return true;
    }
    hart_sync_access(h);
    return map_read(h->map, pa, size, val) || fault(h, ACCESS_LOAD, va, false);
}

static bool phys_store(struct hart *h, uint64_t va, uint64_t pa, unsigned size, uint64_t val)
{
    if (likely(has_ram(h, pa, size))) {
        ram_store(h->ram + (pa - h->ram_base), size, val);
        return true;
    }
    hart_sync_access(h);
    return map_write(h->map, pa, size, val) || fault(h, ACCESS_STORE, va, false);
}

static bool crosses_page(uint64_t va, unsigned size)
{
    return (va & PAGE_MASK) + size > GMEM_PAGE;
}

bool mmu_load(struct hart *h, uint64_t va, unsigned size, uint64_t *val)
{
    uint64_t pa, pa2, lo, hi;
    if (!crosses_page(va, size))
        return translate(h, va, size, ACCESS_LOAD, &pa) && phys_load(h, va, pa, size, val);
    unsigned first = GMEM_PAGE - (unsigned)(va & PAGE_MASK);
    uint64_t next = mmu_wrap(h, va + first);
    if (!translate(h, va, first, ACCESS_LOAD, &pa) ||
        !translate(h, next, size - first, ACCESS_LOAD, &pa2))
        return false;
    *val = 0;
    for (unsigned i = 0; i < first; i++) {
        if (!phys_load(h, va, pa + i, 1, &lo))
            return false;
        *val |= lo << 8 * i;
    }
    for (unsigned i = first; i < size; i++) {
        if (!phys_load(h, next, pa2 + i - first, 1, &hi))
            return false;
        *val |= hi << 8 * i;
    }
    return true;
}

bool mmu_store(struct hart *h, uint64_t va, unsigned size, uint64_t val)
{
    uint64_t pa, pa2;
    if (!crosses_page(va, size))
        return translate(h, va, size, ACCESS_STORE, &pa) && phys_store(h, va, pa, size, val);
    unsigned first = GMEM_PAGE - (unsigned)(va & PAGE_MASK);
    uint64_t next = mmu_wrap(h, va + first);
    if (!translate(h, va, first, ACCESS_STORE, &pa) ||
        !translate(h, next, size - first, ACCESS_STORE, &pa2))
        return false;
    for (unsigned i = 0; i < size; i++) {
        bool in_first = i < first;
        if (!phys_store(h, in_first ? va : next, in_first ? pa + i : pa2 + i - first, 1,
                        val >> 8 * i & 0xff))
            return false;
    }
    return true;
}

uint8_t *mmu_ram(struct hart *h, uint64_t va, unsigned size, enum access acc, uint64_t *pa)
{
    if (va & (size - 1)) {
        h->exc = acc == ACCESS_LOAD ? EXC_LOAD_MISALIGNED : EXC_STORE_MISALIGNED;
        h->exc_tval = hart_is64(h) ? va : (uint64_t)(int64_t)(int32_t)va;
        return NULL;
    }
    if (!translate(h, va, size, acc, pa))
        return NULL;
    if (!has_ram(h, *pa, size)) {
        fault(h, acc, va, false);
        return NULL;
    }
    return h->ram + (*pa - h->ram_base);
}

bool mmu_fetch(struct hart *h, uint64_t va, uint64_t *pa, bool *part)
{
    if (!translate(h, va, 2, ACCESS_FETCH, pa))
        return false;
    /* only what holds for a whole page is in the TLB */
    *part = !tlb_hit(tlb_slot(h, va, &h->fetch), ACCESS_FETCH, va, 1, &h->fetch);
    return has_ram(h, *pa, 2) || fault(h, ACCESS_FETCH, va, false);
}

bool mmu_fetch_again(struct hart *h, uint64_t va, uint64_t pa)
{
    bool whole;
    return pmp_allows(h, pa, 2, ACCESS_FETCH, h->arch.priv, &whole) ||
           fault(h, ACCESS_FETCH, va, false);
}

bool mmu_probe(struct hart *h, uint64_t va, unsigned size)
{
    uint64_t pa;
    return translate(h, va, size, ACCESS_LOAD, &pa) || translate(h, va, size, ACCESS_STORE, &pa);
}
