/* SPDX-License-Identifier: MIT */
/* A hart: its life, its mailbox for other threads, how it starts, stops, parks and runs. */
#include "cpu/hart.h"

#include "cpu/block.h"
#include "cpu/csr_bits.h"
#include "cpu/engine.h"
#include "cpu/mmu.h"
#include "cpu/pmp.h"
#include "cpu/trigger.h"

#include <stdlib.h>
#include <string.h>

static void hart_reset_state(struct hart *h)
{
    struct hart_arch *a = &h->arch;
    *a = (struct hart_arch){
        .priv = PRIV_M, .res_addr = RES_NONE, .stimecmp = UINT64_MAX, .sbi_timer = UINT64_MAX};
    /* Programs without an SBI rely on it, as QEMU does it: hardware sets A and D. */
    a->menvcfg = model_has(h->model, EXT_SVADU) ? ENVCFG_ADUE : 0;
    h->fp_dirty = false;
    h->minstret_base = h->mcycle_base = -(int64_t)hart_retired(h);
    h->align_mask = model_has(h->model, EXT_C) ? 0 : 2;
    h->stop_wanted = h->suspend_wanted = false;
    if (h->cpu->cfg.sbi) { /* what a firmware would have set up */
        a->medeleg = 0xb1ff;
        a->mideleg = S_IRQS;
        a->mcounteren = UINT32_MAX;
        a->scounteren = 7; /* OpenSBI lets programs read cycle, time, instret; Debian needs it */
        a->menvcfg |= ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE;
        if (model_has(h->model, EXT_SSTC))
            a->menvcfg |= ENVCFG_STCE;
        if (model_has(h->model, EXT_SVPBMT))
            a->menvcfg |= ENVCFG_PBMTE;
        a->mseccfg = MSECCFG_SSEED;
    }
    trigger_reset(h);
    pmp_changed(h); /* flushes and refreshes */
    hart_timer_update(h);
}

bool hart_create(struct cpu *cpu, unsigned id)
{
    struct hart *h = NULL;
    if (posix_memalign((void **)&h, 64, sizeof(*h)))
        return false;
    memset(h, 0, sizeof(*h));
    cpu->hart[id] = h;
    h->cpu = cpu;
    h->model = &cpu->cfg.model;
    h->mem = cpu->cfg.mem;
    h->map = cpu->cfg.map;
    h->id = id;
    h->ram_base = gmem_base(h->mem);
    h->ram_size = gmem_size(h->mem);
    h->ram = gmem_span(h->mem, h->ram_base, h->ram_size);
    h->code_epoch = atomic_load(&cpu->code_epoch);
    h->state = HART_STOPPED;
    pthread_mutex_init(&h->fence_lock, NULL);
    host_wakeup_init(&h->own_wakeup);
    h->wakeup = cpu->cfg.single_thread ? &cpu->single_wakeup : &h->own_wakeup;
    h->blocks = block_cache_create();
    if (!h->blocks || !tlb_create(h))
        return false;
    hart_reset_state(h);
    return true;
}

void hart_destroy(struct hart *h)
{
    if (!h)
        return;
    block_cache_destroy(h->blocks);
    tlb_destroy(h);
    host_wakeup_finish(&h->own_wakeup);
    pthread_mutex_destroy(&h->fence_lock);
    free(h);
}

void hart_reset(struct hart *h)
{
    atomic_store(&h->state, HART_STOPPED);
    atomic_store(&h->irq_lines, 0);
    hart_apply_fences(h);
    hart_fence_i(h); /* RAM is about to change, or did */
    hart_reset_state(h);
    block_cache_reset(h);
}

/* --- the mailbox: any thread --- */

void hart_set_pending(struct hart *h, uint32_t bits)
{
    atomic_fetch_or(&h->pending, bits);
    atomic_store(&h->limit, 0);
    if (atomic_load(&h->asleep))
        host_wakeup_raise(h->wakeup);
}

