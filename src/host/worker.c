/* SPDX-License-Identifier: MIT */
#include "host/worker.h"

#include "host/clock.h"
#include "host/thread.h"

#include <stdatomic.h>
#include <stdlib.h>

struct worker {
    void (*run)(void *ctx, uint32_t bits);
    void *ctx;
    bool threaded;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work; /* the worker sleeps here */
    pthread_cond_t idle; /* pausers sleep here */
    /* under lock */
    uint32_t pending;
    uint64_t deadline; /* run then, kicked or not; HOST_FOREVER: never */
    unsigned paused;
    bool running, quit;
    struct worker_stepper stepper; /* kicked NULL: none */
    /* read without the lock by worker_stopping */
    atomic_bool stopping;
};

/* Under the lock. */
static bool is_due(const struct worker *w)
{
    return w->pending || (w->deadline != HOST_FOREVER && w->deadline <= host_now_ns());
}

/* Called with the lock held; runs the function without it. */
static void run_once(struct worker *w)
{
    uint32_t bits = w->pending;
    if (w->deadline != HOST_FOREVER && w->deadline <= host_now_ns())
        w->deadline = HOST_FOREVER;
    w->pending = 0;
    w->running = true;
    pthread_mutex_unlock(&w->lock);
    w->run(w->ctx, bits);
    pthread_mutex_lock(&w->lock);
    w->running = false;
    if (worker_stopping(w))
        w->pending |= bits; /* it may have left early: look again after the pause */
    pthread_cond_broadcast(&w->idle);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->quit) {
        bool free = !w->paused && !w->running;
        if (free && is_due(w))
            run_once(w);
        else
            host_cond_wait_until(&w->work, &w->lock, free ? w->deadline : HOST_FOREVER);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct worker *worker_create(const char *name, bool threaded, void (*run)(void *ctx, uint32_t bits),
                             void *ctx)
{
    struct worker *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->run = run;
    w->ctx = ctx;
    w->threaded = threaded;
    w->deadline = HOST_FOREVER;
    pthread_mutex_init(&w->lock, NULL);
    host_cond_init(&w->work);
    pthread_cond_init(&w->idle, NULL);
    if (threaded && host_thread_start(&w->thread, name, worker_main, w)) {
        w->threaded = false;
        worker_destroy(w);
        return NULL;
    }
    return w;
}

void worker_destroy(struct worker *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->quit = true;
    atomic_store(&w->stopping, true);
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    if (w->threaded)
        pthread_join(w->thread, NULL);
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
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    if (w->stepper.kicked)
        w->stepper.kicked(w->stepper.arg);
}

bool worker_run_here(struct worker *w, uint32_t bits)
{
    pthread_mutex_lock(&w->lock);
    bool idle = w->threaded && !w->running && !w->pending && !w->paused && !w->quit;
    if (idle) {
        w->pending = bits;
        run_once(w);
        if (w->pending || w->deadline != HOST_FOREVER)
            pthread_cond_signal(&w->work); /* it stayed out of the way meanwhile */
    }
    pthread_mutex_unlock(&w->lock);
    return idle;
}

void worker_wake_at(struct worker *w, uint64_t deadline_ns)
{
    pthread_mutex_lock(&w->lock);
    w->deadline = deadline_ns;
    pthread_cond_signal(&w->work);
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
        pthread_cond_signal(&w->work);
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
    bool can = is_due(w) && !w->paused && !w->running;
    if (can)
        run_once(w);
    bool left = w->stepper.left && w->pending;
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
