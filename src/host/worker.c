/* SPDX-License-Identifier: MIT */
#include "host/worker.h"

#include "host/clock.h"
#include "host/loop.h"
#include "host/thread.h"

#include <stdatomic.h>
#include <stdlib.h>

struct worker {
    worker_run_fn *run;
    void *ctx;
    bool threaded;
    struct loop *loop; /* NULL: none; only who set `running`, or paused the worker, uses it */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work; /* the worker's thread sleeps here, or in the loop */
    pthread_cond_t idle; /* worker_pause, worker_drain and worker_step wait here */
    /* under lock */
    uint32_t pending;
    bool again;        /* run may have returned early; it had no bits that `pending` could keep */
    uint64_t deadline; /* run then, kicked or not; HOST_FOREVER: never */
    unsigned paused;
    bool running; /* run or callbacks, on whatever thread */
    bool polling; /* the worker's thread sleeps in the loop */
    bool quit;
    struct worker_stepper stepper; /* kicked NULL: none */
    /* read without the lock by worker_stopping */
    atomic_bool stopping;
};

/* Under the lock. */
static bool is_due(const struct worker *w)
{
    return w->pending || w->again || (w->deadline != HOST_FOREVER && w->deadline <= host_now_ns());
}

/* Under the lock: the worker's thread checks its state again. */
static void wake_thread(struct worker *w)
{
    pthread_cond_signal(&w->work);
    if (w->polling)
        loop_wake(w->loop);
}

/* Called with the lock held; calls the function, and the loop's callbacks before it, without. */
static void run_once(struct worker *w, bool inline_run)
{
    uint32_t bits = w->pending;
    if (w->deadline != HOST_FOREVER && w->deadline <= host_now_ns())
        w->deadline = HOST_FOREVER;
    w->pending = 0;
    w->again = false;
    w->running = true;
    pthread_mutex_unlock(&w->lock);
    if (w->loop && !inline_run)
        loop_dispatch(w->loop);
    w->run(w->ctx, bits, inline_run);
    pthread_mutex_lock(&w->lock);
    w->running = false;
    if (worker_stopping(w)) { /* run may have returned early: call it again after the pause */
        w->pending |= bits;
        w->again = !bits;
    }
    pthread_cond_broadcast(&w->idle);
}

/*
 * Called with the lock held; sleeps in the loop without it: until a kick, a source or the deadline is
 * due, or something changed. True: run or a source is due. worker lock > loop lock.
 */
static bool poll_sources(struct worker *w)
{
    uint64_t now = host_now_ns(), max_wait = HOST_FOREVER;
    if (w->deadline != HOST_FOREVER)
        max_wait = w->deadline > now ? w->deadline - now : 0;
    if (w->pending || w->again || !w->threaded)
        max_wait = 0;
    loop_prepare(w->loop);
    w->polling = true;
    pthread_mutex_unlock(&w->lock);
    bool ready = loop_poll(w->loop, max_wait);
    pthread_mutex_lock(&w->lock);
    w->polling = false;
    return ready || is_due(w);
}

/* One turn of the worker's thread: runs, or sleeps until there may be something to do. */
static void worker_turn(struct worker *w)
{
    if (w->paused || w->running) {
        host_cond_wait_until(&w->work, &w->lock, HOST_FOREVER);
    } else if (w->loop) {
        bool due = poll_sources(w);
        if (due && !w->paused && !w->running && !w->quit) /* as of now, after the sleep */
            run_once(w, false);
    } else if (is_due(w)) {
        run_once(w, false);
    } else {
        host_cond_wait_until(&w->work, &w->lock, w->deadline);
    }
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->quit)
        worker_turn(w);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static struct worker *create_worker(const char *name, bool threaded, bool with_loop,
                                    worker_run_fn *run, void *ctx)
{
    struct worker *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->run = run;
    w->ctx = ctx;
    w->deadline = HOST_FOREVER;
    pthread_mutex_init(&w->lock, NULL);
    host_cond_init(&w->work);
    pthread_cond_init(&w->idle, NULL);
    w->loop = with_loop ? loop_create() : NULL;
    w->threaded = threaded;
    if ((with_loop && !w->loop) ||
        (threaded && host_thread_start(&w->thread, name, worker_main, w))) {
        w->threaded = false;
        worker_destroy(w);
        return NULL;
    }
    return w;
}

