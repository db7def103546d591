/* SPDX-License-Identifier: MIT */
/* What the host wishes, and the desktop that follows from it. */
#include "display/input.h"
#include "display/internal.h"

#define MAX_PICTURE 65536 /* pixels a side; a front-end's picture is smaller */

void display_wish(struct display *d, unsigned head, struct head_wish *out)
{
    pthread_mutex_lock(&d->lock);
    *out = d->head[head].wish;
    pthread_mutex_unlock(&d->lock);
}

void display_wishes(struct display *d, struct head_wish out[DISPLAY_MAX_HEADS])
{
    pthread_mutex_lock(&d->lock);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        out[i] = d->head[i].wish;
    pthread_mutex_unlock(&d->lock);
}

static bool same_wish(const struct head_wish *a, const struct head_wish *b)
{
    return a->connected == b->connected && a->width == b->width && a->height == b->height &&
           a->refresh_mhz == b->refresh_mhz;
}

static uint32_t in_range(uint32_t side)
{
    return MAX(1, MIN(side, IMAGE_MAX_SIDE));
}

static void set_wish(struct display *d, unsigned head, const struct head_wish *wish, bool remote)
{
    struct head_wish checked = *wish;
    checked.width = in_range(wish->width);
    checked.height = in_range(wish->height);
    pthread_mutex_lock(&d->on_wish.lock);
    pthread_mutex_lock(&d->lock);
    bool changed = !same_wish(&d->head[head].wish, &checked);
    d->head[head].wish = checked;
    d->head[head].wish_remote = remote;
    d->head[head].state.wish_gen += changed;
    pthread_mutex_unlock(&d->lock);
    if (changed && d->on_wish.fn)
        d->on_wish.fn(d->on_wish.ctx);
    pthread_mutex_unlock(&d->on_wish.lock);
    if (changed)
        viewers_wake(d);
}

void display_set_wish(struct display *d, unsigned head, const struct head_wish *wish)
{
    set_wish(d, head, wish, false);
}

void display_set_wish_remote(struct display *d, unsigned head, const struct head_wish *wish)
{
    set_wish(d, head, wish, true);
}

bool display_wish_is_remote(struct display *d, unsigned head)
{
    pthread_mutex_lock(&d->lock);
    bool remote = d->head[head].wish_remote;
    pthread_mutex_unlock(&d->lock);
    return remote;
}

bool display_has_gpu(struct display *d)
{
    pthread_mutex_lock(&d->on_wish.lock);
    bool has = d->on_wish.fn;
    pthread_mutex_unlock(&d->on_wish.lock);
    return has;
}

void display_on_wish(struct display *d, void (*fn)(void *ctx), void *ctx)
{
    listener_set(&d->on_wish, fn, ctx);
}

/* --- the desktop ------------------------------------------------------------------------------ */

struct rect desktop_place(const struct head_wish wish[DISPLAY_MAX_HEADS], unsigned head)
{
    uint32_t x = 0;
    if (!wish[head].connected)
        return (struct rect){0};
    for (unsigned i = 0; i < head; i++)
        x += wish[i].connected ? wish[i].width : 0;
    return (struct rect){x, 0, wish[head].width, wish[head].height};
}

struct rect display_place(struct display *d, unsigned head)
{
    struct head_wish wish[DISPLAY_MAX_HEADS];
    display_wishes(d, wish);
    return desktop_place(wish, head);
}

/* The middle of point `at` of `size` in a picture that lies at place..place+extent of total. */
static int32_t to_abs(uint32_t at, uint32_t size, uint32_t place, uint32_t extent, uint32_t total)
{
    size = MIN(MAX(size, 1), MAX_PICTURE);
    at = MIN(at, size - 1);
    if (!total)
        return 0;
    uint64_t middle = (uint64_t)place * 2 * size + (2 * (uint64_t)at + 1) * extent;
    return (int32_t)MIN(middle * (INPUT_ABS_MAX + 1) / (2 * (uint64_t)size * total), INPUT_ABS_MAX);
}

void display_abs(struct display *d, unsigned head, uint32_t x, uint32_t y, uint32_t w, uint32_t h,
                 int32_t *ax, int32_t *ay)
{
    struct head_wish wish[DISPLAY_MAX_HEADS];
    uint32_t width = 0, height = 0;
    display_wishes(d, wish);
    struct rect place = desktop_place(wish, head);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        struct rect r = desktop_place(wish, i);
        width = MAX(width, r.x + r.w);
        height = MAX(height, r.h);
    }
    *ax = to_abs(x, w, place.x, place.w, width);
    *ay = to_abs(y, h, place.y, place.h, height);
}
