/* SPDX-License-Identifier: MIT */
#include "board/internal.h"

#include "host/thread.h"

#include <string.h>

void requests_init(struct machine *m)
{
    struct requests *r = &m->requests;
    pthread_mutex_init(&r->lock, NULL);
    host_cond_init(&r->cond);
    r->wanted_running = true;
}

void requests_finish(struct machine *m)
{
    pthread_cond_destroy(&m->requests.cond);
    pthread_mutex_destroy(&m->requests.lock);
}

static bool is_run_state(enum request_kind kind)
{
    return kind == REQUEST_STOP || kind == REQUEST_CONT;
}

/* Takes request number i out of the queue. */
static struct request queue_remove(struct requests *r, unsigned i)
{
    struct request taken = r->queue[i];
    r->count--;
    memmove(&r->queue[i], &r->queue[i + 1], (r->count - i) * sizeof(r->queue[0]));
    return taken;
}

/* Is a request of this kind in the queue? */
static bool queue_has(const struct requests *r, enum request_kind kind)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->queue[i].kind == kind)
            return true;
    return false;
}

/* Makes room for a stop or cont if RUN_REQUESTS of them wait: the newest, its opposite, and the new
 * one cancel each other. False: they did, and nothing is to be added. */
static bool run_state_fits(struct requests *r)
{
    unsigned waiting = 0, newest = 0;
    for (unsigned i = 0; i < r->count; i++) {
        if (is_run_state(r->queue[i].kind)) {
            waiting++;
            newest = i;
        }
    }
    if (waiting < RUN_REQUESTS)
        return true;
    queue_remove(r, newest);
    return false;
}

/*
 * Adds to the queue, whose room is part of the machine: a request is never lost for want of memory.
 * A guest may ask to quit, reset or be woken as often as it likes: one of each kind waits at most.
 * Stop and cont come from the host's side; each that changes the state has its event, so they wait
 * one by one. A second one of the same in a row changes nothing.
 */
static void request_add(struct machine *m, enum request_kind kind, enum machine_cause cause,
                        int status)
{
    struct requests *r = &m->requests;
    pthread_mutex_lock(&r->lock);
    bool add;
    if (is_run_state(kind)) {
        bool running = kind == REQUEST_CONT;
        add = running != r->wanted_running && run_state_fits(r);
        r->wanted_running = running;
    } else {
        add = !queue_has(r, kind);
    }
    if (add) {
        r->queue[r->count++] = (struct request){kind, cause, status};
        pthread_cond_signal(&r->cond);
    }
    pthread_mutex_unlock(&r->lock);
}

struct request requests_take(struct machine *m, uint64_t deadline_ns)
{
    struct requests *r = &m->requests;
    bool in_time = true;
    pthread_mutex_lock(&r->lock);
    while (!r->count && in_time)
        in_time = host_cond_wait_until(&r->cond, &r->lock, deadline_ns);
    struct request taken = r->count ? queue_remove(r, 0) : (struct request){.kind = REQUEST_NONE};
    pthread_mutex_unlock(&r->lock);
    return taken;
}

void machine_quit(struct machine *m, int status, enum machine_cause cause)
{
    request_add(m, REQUEST_QUIT, cause, status);
}

void machine_reset(struct machine *m, enum machine_cause cause)
{
    request_add(m, REQUEST_RESET, cause, 0);
}

void machine_panic(struct machine *m, bool said)
{
    request_add(m, REQUEST_PANIC, CAUSE_GUEST_PANIC, 0);
    if (said)
        request_add(m, REQUEST_SAID, CAUSE_GUEST_PANIC, 0);
}

void machine_failure(struct machine *m, bool reboot)
{
    request_add(m, REQUEST_FAILURE, CAUSE_GUEST_PANIC, reboot);
}

void machine_stop(struct machine *m)
{
    request_add(m, REQUEST_STOP, CAUSE_NONE, 0);
}

void machine_cont(struct machine *m)
{
    request_add(m, REQUEST_CONT, CAUSE_NONE, 0);
}

void machine_powerdown(struct machine *m)
{
    request_add(m, REQUEST_POWERDOWN, CAUSE_NONE, 0);
}

bool machine_running(struct machine *m)
{
    pthread_mutex_lock(&m->requests.lock);
    bool running = m->requests.wanted_running;
    pthread_mutex_unlock(&m->requests.lock);
    return running;
}

void machine_on_event(struct machine *m, struct machine_listener *l,
                      void (*fn)(void *ctx, enum machine_event ev, enum machine_cause cause),
                      void *ctx)
{
    pthread_mutex_lock(&m->requests.lock);
    *l = (struct machine_listener){m->listeners, fn, ctx};
    m->listeners = l;
    pthread_mutex_unlock(&m->requests.lock);
}

void machine_notify(struct machine *m, enum machine_event ev, enum machine_cause cause)
{
    pthread_mutex_lock(&m->requests.lock);
    struct machine_listener *l =
        m->listeners; /* only ever added in front: the rest stays as it is */
    pthread_mutex_unlock(&m->requests.lock);
    for (; l; l = l->next)
        l->fn(l->ctx, ev, cause);
}