void hart_irq(struct hart *h, unsigned irq, bool level)
{
    if (!level)
        atomic_fetch_and(&h->irq_lines, ~(1u << irq));
    else if (!(atomic_fetch_or(&h->irq_lines, 1u << irq) >> irq & 1))
        hart_set_pending(h, PEND_IRQ);
}

void hart_send_ssi(struct hart *h)
{
    hart_irq(h, HART_IRQ_SSI, true);
}

enum hart_state hart_state(const struct hart *h)
{
    return atomic_load(&h->state);
}

bool hart_start(struct hart *h, uint64_t pc, bool machine_mode, uint64_t a0, uint64_t a1)
{
    uint32_t stopped = HART_STOPPED;
    if (!atomic_compare_exchange_strong(&h->state, &stopped, HART_START_PENDING))
        return false;
    h->start_pc = pc;
    h->start_machine = machine_mode;
    h->start_a0 = a0;
    h->start_a1 = a1;
    hart_set_pending(h, PEND_STATE);
    return true;
}

/* --- what is computed from the state --- */

void hart_refresh(struct hart *h)
{
    if (h->fp_dirty && (h->arch.mstatus & MSTATUS_FS))
        h->arch.mstatus |= MSTATUS_FS;
    h->fp_dirty = false;
    h->fp_on = (h->arch.mstatus & MSTATUS_FS) != 0;
    tlb_select(h);
}

uint64_t hart_mip(struct hart *h)
{
    uint64_t mip = h->arch.mip_soft | atomic_load_explicit(&h->irq_lines, memory_order_acquire);
    if (model_has(h->model, EXT_SSTC) && (h->arch.menvcfg & ENVCFG_STCE))
        mip &= ~(uint64_t)MIP_STIP;
    return mip | (h->timer_stip ? MIP_STIP : 0);
}

void hart_timer_update(struct hart *h)
{
    uint64_t cmp = h->arch.sbi_timer;
    if (model_has(h->model, EXT_SSTC) && (h->arch.menvcfg & ENVCFG_STCE) && h->arch.stimecmp < cmp)
        cmp = h->arch.stimecmp;
    hart_sync_clock(h);
    h->timer_stip = cmp != UINT64_MAX && vclock_ticks(h->cpu->cfg.clock) >= cmp;
    h->next_timer = h->timer_stip ? UINT64_MAX : cmp;
    if (h->cpu->cfg.single_thread)
        hart_limit_to_timers(h);
}

/* --- running --- */

/* Sets the hart to run at pc with its MMU off (SBI 2.0, "Hart Start", "Hart Suspend"). */
static void hart_begin(struct hart *h, uint64_t pc, bool machine_mode, uint64_t a0, uint64_t a1)
{
    h->arch.priv = machine_mode ? PRIV_M : PRIV_S;
    h->arch.satp = 0;
    h->arch.mstatus &= ~(MSTATUS_SIE | MSTATUS_MIE);
    if (!machine_mode && model_has(h->model, EXT_F))
        h->arch.mstatus |=
            MSTATUS_FS; /* as OpenSBI does: a hard-float kernel need not turn it on */
    h->arch.pc = (hart_is64(h) ? pc : (uint32_t)pc) & ~(UINT64_C(1) | h->align_mask);
    hart_set_reg(h, 10, a0);
    hart_set_reg(h, 11, a1);
    h->arch.wfi = false;
    hart_refresh(h);
}

static void hart_wait_parked(struct hart *h)
{
    struct cpu *cpu = h->cpu;
    pthread_mutex_lock(&cpu->park_lock);
    if (cpu->park_wanted) {
        atomic_store(&h->asleep, true);
        cpu->parked++;
        pthread_cond_broadcast(&cpu->park_cond);
        while (cpu->park_wanted && !atomic_load(&cpu->quit))
            pthread_cond_wait(&cpu->park_cond, &cpu->park_lock);
        cpu->parked--;
        atomic_store(&h->asleep, false);
    }
    pthread_mutex_unlock(&cpu->park_lock);
}

