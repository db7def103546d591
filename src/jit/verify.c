/* SPDX-License-Identifier: MIT */
/*
 * --jit=verify: all that translated code does is done again by the interpreter, and compared.
 *
 * A leg is one stay in translated code. It ends before what can be done but once: an access to a
 * device, a system instruction, a trap; at the latest after LEG_STEPS. Then its stores are undone from
 * the log that mmu.c keeps, the hart's state is as it was, and the interpreter runs to the same
 * icount. State and stores must be the same. What differs is printed, and the interpreter's result
 * counts. What ended the leg, and code that is not translated, is interpreted, once.
 *
 * All harts run in one thread and devices work between instructions, so nothing else writes memory
 * meanwhile. A and D bits that a walk sets during a leg stay set.
 */
#include "jit/internal.h"

#include <stdlib.h>
#include <string.h>

#define LEG_STEPS 1000
#define AD_BITS   UINT64_C(0xc0) /* of a page table entry */

struct verify {
    struct store_log native, oracle;
    struct hart_arch before, after;
    bool dirty_before, dirty_after;
    uint32_t
        early; /* flags that translated code has raised before the instruction that raises them */
};

static struct verify *verify_of(struct hart *h)
{
    return ((struct jit_hart *)h->engine_data)->verify;
}

bool verify_create(struct jit *j)
{
    bool ok = true;
    for (unsigned i = 0; i < j->cpu->cfg.harts && ok; i++) {
        struct jit_hart *jh = j->cpu->hart[i]->engine_data;
        ok = (jh->verify = calloc(1, sizeof(*jh->verify))) != NULL;
        j->cpu->hart[i]->log = ok ? &jh->verify->native : NULL;
    }
    return ok;
}

void verify_destroy(struct jit *j)
{
    for (unsigned i = 0; i < j->cpu->cfg.harts; i++) {
        struct jit_hart *jh = j->cpu->hart[i]->engine_data;
        j->cpu->hart[i]->log = NULL;
        if (jh)
            free(jh->verify);
    }
}

static void note_difference(struct hart *h)
{
    ((struct jit_hart *)h->engine_data)->differences++;
}

/* --- the log --- */

static void start_log(struct hart *h, struct store_log *log, bool refuse)
{
    log->count = 0;
    log->on = true;
    log->refuse = refuse;
    h->log = log;
}

static uint64_t memory_at(const struct hart *h, const struct logged_store *s)
{
    uint64_t v = 0;
    memcpy(&v, h->ram + (s->pa - h->ram_base), s->size);
    return v;
}

static void undo(struct hart *h, struct store_log *log)
{
    for (unsigned i = 0; i < log->count; i++)
        log->store[i].final = memory_at(h, &log->store[i]);
    for (unsigned i = log->count; i-- > 0;)
        memcpy(h->ram + (log->store[i].pa - h->ram_base), &log->store[i].old, log->store[i].size);
}

/* --- runs --- */

/* Sets a limit for a run of the engine's own; returns the old one. */
static uint64_t limit_to(struct hart *h, uint64_t icount)
{
    uint64_t old = atomic_load(&h->limit);
    while (icount < old && !atomic_compare_exchange_weak(&h->limit, &old, icount)) {
    }
    return old;
}

/* Puts it back, unless another thread or an instruction has lowered it. */
static void limit_back(struct hart *h, uint64_t icount, uint64_t old)
{
    if (icount < old && atomic_compare_exchange_strong(&h->limit, &icount, old))
        hart_limit_to_timers(h);
}

/* The interpreter, to exactly `until`. The limit is as before, but 0 if something pends. */
static void run_oracle(struct hart *h, uint64_t until)
{
    uint64_t old = atomic_load(&h->limit);
    while (h->icount < until) {
        bool far = h->icount + BLOCK_MAX_INSNS < until;
        atomic_store(&h->limit, far ? until - BLOCK_MAX_INSNS : until);
        if (far)
            interp_run(h);
        else
            interp_step(h);
    }
    atomic_store(&h->limit, old);
    if (atomic_load(&h->pending))
        atomic_store(&h->limit, 0);
}

/* --- comparing --- */

static void print_word(struct hart *h, const char *name, unsigned i, uint64_t native,
                       uint64_t oracle)
{
    if (native != oracle)
        log_warn(h->cpu->cfg.log, "verify:   %s%u: native %llx, interpreter %llx", name, i,
                 (unsigned long long)native, (unsigned long long)oracle);
}

