/* SPDX-License-Identifier: MIT */
#include "board/internal.h"

#include "display/input.h"
#include "host/thread.h"

#include <stdlib.h>

bool requests_init(struct machine *m)
{
    struct requests *r = &m->requests;
    pthread_mutex_init(&r->lock, NULL);
    host_cond_init(&r->cond);
    r->end = &r->first;
    r->wanted_running = true;
    return true;
}

void requests_finish(struct machine *m)
{
    struct requests *r = &m->requests;
    while (r->first) {
        struct request *next = r->first->next;
        free(r->first);
        r->first = next;
    }
    while (m->listeners) {
        struct listener *next = m->listeners->next;
        free(m->listeners);
        m->listeners = next;
    }
    pthread_cond_destroy(&r->cond);
    pthread_mutex_destroy(&r->lock);
}

/*
 * Adds to the list. A guest may ask to quit, reset or be woken as often as it likes: one of each
 * waits at most. Stop and cont, each of which has its event, come from the host's side only.
 */
static void request(struct machine *m, enum request_kind kind, enum machine_cause cause, int status)
{
    struct requests *r = &m->requests;
    pthread_mutex_lock(&r->lock);
    bool host_side = kind == REQUEST_STOP || kind == REQUEST_CONT;
    struct request *q = host_side || !r->waiting[kind] ? malloc(sizeof(*q)) : NULL;
    if (q) {
        *q = (struct request){NULL, kind, cause, status};
        *r->end = q;
        r->end = &q->next;
        r->waiting[kind]++;
        if (host_side)
            r->wanted_running = kind == REQUEST_CONT;
        pthread_cond_signal(&r->cond);
    }
    pthread_mutex_unlock(&r->lock);
}

struct request requests_take(struct machine *m, uint64_t deadline_ns)
{
    struct requests *r = &m->requests;
    bool in_time = true;
    pthread_mutex_lock(&r->lock);
    while (!r->first && in_time)
        in_time = host_cond_wait_until(&r->cond, &r->lock, deadline_ns);
    struct request *q = r->first;
    if (!q) {
        pthread_mutex_unlock(&r->lock);
        return (struct request){.kind = REQUEST_NONE};
    }
    r->first = q->next;
    if (!r->first)
        r->end = &r->first;
    r->waiting[q->kind]--;
    pthread_mutex_unlock(&r->lock);
    struct request taken = *q;
    free(q);
    return taken;
}

void machine_quit(struct machine *m, int status, enum machine_cause cause)
{
    request(m, REQUEST_QUIT, cause, status);
}

void machine_reset(struct machine *m, enum machine_cause cause)
{
    request(m, REQUEST_RESET, cause, 0);
}

void machine_panic(struct machine *m, bool said)
{
    request(m, REQUEST_PANIC, CAUSE_GUEST_PANIC, 0);
    if (said)
        request(m, REQUEST_SAID, CAUSE_GUEST_PANIC, 0);
}

void machine_failure(struct machine *m, bool reboot)
{
    request(m, REQUEST_FAILURE, CAUSE_GUEST_PANIC, reboot);
}

void machine_stop(struct machine *m)
{
    request(m, REQUEST_STOP, CAUSE_NONE, 0);
}

void machine_cont(struct machine *m)
{
    request(m, REQUEST_CONT, CAUSE_NONE, 0);
}

void machine_powerdown(struct machine *m)
{
    request(m, REQUEST_POWERDOWN, CAUSE_NONE, 0);
}

bool machine_running(struct machine *m)
{
    pthread_mutex_lock(&m->requests.lock);
    bool running = m->requests.wanted_running;
    pthread_mutex_unlock(&m->requests.lock);
    return running;
}

void machine_on_event(struct machine *m,
                      void (*fn)(void *ctx, enum machine_event ev, enum machine_cause cause),
                      void *ctx)
{
    struct listener *l = malloc(sizeof(*l));
    if (!l)
        return;
    pthread_mutex_lock(&m->requests.lock);
    *l = (struct listener){m->listeners, fn, ctx};
    m->listeners = l;
    pthread_mutex_unlock(&m->requests.lock);
}

void machine_tell(struct machine *m, enum machine_event ev, enum machine_cause cause)
{
    pthread_mutex_lock(&m->requests.lock);
    struct listener *l = m->listeners; /* only ever added in front: the rest stays as it is */
    pthread_mutex_unlock(&m->requests.lock);
    for (; l; l = l->next)
        l->fn(l->ctx, ev, cause);
}
