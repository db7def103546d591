/* SPDX-License-Identifier: MIT */
#include "bus/vclock.h"

#include "host/clock.h"
#include "host/thread.h"

#include <stdatomic.h>
#include <stdlib.h>

#define NS_PER_TICK (NS_PER_SEC / VCLOCK_HZ)

/*
 * While the clock runs, guest time is host time minus `origin`; while it is stopped, guest time is
 * `frozen`. Readers take no lock: `seq` is odd during a change, and a reader that saw it move tries
 * again. Writers are serialised by `lock`.
 */
struct vclock {
    pthread_mutex_t lock;
    _Atomic uint32_t seq;
    _Atomic bool running;
    _Atomic uint64_t origin; /* host ns at which guest time was 0, while running */
    _Atomic uint64_t frozen; /* guest ns, while stopped */
    _Atomic uint64_t wall;   /* wall-clock ns at guest time 0 */
    _Atomic bool counted;    /* time is `frozen`, moved on by vclock_advance */
};

struct vclock *vclock_create(void)
{
    struct vclock *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    pthread_mutex_init(&c->lock, NULL);
    atomic_init(&c->running, true);
    atomic_init(&c->origin, host_now_ns());
    atomic_init(&c->wall, host_wall_ns());
    return c;
}

void vclock_destroy(struct vclock *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* A consistent view: guest nanoseconds now, whether the clock runs, and its origin. */
static uint64_t sample(const struct vclock *c, bool *running, uint64_t *origin)
{
    for (;;) {
        uint32_t seq = atomic_load_explicit(&c->seq, memory_order_acquire);
        *running = atomic_load_explicit(&c->running, memory_order_relaxed);
        *origin = atomic_load_explicit(&c->origin, memory_order_relaxed);
        bool by_host = *running && !atomic_load_explicit(&c->counted, memory_order_relaxed);
        uint64_t ns = by_host ? host_now_ns() - *origin
                              : atomic_load_explicit(&c->frozen, memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        if (!(seq & 1) && atomic_load_explicit(&c->seq, memory_order_relaxed) == seq)
            return ns;
    }
}

static uint64_t guest_ns(const struct vclock *c)
{
    bool running;
    uint64_t origin;
    return sample(c, &running, &origin);
}

uint64_t vclock_ticks(const struct vclock *c)
{
    return guest_ns(c) / NS_PER_TICK;
}

uint64_t vclock_wall_ns(const struct vclock *c)
{
    return atomic_load(&c->wall) + guest_ns(c);
}

void vclock_set_wall_ns(struct vclock *c, uint64_t ns)
{
    atomic_store(&c->wall, ns - guest_ns(c));
}

uint64_t vclock_deadline(const struct vclock *c, uint64_t ticks)
{
    bool running;
    uint64_t origin;
    uint64_t now = sample(c, &running, &origin);
    if (atomic_load(&c->counted))
        origin = host_now_ns() - now;
    if (!running || ticks > (UINT64_MAX - 1 - origin) / NS_PER_TICK)
        return HOST_FOREVER;
    return origin + ticks * NS_PER_TICK;
}

static void change(struct vclock *c, bool run)
{
    pthread_mutex_lock(&c->lock);
    if (atomic_load(&c->running) != run) {
        uint64_t now = host_now_ns();
        atomic_fetch_add(&c->seq, 1);
        if (atomic_load(&c->counted))
            ; /* `frozen` stays as it is */
        else if (run)
            atomic_store(&c->origin, now - atomic_load(&c->frozen));
        else
            atomic_store(&c->frozen, now - atomic_load(&c->origin));
        atomic_store(&c->running, run);
        atomic_fetch_add(&c->seq, 1);
    }
    pthread_mutex_unlock(&c->lock);
}

void vclock_stop(struct vclock *c)
{
    change(c, false);
}

void vclock_cont(struct vclock *c)
{
    change(c, true);
}

void vclock_set_counted(struct vclock *c)
{
    atomic_store(&c->frozen, guest_ns(c));
    atomic_store(&c->counted, true);
}

void vclock_advance(struct vclock *c, uint64_t ticks)
{
    if (atomic_load(&c->running))
        atomic_fetch_add(&c->frozen, ticks * NS_PER_TICK);
}

uint64_t vclock_timer_set(struct vclock *c, struct vclock_timer *t, uint64_t due)
{
    t->seen = vclock_ticks(c);
    t->due = due;
    t->deadline = due == UINT64_MAX ? HOST_FOREVER : vclock_deadline(c, due);
    return t->deadline;
}

uint64_t vclock_timer_now(struct vclock *c, const struct vclock_timer *t)
{
    uint64_t now = vclock_ticks(c);
    if (!atomic_load(&c->counted) || now != t->seen || t->due <= now ||
        t->deadline == HOST_FOREVER || host_now_ns() < t->deadline)
        return now;
    vclock_advance(c, t->due - now);
    return vclock_ticks(c);
}
