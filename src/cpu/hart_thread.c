/* SPDX-License-Identifier: MIT */
/* The thread of a hart that has one of its own: run, or sleep until something is due. */
#include "cpu/block.h"
#include "cpu/hart.h"
#include "host/clock.h"

#define SLICE 16384 /* steps between looks at the clock */

/* A hart that runs fewer instructions in this time (ns) is idle. */
#define IDLE_TIME  (5 * NS_PER_SEC)
#define IDLE_INSNS 50000000

/* When a sleeping hart must look at its timer again. */
static uint64_t deadline(const struct hart *h)
{
    if (atomic_load(&h->state) == HART_STOPPED || h->next_timer == UINT64_MAX)
        return HOST_FOREVER;
    return vclock_deadline(h->cpu->cfg.clock, h->next_timer);
}

/*
 * Before it sleeps. Without this, code that ran once, at boot, would keep megabytes for ever: a
 * hart that was nearly idle for IDLE_TIME frees its blocks, and decodes again what it runs later.
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
        counter_add(&h->counts.wfi_sleeps, 1);
        host_wakeup_wait(h->wakeup, deadline(h));
        counter_add(&h->counts.wake_ups, 1);
    }
    atomic_store(&h->asleep, false);
}

void *hart_thread_main(void *arg)
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
