/* SPDX-License-Identifier: MIT */
/* Harts as threads: their loops, sleeping, parking and starting. */
#include "cpu/cpu.h"

#include "cpu/block.h"
#include "cpu/csr_bits.h"
#include "cpu/engine.h"
#include "cpu/hart.h"
#include "cpu/mmu.h"
#include "cpu/pmp.h"
#include "cpu/trigger.h"
#include "host/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE 16384 /* steps between looks at the clock */

/* A hart that runs fewer instructions in this time (ns) is idle. */
#define IDLE_TIME  (5 * NS_PER_SEC)
#define IDLE_INSNS 50000000

/* --- one hart -------------------------------------------------------------------------------- */

void hart_reset_state(struct hart *h)
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

static bool hart_create(struct cpu *cpu, unsigned id)
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
    h->code_epoch = 1;
    h->next_ctx = 1;
    h->state = HART_STOPPED;
    pthread_mutex_init(&h->fence_lock, NULL);
    host_wakeup_init(&h->own_wakeup);
    h->wakeup = cpu->cfg.single_thread ? &cpu->single_wakeup : &h->own_wakeup;
    h->blocks = block_cache_create();
    if (!h->blocks)
        return false;
    hart_reset_state(h);
    return true;
}

static void hart_destroy(struct hart *h)
{
    if (!h)
        return;
    block_cache_destroy(h->blocks);
    host_wakeup_finish(&h->own_wakeup);
    pthread_mutex_destroy(&h->fence_lock);
    free(h);
}

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

/* From here on the hart runs at pc with its MMU off ("Hart Start", "Hart Suspend"). */
static void begin(struct hart *h, uint64_t pc, bool machine_mode, uint64_t a0, uint64_t a1)
{
    h->arch.priv = machine_mode ? PRIV_M : PRIV_S;
    h->arch.satp = 0;
    h->arch.mstatus &= ~(MSTATUS_SIE | MSTATUS_MIE);
    if (!machine_mode && model_has(h->model, EXT_F))
        h->arch.mstatus |=
            MSTATUS_FS; /* as OpenSBI does: a hard-float kernel need not turn it on */
    h->arch.pc = (hart_is64(h) ? pc : (uint32_t)pc) & ~UINT64_C(1);
    hart_set_reg(h, 10, a0);
    hart_set_reg(h, 11, a1);
    h->arch.wfi = false;
    hart_refresh(h);
}

static void park_here(struct hart *h)
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
        park_here(h);
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
        begin(h, h->start_pc, h->start_machine, h->start_a0, h->start_a1);
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
            begin(h, h->suspend_pc, false, h->id, h->suspend_opaque);
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
}

/* When a sleeping hart must look at its timer again. */
static uint64_t deadline(const struct hart *h)
{
    if (atomic_load(&h->state) == HART_STOPPED || h->next_timer == UINT64_MAX)
        return HOST_FOREVER;
    return vclock_deadline(h->cpu->cfg.clock, h->next_timer);
}

/*
 * Before it sleeps. What a boot ran once would keep megabytes for ever: a hart that had next to
 * nothing to do for a while forgets its code, and decodes again what it needs when it needs it.
 */
static void trim_when_idle(struct hart *h)
{
    uint64_t now = host_now_ns();
    if (now < h->trim_time)
        return;
    if (h->icount - h->trim_icount < IDLE_INSNS)
        block_cache_trim(h);
    h->trim_time = now + IDLE_TIME;
    h->trim_icount = h->icount;
}

static void sleep_until_woken(struct hart *h)
{
    trim_when_idle(h);
    atomic_store(&h->asleep, true);
    if (!atomic_load(&h->pending) && !atomic_load(&h->cpu->quit)) {
        h->stats.wfi_sleeps++;
        host_wakeup_wait(h->wakeup, deadline(h));
        h->stats.wake_ups++;
    }
    atomic_store(&h->asleep, false);
}

static void *hart_main(void *arg)
{
    struct hart *h = arg;
    while (!atomic_load(&h->cpu->quit)) {
        hart_service(h);
        if (hart_runnable(h))
            hart_run(h, h->icount + SLICE);
        else
            sleep_until_woken(h);
    }
    return NULL;
}

/* --- the processor -----------------------------------------------------------------------------
 */

/* mtime was set, or a counted clock's next timer is sooner. */
static void clock_jumped(void *ctx)
{
    cpu_clock_changed(ctx);
}

/* Somebody waits for the thread that runs both the harts and the timers. */
static void hurry(struct cpu *cpu, bool on)
{
    if (cpu->cfg.single_thread)
        vclock_hurry(cpu->cfg.clock, on);
}

