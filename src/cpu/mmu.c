/* SPDX-License-Identifier: MIT */
#include "cpu/mmu.h"

#include "cpu/csr_bits.h"
#include "cpu/pmp.h"
#include "cpu/trigger.h"

#include <string.h>

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

uint64_t mmu_satp_asid(const struct hart *h, uint64_t satp)
{
    return hart_is64(h) ? satp >> 44 & 0xffff : satp >> 22 & 0x1ff;
}

static uint64_t satp_root(const struct hart *h, uint64_t satp)
{
    return (hart_is64(h) ? satp & ((UINT64_C(1) << 44) - 1) : satp & 0x3fffff) << 12;
}

unsigned mmu_data_priv(const struct hart *h)
{
    if (h->arch.priv == PRIV_M && (h->arch.mstatus & MSTATUS_MPRV))
        return h->arch.mstatus >> MPP_SHIFT & 3;
    return h->arch.priv;
}

/* --- page walk --- */

struct mapping {
    uint64_t pa;
    bool readable, writable, executable; /* by the PTE, for this privilege */
    int big;                             /* as tlb_fill takes it */
    bool global;                         /* holds in all address spaces */
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
    m->global = false;
    for (unsigned level = s->levels; level-- > 0;) {
        uint64_t index = va >> (12 + level * s->bits) & ((1u << s->bits) - 1);
        uint64_t at = table + index * s->pte_size;
        bool whole;
        if (!has_ram(h, at, s->pte_size) ||
            !pmp_allows(h, at, s->pte_size, ACCESS_LOAD, PRIV_S, &whole))
            return AD_ACCESS;
        uint64_t pte = pte_read(h, at, s->pte_size);
        bool leaf = pte & (PTE_R | PTE_X);
        m->global |= pte & PTE_G;
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

/* What holds for the whole page enters the TLB. A walk for a load or store says nothing of fetching,
 * nor the reverse. */
static void fill(struct hart *h, struct tlb_view *view, uint64_t va, enum access acc,
                 const struct mapping *m, unsigned priv)
{
    uint64_t page = m->pa & ~PAGE_MASK;
    if (!has_ram(h, page, GMEM_PAGE))
        return;
    bool whole, fetch = acc == ACCESS_FETCH;
    bool may[3] = {!fetch && m->readable, !fetch && m->writable, fetch && m->executable};
    may[ACCESS_STORE] = may[ACCESS_STORE] && !h->log;
    for (unsigned a = 0; a < 3; a++)
        may[a] = may[a] && pmp_allows(h, page, GMEM_PAGE, a, priv, &whole) && whole &&
                 !trigger_in_page(h, va, a);
    tlb_fill(h, view, va, h->ram + (page - h->ram_base), may, m->big);
    if (m->global)
        tlb_note_global(view, va);
}

/* Translates and checks one access that does not cross a page. */
static bool translate(struct hart *h, uint64_t va, unsigned size, enum access acc, uint64_t *pa)
{
    struct tlb_view *view = acc == ACCESS_FETCH ? h->fetch : h->data;
    unsigned priv = acc == ACCESS_FETCH ? h->arch.priv : mmu_data_priv(h);
    const struct tlb_entry *e = tlb_slot(view, va);
    if (tlb_hit(e, acc, va, 1)) {
        *pa = (uint64_t)(va + e->addend - (uintptr_t)h->ram) + h->ram_base;
        return true;
    }
    counter_add(&h->counts.tlb_misses, 1);
    if (unlikely(h->triggers_on) && acc != ACCESS_FETCH && trigger_fires(h, va, size, acc))
        return false;
    struct mapping m = {va, true, true, true, -1, false};
    if (priv != PRIV_M && satp_scheme(h, h->arch.satp) && !walk(h, va, acc, priv, &m))
        return false;
    bool whole;
    if (!pmp_allows(h, m.pa, size, acc, priv, &whole))
        return fault(h, acc, va, false);
    fill(h, view, va, acc, &m, priv);
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

/* False: the store is not to be done. */
static bool log_store(struct hart *h, uint64_t pa, unsigned size)
{
    struct store_log *log = h->log;
    if (!log->on)
        return true;
    if (log->count == STORE_LOG_MAX)
        return false;
    uint64_t old = ram_load(h->ram + (pa - h->ram_base), size);
    log->store[log->count++] = (struct logged_store){.pa = pa, .old = old, .size = size};
    return true;
}

static bool refuses_devices(const struct hart *h)
{
    return unlikely(h->log) && h->log->on && h->log->refuse;
}

static bool phys_load(struct hart *h, uint64_t va, uint64_t pa, unsigned size, uint64_t *val)
{
    if (likely(has_ram(h, pa, size))) {
        *val = ram_load(h->ram + (pa - h->ram_base), size);
        return true;
    }
    if (refuses_devices(h))
        return false;
    hart_sync_access(h);
    return map_read(h->map, pa, size, val) || fault(h, ACCESS_LOAD, va, false);
}

static bool phys_store(struct hart *h, uint64_t va, uint64_t pa, unsigned size, uint64_t val)
{
    if (likely(has_ram(h, pa, size))) {
        if (unlikely(h->log) && !log_store(h, pa, size))
            return false;
        ram_store(h->ram + (pa - h->ram_base), size, val);
        return true;
    }
    if (refuses_devices(h))
        return false;
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
    for (unsigned i = 0; unlikely(h->log) && acc == ACCESS_STORE && i < size; i += 8)
        if (!log_store(h, *pa + i, MIN(size, 8u)))
            return NULL;
    return h->ram + (*pa - h->ram_base);
}

bool mmu_fetch(struct hart *h, uint64_t va, uint64_t *pa, bool *part)
{
    if (!translate(h, va, 2, ACCESS_FETCH, pa))
        return false;
    /* only what holds for a whole page is in the TLB */
    *part = !tlb_hit(tlb_slot(h->fetch, va), ACCESS_FETCH, va, 1);
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
