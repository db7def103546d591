/* SPDX-License-Identifier: MIT */
/*
 * Fences between harts: fence.i and sfence.vma on behalf of another. The sender puts the request
 * into the target's mailbox and waits until the target has emptied it, or is known to look there
 * before it runs anything (`asleep`).
 */
#include "cpu/hart.h"
#include "cpu/mmu.h"
#include "host/clock.h"

#include <sched.h>
#include <string.h>

#define FENCE_SPINS 200                 /* about a microsecond */
#define FENCE_WAIT  (NS_PER_SEC / 1000) /* ns between two looks at a target that may sleep */

/* Stores before it are seen by whoever reads code in the new epoch. */
static uint64_t new_code_epoch(struct cpu *cpu)
{
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_fetch_add(&cpu->code_epoch, 1) + 1;
}

void hart_fence_i(struct hart *h)
{
    h->code_epoch = new_code_epoch(h->cpu);
}

void hart_apply_fences(struct hart *h)
{
    struct pending_fence list[FENCE_QUEUE];
    pthread_mutex_lock(&h->fence_lock);
    unsigned n = h->fence_count;
    memcpy(list, h->fences, MIN(n, FENCE_QUEUE) * sizeof(list[0]));
    bool fence_i = h->fence_i;
    h->fence_count = 0;
    h->fence_i = false;
    uint64_t asked = atomic_load(&h->fence_asked);
    pthread_mutex_unlock(&h->fence_lock);

    if (fence_i)
        h->code_epoch = atomic_load(&h->cpu->code_epoch);
    if (n > FENCE_QUEUE)
        mmu_flush_all(h);
    for (unsigned i = 0; i < n && n <= FENCE_QUEUE; i++) {
        const struct pending_fence *f = &list[i];
        if (f->size > 64 * GMEM_PAGE) {
            mmu_flush(h, false, 0, f->with_asid, f->asid);
            continue;
        }
        for (uint64_t off = 0; off < f->size; off += GMEM_PAGE)
            mmu_flush(h, true, mmu_wrap(h, f->va + off), f->with_asid, f->asid);
    }
    atomic_store(&h->fence_done, asked);
    for (uint64_t who = atomic_load(&h->cpu->fence_waiters); who; who &= who - 1)
        host_wakeup_raise(h->cpu->hart[__builtin_ctzll(who)]->wakeup);
}

static uint64_t ask_fence(struct hart *h, const struct pending_fence *f)
{
    pthread_mutex_lock(&h->fence_lock);
    if (!f)
        h->fence_i = true;
    else if (h->fence_count < FENCE_QUEUE)
        h->fences[h->fence_count++] = *f;
    else
        h->fence_count = FENCE_QUEUE + 1;
    uint64_t seq = atomic_fetch_add(&h->fence_asked, 1) + 1;
    pthread_mutex_unlock(&h->fence_lock);
    return seq;
}

static bool fence_over(struct cpu *cpu, struct hart *h, uint64_t seq)
{
    return atomic_load(&h->fence_done) >= seq || atomic_load(&h->asleep) ||
           atomic_load(&cpu->quit) || !cpu->threads;
}

/*
 * Waits until h has carried out fence `seq`, or sleeps. While it waits, `from` counts as asleep: it
 * empties its own mailbox before it runs anything again, so two harts can fence each other.
 *
 * This wait polls. A running target answers within a block, sooner than a wakeup takes: hence the
 * spins. A target that falls asleep or parks meanwhile raises no wakeup: hence the limit of 1 ms. A
 * caller that is no hart (from NULL) has no wakeup, and yields.
 */
static void await_fence(struct cpu *cpu, struct hart *from, struct hart *h, uint64_t seq)
{
    for (unsigned spins = 0; spins < FENCE_SPINS && !fence_over(cpu, h, seq); spins++)
        host_pause();
    if (!from) {
        while (!fence_over(cpu, h, seq))
            sched_yield();
        return;
    }
    atomic_store(&from->asleep, true);
    atomic_fetch_or(&cpu->fence_waiters, UINT64_C(1) << from->id);
    while (!fence_over(cpu, h, seq))
        host_wakeup_wait(from->wakeup, host_now_ns() + FENCE_WAIT);
    atomic_fetch_and(&cpu->fence_waiters, ~(UINT64_C(1) << from->id));
    atomic_store(&from->asleep, false);
}

/* f NULL: fence.i. */
static void remote_fence(struct cpu *cpu, struct hart *from, uint64_t mask,
                         const struct pending_fence *f)
{
    uint64_t seq[CPU_MAX_HARTS];
    bool direct = cpu->cfg.single_thread && from;
    for (unsigned i = 0; i < cpu->cfg.harts; i++) {
        struct hart *h = cpu->hart[i];
        if (!(mask >> i & 1))
            continue;
        seq[i] = ask_fence(h, f);
        if (h == from || direct)
            hart_apply_fences(h);
        else
            hart_set_pending(h, PEND_FENCE);
    }
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        if ((mask >> i & 1) && cpu->hart[i] != from)
            await_fence(cpu, from, cpu->hart[i], seq[i]);
}

void cpu_remote_fence_i(struct cpu *cpu, struct hart *from, uint64_t mask)
{
    new_code_epoch(cpu);
    remote_fence(cpu, from, mask, NULL);
}

void cpu_remote_sfence(struct cpu *cpu, struct hart *from, uint64_t mask, uint64_t va,
                       uint64_t size, bool with_asid, uint64_t asid)
{
    if (!size)
        size = UINT64_MAX;
    uint64_t head = va & PAGE_MASK;
    size = size > UINT64_MAX - head ? UINT64_MAX : size + head;
    struct pending_fence f = {va & ~PAGE_MASK, size, asid, with_asid};
    remote_fence(cpu, from, mask, &f);
}
