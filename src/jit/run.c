/* SPDX-License-Identifier: MIT */
/*
 * The executor: enters translated code where there is some and the interpreter elsewhere, has hot
 * code translated, and does in C what translated code cannot.
 */
#include "jit/internal.h"

#include <immintrin.h>
#include <stdlib.h>
#include <string.h>

#define MXCSR_MASKED 0x1f80
#define HOT_DEFAULT  128

const char *jit_lacks(void)
{
    return !__builtin_cpu_supports("avx2")     ? "AVX2"
           : !__builtin_cpu_supports("bmi")    ? "BMI1"
           : !__builtin_cpu_supports("bmi2")   ? "BMI2"
           : !__builtin_cpu_supports("fma")    ? "FMA"
           : !__builtin_cpu_supports("popcnt") ? "POPCNT"
                                               : NULL;
}

static struct jit_hart *jit_of(struct hart *h)
{
    return h->engine_data;
}

/* --- floating-point state --- */

/* MXCSR's flags are in another order than fflags'. */
static uint32_t fflags_of(uint32_t mxcsr)
{
    return (mxcsr & 1) << 4 | (mxcsr >> 2 & 1) << 3 | (mxcsr >> 3 & 1) << 2 |
           (mxcsr >> 4 & 1) << 1 | (mxcsr >> 5 & 1);
}

bool run_fp_pause(struct hart *h)
{
    if (!h->fp_live)
        return false;
    uint32_t flags = fflags_of(_mm_getcsr());
    if (flags) {
        h->arch.fflags |= flags;
        h->fp_dirty = true;
    }
    _mm_setcsr(jit_of(h)->host_mxcsr);
    h->fp_live = false;
    return true;
}

/* MXCSR becomes the guest's. False: its rounding mode is none that x86 has. */
static bool fp_resume(struct hart *h)
{
    static const uint16_t mode[4] = {0, 3, 1, 2}; /* nearest, to zero, down, up */
    if (h->arch.frm > 3)
        return false;
    jit_of(h)->host_mxcsr = _mm_getcsr();
    _mm_setcsr(MXCSR_MASKED | (uint32_t)mode[h->arch.frm] << 13);
    h->fp_live = true;
    return true;
}

static bool at_limit(const struct hart *h)
{
    return h->icount >= atomic_load_explicit(&h->limit, memory_order_relaxed);
}

/* --- what translated code calls --- */

static const struct jit_value leave = {0, true};

/* pc and icount exact, as a device may ask. */
static void locate(struct hart *h, uint32_t place)
{
    h->arch.pc = mmu_wrap(h, h->vbase + place_offset(place));
    h->icount -= place_left(place);
    h->access.block = NULL; /* so that arch.pc counts */
    if (h->cpu->cfg.single_thread)
        hart_sync_clock(h);
}

static struct jit_value faulted(struct hart *h)
{
    run_fp_pause(h);
    if (unlikely(h->log)) /* traps are the interpreter's */
        return leave;
    sys_fault(h);
    return leave;
}

struct jit_value jit_load(struct hart *h, uint64_t va, uint64_t none, uint32_t place)
{
    (void)none;
    unsigned kind = place_kind(place), size = 1u << (kind & 3);
    uint64_t v, after = h->icount;
    bool live = run_fp_pause(h);
    counter_add(&jit_of(h)->counts.calls[CALL_LOAD], 1);
    locate(h, place);
    if (!mmu_load(h, va, size, &v))
        return faulted(h);
    h->icount = after;
    if (live)
        fp_resume(h);
    unsigned shift = 64 - 8 * size; /* a device may answer with more bits than it was asked for */
    v = kind & 4 ? (uint64_t)((int64_t)(v << shift) >> shift) : v << shift >> shift;
    return (struct jit_value){v, 0};
}

struct jit_value jit_store(struct hart *h, uint64_t va, uint64_t value, uint32_t place)
{
    uint64_t after = h->icount;
    bool live = run_fp_pause(h);
    unsigned size = 1u << (place_kind(place) & 3);
    counter_add(&jit_of(h)->counts.calls[CALL_STORE], 1);
    locate(h, place);
    if (size < 8)
        value &= (UINT64_C(1) << 8 * size) - 1;
    if (!mmu_store(h, va, size, value))
        return faulted(h);
    h->icount = after;
    if (live)
        fp_resume(h);
    return (struct jit_value){0, 0};
}