struct worker *worker_create(const char *name, bool threaded, worker_run_fn *run, void *ctx)
{
    return create_worker(name, threaded, false, run, ctx);
}

struct worker *worker_create_with_loop(const char *name, bool threaded, worker_run_fn *run,
                                       void *ctx)
{
    return create_worker(name, threaded, true, run, ctx);
}

struct loop *worker_loop(struct worker *w)
{
    return w->loop;
}

void worker_destroy(struct worker *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->quit = true;
    atomic_store(&w->stopping, true);
    wake_thread(w);
    pthread_mutex_unlock(&w->lock);
    if (w->threaded)
        pthread_join(w->thread, NULL);
    loop_destroy(w->loop);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->idle);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void worker_set_stepper(struct worker *w, const struct worker_stepper *s)
{
    w->stepper = *s;
}

void worker_kick(struct worker *w, uint32_t bits)
{
    pthread_mutex_lock(&w->lock);
    w->pending |= bits;
    wake_thread(w);
    pthread_mutex_unlock(&w->lock);
    if (w->stepper.kicked)
        w->stepper.kicked(w->stepper.arg);
}

bool worker_run_inline(struct worker *w, uint32_t bits)
{
    pthread_mutex_lock(&w->lock);
    bool idle = w->threaded && !w->running && !w->pending && !w->paused && !w->quit;
    if (idle) {
        w->pending = bits;
        run_once(w, true);
        /* The worker's thread waits on `work` if it woke while `running` was set; else it sleeps
         * with the deadline and the sources from before this call. */
        bool waits = w->loop ? !w->polling : w->deadline != HOST_FOREVER;
        if (w->pending || waits || (w->loop && loop_changed(w->loop)))
            wake_thread(w);
    }
    pthread_mutex_unlock(&w->lock);
    return idle;
}

void worker_wake_at(struct worker *w, uint64_t deadline_ns)
{
    pthread_mutex_lock(&w->lock);
    w->deadline = deadline_ns;
    wake_thread(w);
    pthread_mutex_unlock(&w->lock);
}

void worker_pause(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->paused++;
    atomic_store(&w->stopping, true);
    while (w->running)
        pthread_cond_wait(&w->idle, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

void worker_resume(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    if (--w->paused == 0) {
        atomic_store(&w->stopping, w->quit);
        wake_thread(w);
        pthread_cond_broadcast(&w->idle); /* a stepper waits there */
    }
    pthread_mutex_unlock(&w->lock);
}

bool worker_stopping(struct worker *w)
{
    return atomic_load_explicit(&w->stopping, memory_order_relaxed) ||
           (w->stepper.must_leave && w->stepper.must_leave(w->stepper.arg));
}

bool worker_step(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->stepper.kicked && w->paused && !w->quit)
        pthread_cond_wait(&w->idle, &w->lock);
    bool can = !w->paused && !w->running && (w->loop ? poll_sources(w) : is_due(w));
    can = can && !w->paused; /* since poll_sources let go of the lock */
    if (can)
        run_once(w, false);
    bool left = w->stepper.left && (w->pending || w->again);
    pthread_mutex_unlock(&w->lock);
    if (left)
        w->stepper.left(w->stepper.arg);
    return can;
}

void worker_drain(struct worker *w)
{
    if (!w->threaded) {
        while (worker_step(w)) {
        }
        return;
    }
    pthread_mutex_lock(&w->lock);
    while (w->running || (w->pending && !w->paused))
        pthread_cond_wait(&w->idle, &w->lock);
    pthread_mutex_unlock(&w->lock);
}