struct cpu *cpu_create(const struct cpu_config *config)
{
    struct cpu *cpu = calloc(1, sizeof(*cpu));
    if (!cpu)
        return NULL;
    cpu->cfg = *config;
    if (config->firmware)
        cpu->cfg.model.ext &= ~(UINT64_C(1) << EXT_ZKR);
    pthread_mutex_init(&cpu->park_lock, NULL);
    pthread_cond_init(&cpu->park_cond, NULL);
    host_wakeup_init(&cpu->single_wakeup);
    cpu->decoder = decoder_create(&cpu->cfg.model);
    bool ok = cpu->decoder != NULL;
    for (unsigned i = 0; i < config->harts && ok; i++)
        ok = hart_create(cpu, i);
    if (ok && config->engine->create) {
        cpu->engine = config->engine->create(cpu);
        ok = cpu->engine != NULL;
    }
    if (!ok) {
        cpu_destroy(cpu);
        return NULL;
    }
    vclock_on_jump(config->clock, clock_jumped, cpu);
    if (config->single_thread)
        vclock_set_counted(config->clock, clock_jumped, cpu);
    return cpu;
}

void cpu_destroy(struct cpu *cpu)
{
    if (!cpu)
        return;
    vclock_on_jump(cpu->cfg.clock, NULL, NULL);
    hurry(cpu, true);
    pthread_mutex_lock(&cpu->park_lock);
    atomic_store(&cpu->quit, true);
    pthread_cond_broadcast(&cpu->park_cond); /* parked harts end too */
    pthread_mutex_unlock(&cpu->park_lock);
    for (unsigned i = 0; i < cpu->cfg.harts && cpu->threads; i++)
        hart_set_pending(cpu->hart[i], PEND_STATE);
    for (unsigned i = 0; i < cpu->threads; i++) {
        host_wakeup_raise(cpu->hart[i]->wakeup);
        pthread_join(cpu->thread[i], NULL);
    }
    if (cpu->engine)
        cpu->cfg.engine->destroy(cpu->engine);
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        hart_destroy(cpu->hart[i]);
    decoder_destroy(cpu->decoder);
    host_wakeup_finish(&cpu->single_wakeup);
    pthread_cond_destroy(&cpu->park_cond);
    pthread_mutex_destroy(&cpu->park_lock);
    free(cpu);
}

int cpu_start(struct cpu *cpu)
{
    unsigned n = cpu->cfg.single_thread ? 1 : cpu->cfg.harts;
    for (unsigned i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof(name), "hart %u", i);
        int err = cpu->cfg.single_thread
                      ? host_thread_start(&cpu->thread[i], "harts", cpu_single_main, cpu)
                      : host_thread_start(&cpu->thread[i], name, hart_main, cpu->hart[i]);
        if (err)
            return err;
        pthread_mutex_lock(&cpu->park_lock);
        cpu->threads++;
        pthread_mutex_unlock(&cpu->park_lock);
    }
    return 0;
}

void cpu_park(struct cpu *cpu)
{
    pthread_mutex_lock(&cpu->park_lock);
    cpu->park_wanted++;
    hurry(cpu, true);
    pthread_mutex_unlock(&cpu->park_lock);
    for (unsigned i = 0; i < cpu->threads; i++)
        hart_set_pending(cpu->hart[i], PEND_PARK);
    pthread_mutex_lock(&cpu->park_lock);
    while (cpu->parked < cpu->threads)
        pthread_cond_wait(&cpu->park_cond, &cpu->park_lock);
    pthread_mutex_unlock(&cpu->park_lock);
}

void cpu_unpark(struct cpu *cpu)
{
    pthread_mutex_lock(&cpu->park_lock);
    cpu->park_wanted--;
    hurry(cpu, false);
    pthread_cond_broadcast(&cpu->park_cond);
    pthread_mutex_unlock(&cpu->park_lock);
}

void cpu_reset(struct cpu *cpu)
{
    cpu_hold(cpu, CPU_HOLD_POWER, false);
    for (unsigned i = 0; i < cpu->cfg.harts; i++) {
        struct hart *h = cpu->hart[i];
        atomic_store(&h->state, HART_STOPPED);
        atomic_store(&h->irq_lines, 0);
        hart_apply_fences(h);
        hart_reset_state(h);
        block_cache_reset(h);
    }
}

void cpu_clock_changed(struct cpu *cpu)
{
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        hart_set_pending(cpu->hart[i], PEND_CLOCK);
}

uint64_t cpu_time(struct cpu *cpu)
{
    uint64_t ns = 0;
    pthread_mutex_lock(&cpu->park_lock);
    for (unsigned i = 0; i < cpu->threads; i++)
        ns += host_thread_time(cpu->thread[i]);
    pthread_mutex_unlock(&cpu->park_lock);
    return ns;
}

unsigned cpu_harts(const struct cpu *cpu)
{
    return cpu->cfg.harts;
}

struct hart *cpu_hart(struct cpu *cpu, unsigned id)
{
    return cpu->hart[id];
}

const struct cpu_model *cpu_model_of(const struct cpu *cpu)
{
    return &cpu->cfg.model;
}

unsigned hart_id(const struct hart *h)
{
    return h->id;
}

/* --- self
 * ----------------------------------------------------------------------------------------- */

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

struct hart *cpu_current(struct cpu *cpu)
{
    for (unsigned i = 0; i < cpu->threads; i++)
        if (pthread_equal(pthread_self(), cpu->thread[i]))
            return cpu->cfg.single_thread ? cpu->running : cpu->hart[i];
    return NULL;
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

void hart_stats(const struct hart *h, struct hart_stats *out)
{
    *out = h->stats;
    out->instructions = hart_retired(h);
}