struct jit_value jit_atomic(struct hart *h, uint64_t va, uint64_t none, uint32_t place)
{
    (void)none;
    unsigned kind = place_kind(place);
    uint64_t pa, after = h->icount;
    counter_add(&jit_of(h)->counts.calls[CALL_ATOMIC], 1);
    locate(h, place);
    uint8_t *p =
        mmu_ram(h, va, 1u << (kind & 3), kind & PLACE_READS ? ACCESS_LOAD : ACCESS_STORE, &pa);
    if (!p)
        return faulted(h);
    h->icount = after;
    return (struct jit_value){(uint64_t)(uintptr_t)p, 0};
}

static enum sys_result sys_or_cbo(struct hart *h, enum insn_id id, uint32_t word, unsigned len)
{
    if (insn_is_system(id))
        return sys_execute(h, id, word, len);
    return sys_cbo(h, id, mmu_wrap(h, h->arch.x[word >> 15 & 0x1f]), word) ? SYS_NEXT
                                                                           : sys_fault(h);
}

/* Executes a system instruction or cbo.*. Goes on behind it in the same region if nothing changed
 * that the region depends on, or what is to happen before the next instruction. */
struct jit_value jit_sys(struct hart *h, uint64_t word, uint64_t id_len, uint32_t place)
{
    uint64_t after = h->icount, key = h->jump_key;
    unsigned len = (unsigned)(id_len >> 16);
    bool live = run_fp_pause(h);
    counter_add(&jit_of(h)->counts.calls[CALL_SYSTEM], 1);
    locate(h, place);
    if (unlikely(h->log)) /* system instructions are the interpreter's */
        return leave;
    uint64_t next = mmu_wrap(h, h->arch.pc + len);
    switch (sys_or_cbo(h, (enum insn_id)(id_len & 0xffff), (uint32_t)word, len)) {
    case SYS_NEXT:
        h->arch.pc = next;
        h->icount++;
        break;
    default:
        if (h->arch.pc != next || h->jump_key != key || at_limit(h))
            return leave;
    }
    if (live && !fp_resume(h))
        return leave;
    h->icount = after;
    return (struct jit_value){0, false};
}

/* --- finding and making code --- */

static bool region_same(const struct hart *h, const struct region *r)
{
    const uint8_t *src = r->src, *ram = h->ram + (r->pa - h->ram_base);
    for (unsigned i = 0; i < r->extents; i++) {
        unsigned n = r->extent[i].end - r->extent[i].start;
        if (memcmp(ram + r->extent[i].start, src, n) != 0)
            return false;
        src += n;
    }
    return true;
}

/* Is the region equal to memory? The epoch is read before memory, so that what is written later is
 * found the next time. */
static bool region_verify(struct hart *h, struct region *r)
{
    uint64_t epoch = atomic_load(&h->cpu->code_epoch);
    uint64_t was = atomic_load(&r->epoch);
    if (!was)
        return false;
    counter_add(&jit_of(h)->counts.verified, 1);
    bool same = region_same(h, r);
    uint64_t now = same ? epoch : 0;
    while (was && (was < now || !now) && !atomic_compare_exchange_weak(&r->epoch, &was, now)) {
    }
    return same && was;
}

/* For code of an older epoch, before it runs: is it equal to memory? */
struct jit_value jit_verify(struct hart *h, uint64_t region, uint64_t none, uint32_t place)
{
    (void)none, (void)place;
    return (struct jit_value){region_verify(h, (struct region *)(uintptr_t)region), false};
}

const uint8_t *run_find_code(struct jit *j, struct hart *h, uint64_t pc, uint64_t *key)
{
    uint64_t pa;
    bool part;
    *key = 0;
    if (h->triggers_on || !mmu_fetch(h, pc, &pa, &part) || part)
        return NULL;
    *key = pa | h->fp_on;
    const struct jit_entry *e = cache_find(j, *key);
    if (!e || (atomic_load(&e->region->epoch) < h->code_epoch && !region_verify(h, e->region)))
        return NULL;
    return e->code;
}

