/* SPDX-License-Identifier: MIT */
/*
 * All harts in one thread, in turns, so that a run can be repeated, instruction by instruction.
 *
 * Time is counted: a step (an instruction or a trap) takes NS_PER_STEP. The clock is moved on
 * whenever something looks at it, so a read of mtime is exact, and a turn is cut into pieces that
 * end where a timer is due: device timers run there (vclock_run), the hart's own raise their bits.
 *
 * The thread may leave the blocks at any block boundary (another thread parks it, the host's user types a key) and go on
 * with the same turn: what is decided between two pieces depends on the clock and the harts' state
 * alone, and would have been decided the same without the break. When all harts sleep, the thread
 * waits for as long by the host's clock, so an idle guest costs nothing, and then moves the clock
 * to exactly where the first timer is due. Only what comes from outside while they sleep, a key
 * say, finds the clock where the host's is.
 */
#include "bus/vclock.h"
#include "cpu/block.h"
#include "cpu/hart.h"
#include "host/clock.h"

#define NS_PER_STEP 10
#define TURN        10000  /* steps */
#define NAP_NS      100000 /* less than this is not worth a wait */

static void move_clock(struct hart *h, uint64_t icount)
{
    if (icount <= h->clocked)
        return;
    vclock_advance(h->cpu->cfg.clock, (icount - h->clocked) * NS_PER_STEP);
    h->clocked = icount;
}

void hart_sync_clock(struct hart *h)
{
    if (h->cpu->cfg.single_thread)
        move_clock(h, h->icount);
}

void hart_sync_access(struct hart *h)
{
    const struct access_place *at = &h->access;
    if (!h->cpu->cfg.single_thread || !at->block)
        return;
    unsigned index = block_position(at->block, at->op).index;
    move_clock(h, at->steps - (at->block->insns - index));
}

/* In steps of this hart; due: vclock_ns(). */
static uint64_t icount_at(const struct hart *h, uint64_t due)
{
    uint64_t now = vclock_ns(h->cpu->cfg.clock);
    if (due == VCLOCK_NEVER)
        return UINT64_MAX;
    return h->clocked + (due > now ? (due - now + NS_PER_STEP - 1) / NS_PER_STEP : 0);
}

/* When a hart that sleeps is woken by its timer. */
static uint64_t wake_time(const struct hart *h)
{
    uint32_t state = atomic_load(&h->state);
    if (state == HART_STOPPED || state == HART_START_PENDING || h->next_timer == UINT64_MAX)
        return VCLOCK_NEVER;
    return vclock_ns_at(h->cpu->cfg.clock, h->next_timer);
}

void hart_limit_to_timers(struct hart *h)
{
    uint64_t due = MIN(wake_time(h), vclock_next(h->cpu->cfg.clock)), end = icount_at(h, due);
    uint64_t limit = atomic_load(&h->limit);
    while (limit > end && !atomic_compare_exchange_weak(&h->limit, &limit, end)) {
    }
}

/* --- sleeping --- */

static void set_asleep(struct cpu *cpu, bool asleep)
{
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        atomic_store(&cpu->hart[i]->asleep, asleep);
}

static bool pends(struct cpu *cpu)
{
    bool pending = atomic_load(&cpu->quit);
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        pending |= atomic_load(&cpu->hart[i]->pending) != 0;
    return pending;
}

/* All harts sleep: waits until the first timer is due, or another thread wakes one. */
static void wait_for_timers(struct cpu *cpu)
{
    struct vclock *clock = cpu->cfg.clock;
    uint64_t now = vclock_ns(clock), first = vclock_next(clock), start = host_now_ns();
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        first = MIN(first, wake_time(cpu->hart[i]));
    bool timed = first != VCLOCK_NEVER && vclock_running(clock);
    uint64_t wait = first > now ? first - now : 0;
    if (timed && wait <= NAP_NS) {
        vclock_advance(clock, wait);
        return;
    }
    uint64_t until = timed && wait < HOST_FOREVER - start ? start + wait : HOST_FOREVER;
    if (host_wakeup_wait(&cpu->single_wakeup, until))
        wait = MIN(host_now_ns() - start, wait);
    vclock_advance(clock, wait);
}

static void sleep_all(struct cpu *cpu)
{
    set_asleep(cpu, true);
    if (!pends(cpu))
        wait_for_timers(cpu);
    set_asleep(cpu, false);
}

/* Until it is let go, or the thread is to park. */
static void sleep_while_held(struct cpu *cpu)
{
    set_asleep(cpu, true);
    if (atomic_load(&cpu->held) && !atomic_load(&cpu->quit) &&
        !(atomic_load(&cpu->hart[0]->pending) & PEND_PARK))
        host_wakeup_wait(&cpu->single_wakeup, HOST_FOREVER);
    set_asleep(cpu, false);
}

void cpu_hold(struct cpu *cpu, enum cpu_hold why, bool on)
{
    if (!cpu->cfg.single_thread)
        return;
    if (on)
        atomic_fetch_or(&cpu->held, why);
    else
        atomic_fetch_and(&cpu->held, ~(uint32_t)why);
    cpu_clock_changed(cpu); /* harts that run or sleep compare their timers */
}

/* --- turns --- */

/* One hart's turn; did it run? */
static bool take_turn(struct cpu *cpu, struct hart *h)
{
    uint64_t end = h->icount + TURN;
    bool ran = false;
    cpu->running = h;
    h->gave_up = false;
    do {
        hart_see_to_park(cpu->hart[0]); /* the thread's */
        hart_service(h);
        if (atomic_load(&cpu->held)) {
            sleep_while_held(cpu);
            continue;
        }
        vclock_run(cpu->cfg.clock);
        if (!hart_runnable(h))
            break;
        hart_run(h, end);
        hart_sync_clock(h);
        ran = true;
    } while (h->icount < end && !h->gave_up && !atomic_load(&cpu->quit));
    return ran;
}

void *cpu_single_main(void *arg)
{
    struct cpu *cpu = arg;
    while (!atomic_load(&cpu->quit)) {
        bool ran = false;
        for (unsigned i = 0; i < cpu->cfg.harts && !atomic_load(&cpu->quit); i++)
            ran |= take_turn(cpu, cpu->hart[i]);
        if (!ran)
            sleep_all(cpu);
    }
    return NULL;
}
