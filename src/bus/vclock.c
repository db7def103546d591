/* SPDX-License-Identifier: MIT */
#include "bus/vclock.h"

#include "host/clock.h"
#include "host/thread.h"

#include <stdatomic.h>
#include <stdlib.h>

#define NS_PER_TICK   (NS_PER_SEC / VCLOCK_HZ)
#define MAX_LOADED_NS (UINT64_C(1) << 62) /* 146 years: sums of two times do not overflow */

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
    _Atomic uint64_t offset; /* mtime at guest time 0 */
    _Atomic bool counted;    /* time is `frozen`, moved on by vclock_advance */
    /* const while harts run */
    void (*jumped)(void *ctx);
    void *jumped_ctx;
    void (*sooner)(void *ctx);
    void *sooner_ctx;
    /* under lock, and read without it */
    _Atomic uint64_t next; /* when the first timer is due */
    /* under lock */
    struct vclock_timer *timers; /* by `due`; equals in the order in which they were set */
    uint64_t armed;              /* what the loop's timer is, or will be, set for */
    /* the loop's thread */
    struct loop_timer *timer; /* NULL: no loop */
    struct loop_event changed;
    atomic_uint hurry;
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
    atomic_init(&c->next, VCLOCK_NEVER);
    c->armed = VCLOCK_NEVER;
    return c;
}

void vclock_destroy(struct vclock *c)
{
    if (!c)
        return;
    vclock_detach(c);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* --- time --- */

/* A consistent view: guest nanoseconds now, whether the clock runs, and its origin. */
static uint64_t clock_sample(const struct vclock *c, bool *running, uint64_t *origin)
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

uint64_t vclock_ns(const struct vclock *c)
{
    bool running;
    uint64_t origin;
    return clock_sample(c, &running, &origin);
}

uint64_t vclock_ticks(const struct vclock *c)
{
    return vclock_ns(c) / NS_PER_TICK + atomic_load_explicit(&c->offset, memory_order_relaxed);
}

void vclock_set_ticks(struct vclock *c, uint64_t ticks)
{
    atomic_store(&c->offset, ticks - vclock_ns(c) / NS_PER_TICK);
    if (c->jumped)
        c->jumped(c->jumped_ctx);
}

void vclock_on_jump(struct vclock *c, void (*fn)(void *ctx), void *ctx)
{
    c->jumped = fn;
    c->jumped_ctx = ctx;
}

uint64_t vclock_ns_at(const struct vclock *c, uint64_t ticks)
{
    uint64_t now = vclock_ns(c) / NS_PER_TICK, mtime = now + atomic_load(&c->offset);
    if (ticks <= mtime)
        return mtime - ticks < now ? (now - (mtime - ticks)) * NS_PER_TICK : 0;
    uint64_t most = VCLOCK_NEVER / NS_PER_TICK - now;
    return ticks - mtime < most ? (now + (ticks - mtime)) * NS_PER_TICK : VCLOCK_NEVER;
}

uint64_t vclock_wall_ns(const struct vclock *c)
{
    return atomic_load(&c->wall) + vclock_ns(c);
}

void vclock_set_wall_ns(struct vclock *c, uint64_t ns)
{
    atomic_store(&c->wall, ns - vclock_ns(c));
}

/* The host_now_ns() value of guest time `ns`. */
static uint64_t host_deadline(const struct vclock *c, uint64_t ns)
{
    bool running;
    uint64_t origin;
    uint64_t now = clock_sample(c, &running, &origin);
    /* modulo 2^64: a clock that was loaded may be older than the host's */
    uint64_t host = atomic_load(&c->counted) ? host_now_ns() : origin + now;
    if (!running)
        return HOST_FOREVER;
    if (ns <= now)
        return host - MIN(now - ns, host);
    return ns - now < HOST_FOREVER - host ? host + (ns - now) : HOST_FOREVER;
}

uint64_t vclock_deadline(const struct vclock *c, uint64_t ticks)
{
    return host_deadline(c, vclock_ns_at(c, ticks));
}

static void clock_set_running(struct vclock *c, bool run)
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
    if (c->timer)
        loop_event_post(&c->changed);
}

void vclock_stop(struct vclock *c)
{
    clock_set_running(c, false);
}

void vclock_cont(struct vclock *c)
{
    clock_set_running(c, true);
}

bool vclock_running(const struct vclock *c)
{
    return atomic_load(&c->running);
}

/* --- timers --- */

void vclock_timer_init(struct vclock_timer *t, struct vclock *c, void (*fn)(void *arg), void *arg)
{
    *t = (struct vclock_timer){.clock = c, .fn = fn, .arg = arg, .due = VCLOCK_NEVER};
}

/* Lock held. */
static void unlink_timer(struct vclock *c, struct vclock_timer *t)
{
    struct vclock_timer **p = &c->timers;
    while (*p != t)
        p = &(*p)->next;
    *p = t->next;
    t->due = VCLOCK_NEVER;
}