/* All code is about to be dropped, or was: this hart drops its pointers to it. */
static void forget_code(struct hart *h)
{
    mmu_forget_native(h);
    memset(jit_of(h)->known, 0, sizeof(jit_of(h)->known));
    block_cache_reset(h);
}

static void try_empty(struct jit *j)
{
    pthread_mutex_lock(&j->lock);
    bool inside = false;
    for (unsigned i = 0; i < j->cpu->cfg.harts; i++) {
        struct jit_hart *jh = jit_of(j->cpu->hart[i]);
        inside |= atomic_load(&jh->inside);
    }
    if (atomic_load(&j->flushing) && !inside) {
        cache_empty(j);
        counter_add(&j->counts.flushes, 1);
        atomic_fetch_add(&j->generation, 1);
        atomic_store(&j->flushing, false);
    }
    pthread_mutex_unlock(&j->lock);
}

/* Says that the hart holds pointers into the code; false: all of it is being dropped. */
static bool go_inside(struct jit *j, struct hart *h)
{
    struct jit_hart *jh = jit_of(h);
    atomic_store(&jh->inside, true);
    if (atomic_load(&j->flushing)) {
        atomic_store(&jh->inside, false);
        try_empty(j);
        return false;
    }
    uint64_t generation = atomic_load(&j->generation);
    if (jh->generation != generation) {
        jh->generation = generation;
        forget_code(h);
    }
    return true;
}

static void come_out(struct hart *h)
{
    atomic_store_explicit(&jit_of(h)->inside, false, memory_order_release);
}

static void start_flush(struct jit *j)
{
    atomic_store(&j->flushing, true);
    for (unsigned i = 0; i < j->cpu->cfg.harts; i++)
        atomic_store(&j->cpu->hart[i]->limit, 0);
}

bool run_translate(struct jit *j, struct hart *h, uint64_t key, bool *later)
{
    *later = true;
    if (pthread_mutex_trylock(&j->lock))
        return false;
    uint64_t start = host_thread_time(pthread_self());
    bool made = jit_translate(j, h, key & ~UINT64_C(1));
    *later = !made && j->full;
    counter_add(&j->counts.ns, host_thread_time(pthread_self()) - start);
    pthread_mutex_unlock(&j->lock);
    if (*later)
        start_flush(j);
    return made;
}

/* The block at pc has run often enough, or has code already: sees to it that the interpreter comes
 * back there, or never again. */
static void translate_here(struct jit *j, struct hart *h, uint64_t key)
{
    uint64_t pc = h->arch.pc;
    struct block *b = block_next(h, pc, NULL, NULL);
    if (!b)
        return;
    if (!key || b->part || block_straddles(b)) {
        b->heat = 0;
        interp_bind_plain(b);
        return;
    }
    bool later;
    if (run_translate(j, h, key, &later)) {
        b->native = b;
        interp_bind_leave(h, b);
        return;
    }
    b->heat = 0;
    if (later)
        interp_bind_counting(h, b);
    else
        interp_bind_plain(b);
}

enum jit_exit run_code(struct hart *h, const struct thunks *t, const uint8_t *code)
{
    h->vbase = h->arch.pc & ~PAGE_MASK;
    struct jit_hart_counts *counts = &jit_of(h)->counts;
    uint64_t before = hart_retired(h);
    enum jit_exit why = (enum jit_exit)t->enter(h, code);
    counter_add(&counts->native, hart_retired(h) - before);
    counter_add(&counts->exits[why], 1);
    if (why == EXIT_FP && !h->fp_live && !fp_resume(h))
        return EXIT_INTERP;
    return why;
}

/* The interpreter, from an instruction that translated code does not do. It does that one even at the
 * limit: the attempt may have raised its floating-point flags already. After it, it comes back if it
 * would stop at once. */
static void interpret(struct hart *h)
{
    uint64_t limit = atomic_load(&h->limit), one = h->icount + 1;
    struct block *b = block_next(h, h->arch.pc, NULL, NULL);
    if (limit < one && atomic_compare_exchange_strong(&h->limit, &limit, one)) {
        interp_step(h);
        atomic_compare_exchange_strong(&h->limit, &one, limit);
    } else if (b && (b->native || b->heat >= h->hot)) {
        interp_step(h);
    } else {
        interp_run(h);
    }
}

