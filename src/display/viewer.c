/* SPDX-License-Identifier: MIT */
/* Viewers: their damage, waking them, and which frames they have presented. */
#include "display/internal.h"

#include "host/thread.h"

#include <stdlib.h>

/* A viewer's damage is merged into one box when it has more boxes than this. */
#define MAX_BOXES 64

/* --- damage and waking --- */

static struct rect head_rect(const struct head *h)
{
    return (struct rect){0, 0, h->state.width, h->state.height};
}

static void damage_set(pixman_region32_t *damage, const struct rect *r)
{
    pixman_region32_fini(damage);
    pixman_region32_init_rect(damage, (int)r->x, (int)r->y, r->w, r->h);
}

static void damage_add(pixman_region32_t *damage, const struct rect *r, const struct rect *all)
{
    if (!pixman_region32_union_rect(damage, damage, (int)r->x, (int)r->y, r->w, r->h))
        damage_set(damage, all); /* no memory for a list of boxes; a single one needs none */
    region_limit(damage, MAX_BOXES);
}

void viewers_damage(struct display *d, struct head *h, const struct rect *part)
{
    unsigned i = (unsigned)(h - d->head);
    struct rect all = head_rect(h);
    h->state.frame_gen++;
    for (struct viewer *v = d->viewers; v; v = v->next)
        damage_add(&v->head[i].damage, part, &all);
}

void viewers_drop_damage(struct display *d, const struct head *h)
{
    for (struct viewer *v = d->viewers; v; v = v->next)
        damage_set(&v->head[h - d->head].damage, &(struct rect){0});
}

static bool viewer_behind(const struct viewer_head *vh, const struct head_state *s)
{
    return !vh->taken || vh->mode_gen != s->mode_gen || vh->frame_gen != s->frame_gen ||
           vh->cursor_gen != s->cursor_gen || vh->cursor_pos_gen != s->cursor_pos_gen;
}

/* Returns whether v must be woken, and marks its heads as woken. Under the lock. */
static bool viewer_mark_woken(struct viewer *v)
{
    bool due = false;
    for (unsigned i = 0; i < v->display->heads; i++) {
        struct viewer_head *vh = &v->head[i];
        const struct head_state *s = &v->display->head[i].state;
        bool behind = !vh->woken && viewer_behind(vh, s);
        if (!behind && vh->preferred_notified == s->preferred_gen)
            continue;
        vh->woken |= behind;
        vh->preferred_notified = s->preferred_gen;
        due = true;
    }
    return due && !v->leaving;
}

void viewers_wake(struct display *d)
{
    pthread_mutex_lock(&d->lock);
    for (struct viewer *v = d->viewers; v; v = v->next) {
        if (!viewer_mark_woken(v))
            continue;
        v->waking++;
        pthread_mutex_unlock(&d->lock);
        v->wake(v->ctx);
        pthread_mutex_lock(&d->lock);
        v->waking--;
        pthread_cond_broadcast(&d->woke);
    }
    pthread_mutex_unlock(&d->lock);
}

void viewers_last_look(struct display *d, const struct head *h)
{
    unsigned head = (unsigned)(h - d->head);
    pthread_mutex_lock(&d->lock);
    for (struct viewer *v = d->viewers; v; v = v->next) {
        if (!v->last || v->leaving)
            continue;
        v->waking++;
        pthread_mutex_unlock(&d->lock);
        v->last(v->ctx, head);
        pthread_mutex_lock(&d->lock);
        v->waking--;
        pthread_cond_broadcast(&d->woke);
    }
    pthread_mutex_unlock(&d->lock);
}

/* --- viewers --- */

struct viewer *display_attach(struct display *d, void (*wake)(void *ctx), void *ctx)
{
    struct viewer *v = calloc(1, sizeof(*v));
    if (!v)
        return NULL;
    v->display = d;
    v->wake = wake;
    v->ctx = ctx;
    pthread_mutex_lock(&d->lock);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        struct rect all = head_rect(&d->head[i]);
        pixman_region32_init(&v->head[i].damage);
        v->head[i].preferred_notified = d->head[i].state.preferred_gen;
        if (d->head[i].state.active)
            damage_set(&v->head[i].damage, &all);
    }
    v->next = d->viewers;
    d->viewers = v;
    pthread_mutex_unlock(&d->lock);
    return v;
}