void hart_see_to_park(struct hart *h)
{
    while (atomic_load(&h->pending) & PEND_PARK) { /* again: the next may come while one ends */
        atomic_fetch_and(&h->pending, ~(uint32_t)PEND_PARK);
        hart_wait_parked(h);
    }
}

void hart_service(struct hart *h)
{
    hart_see_to_park(h);
    uint32_t bits = atomic_exchange(&h->pending, 0);
    if (bits & PEND_PARK) /* it came just now */
        hart_set_pending(h, PEND_PARK);
    if (bits & PEND_FENCE)
        hart_apply_fences(h);
    if ((bits & PEND_STATE) && atomic_load(&h->state) == HART_START_PENDING) {
        hart_begin(h, h->start_pc, h->start_machine, h->start_a0, h->start_a1);
        atomic_store(&h->state, HART_STARTED);
    }
}

bool hart_runnable(struct hart *h)
{
    if (h->stop_wanted) {
        h->stop_wanted = false;
        mmu_flush_all(h);
        atomic_store(&h->state, HART_STOPPED);
    }
    if (atomic_load(&h->state) == HART_STOPPED || atomic_load(&h->state) == HART_START_PENDING)
        return false;
    if (h->suspend_wanted)
        atomic_store(&h->state, HART_SUSPENDED);
    if (!h->arch.wfi && !h->suspend_wanted)
        return true;
    hart_timer_update(h);
    if (!trap_wakes(h))
        return false;
    h->arch.wfi = false;
    if (h->suspend_wanted) {
        h->suspend_wanted = false;
        if (!h->suspend_retentive)
            hart_begin(h, h->suspend_pc, false, h->id, h->suspend_opaque);
        atomic_store(&h->state, HART_STARTED);
    }
    return true;
}

void hart_run(struct hart *h, uint64_t end)
{
    hart_timer_update(h);
    trap_interrupt(h);
    atomic_store(&h->limit, end);
    if (h->cpu->cfg.single_thread)
        hart_limit_to_timers(h);
    if (atomic_load(&h->pending))
        return;
    h->cpu->cfg.engine->run(h);
    hart_publish(h);
}

/* --- for the SBI and devices, on the hart's own thread --- */

unsigned hart_id(const struct hart *h)
{
    return h->id;
}

uint64_t hart_reg(const struct hart *h, unsigned i)
{
    return h->arch.x[i];
}

void hart_set_reg(struct hart *h, unsigned i, uint64_t val)
{
    if (i)
        h->arch.x[i] = hart_is64(h) ? val : (uint64_t)(int64_t)(int32_t)val;
}

uint64_t hart_pc(const struct hart *h)
{
    return h->arch.pc;
}

uint64_t hart_store_pc(const struct hart *h)
{
    const struct block *b = h->access.block;
    if (!b)
        return h->arch.pc;
    return h->access.page + b->offset + block_position(b, h->access.op).bytes;
}

void hart_set_timer(struct hart *h, uint64_t ticks)
{
    h->arch.sbi_timer = ticks;
    hart_timer_update(h);
}

void hart_stop_self(struct hart *h)
{
    h->stop_wanted = true;
    atomic_store(&h->state, HART_STOP_PENDING);
}

void hart_again_self(struct hart *h)
{
    h->again_wanted = true;
}

void hart_suspend_self(struct hart *h, bool retentive, uint64_t pc, uint64_t opaque)
{
    h->suspend_wanted = true;
    h->suspend_retentive = retentive;
    h->suspend_pc = pc;
    h->suspend_opaque = opaque;
}

bool hart_copy_from_virt(struct hart *h, uint64_t va, void *dst, size_t len)
{
    uint64_t v;
    h->access.block = NULL; /* no load of the guest's */
    for (size_t i = 0; i < len; i++) {
        if (!mmu_load(h, va + i, 1, &v))
            return false;
        ((uint8_t *)dst)[i] = (uint8_t)v;
    }
    return true;
}