/* The code for the hart's pc, after translated code was left for this reason; NULL: none that is
 * live. The view's native jumps are tried first, unless the reason is that they have none or an old
 * one; what is found else is put there. *key: see run_find_code, if there is none. */
static const uint8_t *next_code(struct jit *j, struct hart *h, enum jit_exit why, uint64_t *key)
{
    uint64_t pc = h->arch.pc;
    const struct native_jump *n = mmu_native_jump(h, pc);
    if (n->pc == pc && why != EXIT_LOOKUP && why != EXIT_STALE)
        return n->code;
    const uint8_t *code = run_find_code(j, h, pc, key);
    if (!code)
        return NULL;
    mmu_set_native(h, pc, code);
    uint64_t address = (uintptr_t)h->ram + (*key - h->ram_base);
    *jit_known(jit_of(h), address) = (struct native_jump){address, code};
    return code;
}

/* There is no code for the hart's pc: interprets until there is some, or some can be made. */
static void warm_up(struct jit *j, struct hart *h)
{
    uint64_t key;
    interp_run(h);
    if (at_limit(h)) /* else it is at a block that is hot or has code */
        return;
    if (!next_code(j, h, EXIT_LOOKUP, &key)) {
        translate_here(j, h, key);
        return;
    }
    struct block *b = block_next(h, h->arch.pc, NULL, NULL);
    if (b && !b->native) {
        b->native = b;
        interp_bind_leave(h, b);
    }
}

static void run_inside(struct jit *j, struct hart *h)
{
    enum jit_exit why = EXIT_LIMIT;
    uint64_t key;
    while (!at_limit(h) && !atomic_load_explicit(&j->flushing, memory_order_relaxed)) {
        const uint8_t *code = next_code(j, h, why, &key);
        why = code ? run_code(h, &j->thunks, code) : EXIT_INTERP;
        if (why != EXIT_INTERP)
            continue;
        run_fp_pause(h);
        if (code)
            interpret(h);
        else
            warm_up(j, h);
    }
}

static void jit_run(struct hart *h)
{
    struct jit *j = h->cpu->engine;
    if (!j->rw || !go_inside(j, h)) {
        interp_run(h);
        return;
    }
    if (j->verify)
        verify_run(j, h);
    else
        run_inside(j, h);
    run_fp_pause(h);
    come_out(h);
}

/* --- the engine --- */

static void jit_destroy(void *engine)
{
    struct jit *j = engine;
    if (!j)
        return;
    verify_destroy(j);
    for (unsigned i = 0; i < j->cpu->cfg.harts; i++) {
        free(j->cpu->hart[i]->engine_data);
        j->cpu->hart[i]->engine_data = NULL;
    }
    free(j->gen);
    cache_destroy(j);
}

static void *jit_create(struct cpu *cpu)
{
    struct jit *j = cache_create(cpu);
    if (!j)
        return NULL;
    bool ok = (j->gen = malloc(sizeof(*j->gen))) != NULL;
    if (j->rw && cpu->cfg.perf_map)
        perf_map_thunks(cpu->cfg.perf_map, j);
    j->cold = cpu->cfg.engine_cold;
    for (unsigned i = 0; i < cpu->cfg.harts; i++) {
        cpu->hart[i]->hot = (uint16_t)(cpu->cfg.engine_hot ? cpu->cfg.engine_hot : HOT_DEFAULT);
        cpu->hart[i]->engine_data = calloc(1, sizeof(struct jit_hart));
        ok = ok && cpu->hart[i]->engine_data;
    }
    if (ok && (!j->verify || verify_create(j)))
        return j;
    jit_destroy(j);
    return NULL;
}

static void jit_bind(struct hart *h, struct block *b)
{
    const struct jit *j = h->cpu->engine;
    if (j->rw && !j->verify && !b->part && !block_straddles(b))
        interp_bind_counting(h, b);
    else
        interp_bind(h, b);
}

static void jit_trim(void *engine)
{
    cache_trim(engine);
}

const struct engine_ops jit_engine = {
    .create = jit_create,
    .destroy = jit_destroy,
    .run = jit_run,
    .bind = jit_bind,
    .report = jit_report,
    .trim = jit_trim,
};