/* Calls the listener if a frame was pending: it may be no longer. Without the lock. */
static void notify_presented(struct display *d)
{
    pthread_mutex_lock(&d->lock);
    bool awaited = d->presented_awaited;
    d->presented_awaited = false;
    pthread_mutex_unlock(&d->lock);
    if (!awaited)
        return;
    pthread_mutex_lock(&d->on_presented.lock);
    if (d->on_presented.fn)
        d->on_presented.fn(d->on_presented.ctx);
    pthread_mutex_unlock(&d->on_presented.lock);
}

void viewer_on_dark(struct viewer *v, void (*last)(void *ctx, unsigned head))
{
    pthread_mutex_lock(&v->display->lock);
    v->last = last;
    pthread_mutex_unlock(&v->display->lock);
}

void display_detach(struct viewer *v)
{
    if (!v)
        return;
    struct display *d = v->display;
    pthread_mutex_lock(&d->lock);
    v->leaving = true;
    while (v->waking)
        pthread_cond_wait(&d->woke, &d->lock);
    struct viewer **p = &d->viewers;
    while (*p != v)
        p = &(*p)->next;
    *p = v->next;
    pthread_mutex_unlock(&d->lock);
    notify_presented(d);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        pixman_region32_fini(&v->head[i].damage);
    free(v);
}

/* Copies the state; before the first picture, its size is the preferred one. Under the lock. */
static void head_get_state(const struct head *h, struct head_state *state)
{
    *state = h->state;
    if (!state->width) {
        state->width = h->preferred.width;
        state->height = h->preferred.height;
    }
}

bool viewer_take(struct viewer *v, unsigned head, struct head_state *state,
                 pixman_region32_t *damage)
{
    struct display *d = v->display;
    struct viewer_head *vh = &v->head[head];
    pthread_mutex_lock(&d->lock);
    const struct head_state *now = &d->head[head].state;
    bool changed = viewer_behind(vh, now);
    head_get_state(&d->head[head], state);
    pixman_region32_t empty = vh->damage; /* swapped with the caller's, whose content is dropped */
    vh->damage = *damage;
    *damage = empty;
    pixman_region32_clear(&vh->damage);
    vh->taken = true;
    vh->woken = false;
    vh->mode_gen = now->mode_gen;
    vh->frame_gen = now->frame_gen;
    vh->cursor_gen = now->cursor_gen;
    vh->cursor_pos_gen = now->cursor_pos_gen;
    pthread_mutex_unlock(&d->lock);
    return changed;
}

uint64_t viewer_blank_deadline(const struct head_state *before, const struct head_state *taken,
                               uint64_t due, uint64_t now)
{
    if (taken->active)
        return HOST_FOREVER;
    return before->active ? now + DISPLAY_KEEP_NS : due;
}

void viewer_pace(struct viewer *v, unsigned head, bool on)
{
    struct display *d = v->display;
    struct viewer_head *vh = &v->head[head];
    pthread_mutex_lock(&d->lock);
    if (on && !vh->pacing)
        vh->presented_gen = d->head[head].state.frame_gen; /* frames from now on are pending */
    vh->pacing = on;
    pthread_mutex_unlock(&d->lock);
    if (!on)
        notify_presented(d);
}

void viewer_presented(struct viewer *v, unsigned head)
{
    struct display *d = v->display;
    struct viewer_head *vh = &v->head[head];
    pthread_mutex_lock(&d->lock);
    if (vh->taken && (int32_t)(vh->frame_gen - vh->presented_gen) > 0)
        vh->presented_gen = vh->frame_gen;
    pthread_mutex_unlock(&d->lock);
    notify_presented(d);
}

void display_state(struct display *d, unsigned head, struct head_state *state)
{
    pthread_mutex_lock(&d->lock);
    head_get_state(&d->head[head], state);
    pthread_mutex_unlock(&d->lock);
}