static void report(struct hart *h, const struct verify *v, uint64_t steps)
{
    log_warn(h->cpu->cfg.log,
             "verify: hart %u, %llu steps from pc %llx to %llx, priv %u: translated code differs",
             h->id, (unsigned long long)steps, (unsigned long long)v->before.pc,
             (unsigned long long)h->arch.pc, v->before.priv);
    for (unsigned i = 1; i < 32; i++)
        print_word(h, "x", i, v->after.x[i], h->arch.x[i]);
    for (unsigned i = 0; i < 32; i++)
        print_word(h, "f", i, v->after.f[i], h->arch.f[i]);
    const uint64_t *a = (const uint64_t *)(const void *)&v->after;
    const uint64_t *b = (const uint64_t *)(const void *)&h->arch;
    for (unsigned i = offsetof(struct hart_arch, fflags) / 8; i < sizeof(v->after) / 8; i++)
        print_word(h, "word of struct hart_arch ", i, a[i], b[i]);
    print_word(h, "pc", 0, v->after.pc, h->arch.pc);
    print_word(h, "FS dirty", 0, v->dirty_after, h->fp_dirty);
    print_word(h, "stores", 0, v->native.count, v->oracle.count);
    for (unsigned i = 0; i < MIN(v->native.count, v->oracle.count); i++) {
        const struct logged_store *s = &v->native.store[i], *t = &v->oracle.store[i];
        print_word(h, "address of store ", i, s->pa, t->pa);
        print_word(h, "memory at store ", i, s->final, memory_at(h, s));
    }
}

/* Are the stores the same? Where only A and D bits are missing, the native run's walk has set them,
 * and the interpreter found the entry in the TLB: they are set again. */
static bool same_stores(struct hart *h, struct verify *v)
{
    if (v->native.count != v->oracle.count)
        return false;
    for (unsigned i = 0; i < v->native.count; i++) {
        const struct logged_store *s = &v->native.store[i], *t = &v->oracle.store[i];
        uint64_t now = memory_at(h, s);
        if (s->pa != t->pa || s->size != t->size || (s->final & ~AD_BITS) != (now & ~AD_BITS) ||
            (now & ~s->final))
            return false;
        if (now != s->final)
            memcpy(h->ram + (s->pa - h->ram_base), &s->final, s->size);
    }
    return true;
}

/* left: translated code has tried an instruction that it left to the interpreter, and may have raised
 * the flags of that one already. They are compared when it is done. */
static bool same_state(struct hart *h, struct verify *v, bool left)
{
    v->after.x[REG_SINK] = h->arch.x[REG_SINK];
    v->early = v->after.fflags & ~h->arch.fflags;
    if (h->arch.fflags & ~v->after.fflags)
        return false;
    if (v->early)
        v->after.fflags = h->arch.fflags;
    return !memcmp(&v->after, &h->arch, sizeof(v->after)) &&
           (left ? v->dirty_after >= h->fp_dirty : v->dirty_after == h->fp_dirty && !v->early);
}

/* --- legs --- */

/* False: translated code has done nothing, and what comes next is the interpreter's. */
static bool run_leg(struct jit *j, struct hart *h, struct verify *v, const uint8_t *code)
{
    uint64_t start = h->icount, limit = start + LEG_STEPS, old = limit_to(h, limit);
    v->before = h->arch;
    v->dirty_before = h->fp_dirty;
    v->early = 0;
    start_log(h, &v->native, true);
    enum jit_exit why;
    do
        why = run_code(h, &j->thunks, code);
    while (why == EXIT_FP && h->icount == start); /* MXCSR is the guest's now */
    run_fp_pause(h);
    v->native.on = false;
    limit_back(h, limit, old);
    uint64_t end = h->icount;
    v->after = h->arch;
    v->dirty_after = h->fp_dirty;
    undo(h, &v->native);
    h->arch = v->before;
    h->fp_dirty = v->dirty_before;
    h->icount = start;
    start_log(h, &v->oracle, false);
    run_oracle(h, end);
    v->oracle.on = false;
    if (h->icount != end || !same_state(h, v, why == EXIT_INTERP) || !same_stores(h, v)) {
        note_difference(h);
        report(h, v, end - start);
        v->early = 0;
    }
    return why != EXIT_INTERP && end != start;
}

/* What translated code left: one instruction, with its devices and traps. */
static void step(struct hart *h, struct verify *v)
{
    uint64_t pc = h->arch.pc;
    if (!interp_step(h) || !(v->early & ~h->arch.fflags))
        return;
    log_warn(h->cpu->cfg.log, "verify: hart %u, pc %llx: translated code has raised flags %x",
             h->id, (unsigned long long)pc, v->early & ~h->arch.fflags);
    note_difference(h);
}

/* One block, which is translated if it is hot. */
static void warm_up(struct jit *j, struct hart *h, uint64_t key)
{
    struct block *b = block_next(h, h->arch.pc, NULL, NULL);
    bool later = false;
    if (b && key && !b->part && !block_straddles(b) && ++b->heat >= h->hot) {
        b->heat = 0;
        if (run_translate(j, h, key, &later) || later)
            return;
    }
    uint64_t one = h->icount + 1, old = limit_to(h, one);
    interp_run(h);
    limit_back(h, one, old);
}

void verify_run(struct jit *j, struct hart *h)
{
    struct verify *v = verify_of(h);
    uint64_t key;
    while (h->icount < atomic_load(&h->limit) && !atomic_load(&j->flushing)) {
        const uint8_t *code = run_find_code(j, h, h->arch.pc, &key);
        if (!code) {
            warm_up(j, h, key);
            continue;
        }
        mmu_set_native(h, h->arch.pc, code);
        if (!run_leg(j, h, v, code))
            step(h, v);
    }
}