static void note_first(struct vclock *c)
{
    atomic_store(&c->next, c->timers ? c->timers->due : VCLOCK_NEVER);
}

void vclock_timer_set(struct vclock_timer *t, uint64_t due)
{
    struct vclock *c = t->clock;
    pthread_mutex_lock(&c->lock);
    if (t->due != VCLOCK_NEVER)
        unlink_timer(c, t);
    t->due = due;
    if (due != VCLOCK_NEVER) {
        struct vclock_timer **p = &c->timers;
        while (*p && (*p)->due <= due)
            p = &(*p)->next;
        t->next = *p;
        *p = t;
    }
    bool sooner = due < atomic_load(&c->next), rearm = due < c->armed;
    note_first(c);
    if (rearm)
        c->armed = due;
    pthread_mutex_unlock(&c->lock);
    if (atomic_load(&c->counted)) {
        if (sooner && c->sooner)
            c->sooner(c->sooner_ctx);
    } else if (rearm && c->timer) {
        loop_event_post(&c->changed);
    }
}

void vclock_run(struct vclock *c)
{
    struct vclock_timer *t;
    uint64_t now = vclock_ns(c); /* what is set meanwhile waits for the next call: this one ends */
    if (atomic_load_explicit(&c->next, memory_order_relaxed) > now)
        return;
    pthread_mutex_lock(&c->lock);
    while ((t = c->timers) && t->due <= now && !vclock_hurried(c)) {
        unlink_timer(c, t);
        note_first(c);
        pthread_mutex_unlock(&c->lock);
        t->fn(t->arg);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
}

uint64_t vclock_next(const struct vclock *c)
{
    return atomic_load_explicit(&c->next, memory_order_relaxed);
}

/* The loop's thread. */
static void clock_run_due(void *arg)
{
    struct vclock *c = arg;
    if (atomic_load(&c->counted))
        return;
    vclock_run(c);
    pthread_mutex_lock(&c->lock);
    c->armed = atomic_load(&c->next);
    uint64_t deadline = c->armed == VCLOCK_NEVER ? HOST_FOREVER : host_deadline(c, c->armed);
    pthread_mutex_unlock(&c->lock);
    loop_timer_set(c->timer, deadline);
}

bool vclock_attach(struct vclock *c, struct loop *loop)
{
    loop_event_init(&c->changed, loop, clock_run_due, c);
    c->timer = loop_timer_add(loop, clock_run_due, c);
    return c->timer;
}

void vclock_detach(struct vclock *c)
{
    if (!c->timer)
        return;
    loop_event_cancel(&c->changed);
    loop_timer_remove(c->timer);
    c->timer = NULL;
}

/* --- state --- */

static void clock_save(void *dev, struct blob_out *out)
{
    const struct vclock *c = dev;
    blob_put_u64(out, vclock_ns(c));
    blob_put_u64(out, atomic_load(&c->offset));
    blob_put_u64(out, atomic_load(&c->wall));
}

static bool clock_load(void *dev, struct blob_in *in)
{
    struct vclock *c = dev;
    uint64_t ns = blob_get_u64(in), offset = blob_get_u64(in), wall = blob_get_u64(in);
    blob_check(in, ns < MAX_LOADED_NS, "a time too far in the future");
    if (!blob_check(in, !vclock_running(c), "the machine runs"))
        return false;
    pthread_mutex_lock(&c->lock);
    atomic_fetch_add(&c->seq, 1);
    atomic_store(&c->frozen, ns);
    atomic_store(&c->offset, offset);
    atomic_store(&c->wall, wall);
    atomic_fetch_add(&c->seq, 1);
    pthread_mutex_unlock(&c->lock);
    if (c->jumped)
        c->jumped(c->jumped_ctx);
    return true;
}

const struct chip_ops vclock_chip = {
    .name = "clock", .version = 1, .save = clock_save, .load = clock_load};

/* --- counted time --- */

void vclock_set_counted(struct vclock *c, void (*sooner)(void *ctx), void *ctx)
{
    c->sooner = sooner;
    c->sooner_ctx = ctx;
    atomic_store(&c->frozen, 0);
    atomic_store(&c->offset, 0);
    atomic_store(&c->counted, true);
}

void vclock_advance(struct vclock *c, uint64_t ns)
{
    if (atomic_load(&c->running))
        atomic_fetch_add(&c->frozen, ns);
}

void vclock_hurry(struct vclock *c, bool on)
{
    if (on)
        atomic_fetch_add(&c->hurry, 1);
    else
        atomic_fetch_sub(&c->hurry, 1);
}

bool vclock_hurried(const struct vclock *c)
{
    return atomic_load_explicit(&c->hurry, memory_order_relaxed) > 0;
}
