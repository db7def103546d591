/* SPDX-License-Identifier: MIT */
/* The processor: its harts and their threads, parking, and the clock they share. */
#include "cpu/cpu.h"

#include "cpu/engine.h"
#include "cpu/hart.h"
#include "host/clock.h"

#include <stdio.h>
#include <stdlib.h>

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
    cpu->code_epoch = 1;
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
    atomic_store(&cpu->started, host_now_ns());
    for (unsigned i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof(name), "hart %u", i);
        int err = cpu->cfg.single_thread
                      ? host_thread_start(&cpu->thread[i], "harts", cpu_single_main, cpu)
                      : host_thread_start(&cpu->thread[i], name, hart_thread_main, cpu->hart[i]);
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
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        hart_reset(cpu->hart[i]);
}

void cpu_clock_changed(struct cpu *cpu)
{
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        hart_set_pending(cpu->hart[i], PEND_CLOCK);
}

void cpu_trim(struct cpu *cpu)
{
    if (cpu->cfg.engine->trim)
        cpu->cfg.engine->trim(cpu->engine);
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

struct hart *cpu_current(struct cpu *cpu)
{
    for (unsigned i = 0; i < cpu->threads; i++)
        if (pthread_equal(pthread_self(), cpu->thread[i]))
            return cpu->cfg.single_thread ? cpu->running : cpu->hart[i];
    return NULL;
}
