/* SPDX-License-Identifier: MIT */
/* Preferred modes, hotplug, and the desktop that follows from them. */
#include "display/input.h"
#include "display/internal.h"

#define MAX_PICTURE 65536 /* pixels a side; a front-end's picture is smaller */

void display_preferred(struct display *d, unsigned head, struct head_mode *out)
{
    pthread_mutex_lock(&d->lock);
    *out = d->head[head].preferred;
    pthread_mutex_unlock(&d->lock);
}

void display_preferred_all(struct display *d, struct head_mode out[DISPLAY_MAX_HEADS])
{
    pthread_mutex_lock(&d->lock);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        out[i] = d->head[i].preferred;
    pthread_mutex_unlock(&d->lock);
}

static bool same_mode(const struct head_mode *a, const struct head_mode *b)
{
    return a->connected == b->connected && a->width == b->width && a->height == b->height &&
           a->refresh_mhz == b->refresh_mhz;
}

static uint32_t clamp_side(uint32_t side)
{
    return MAX(1, MIN(side, IMAGE_MAX_SIDE));
}

static void head_set_preferred(struct display *d, unsigned head, const struct head_mode *preferred,
                               bool remote)
{
    struct head_mode checked = *preferred;
    checked.width = clamp_side(preferred->width);
    checked.height = clamp_side(preferred->height);
    pthread_mutex_lock(&d->on_preferred.lock);
    pthread_mutex_lock(&d->lock);
    bool changed = !same_mode(&d->head[head].preferred, &checked);
    d->head[head].preferred = checked;
    d->head[head].preferred_remote = remote;
    d->head[head].state.preferred_gen += changed;
    pthread_mutex_unlock(&d->lock);
    if (changed && d->on_preferred.fn)
        d->on_preferred.fn(d->on_preferred.ctx);
    pthread_mutex_unlock(&d->on_preferred.lock);
    if (changed)
        viewers_wake(d);
}

void display_set_preferred(struct display *d, unsigned head, const struct head_mode *preferred)
{
    head_set_preferred(d, head, preferred, false);
}

void display_set_preferred_remote(struct display *d, unsigned head,
                                  const struct head_mode *preferred)
{
    head_set_preferred(d, head, preferred, true);
}

bool display_preferred_is_remote(struct display *d, unsigned head)
{
    pthread_mutex_lock(&d->lock);
    bool remote = d->head[head].preferred_remote;
    pthread_mutex_unlock(&d->lock);
    return remote;
}

bool display_has_gpu(struct display *d)
{
    pthread_mutex_lock(&d->on_preferred.lock);
    bool has = d->on_preferred.fn;
    pthread_mutex_unlock(&d->on_preferred.lock);
    return has;
}

void display_on_preferred(struct display *d, void (*fn)(void *ctx), void *ctx)
{
    display_listener_set(&d->on_preferred, fn, ctx);
}

/* --- the desktop --- */

struct rect desktop_position(const struct head_mode preferred[DISPLAY_MAX_HEADS], unsigned head)
{
    uint32_t x = 0;
    if (!preferred[head].connected)
        return (struct rect){0};
    for (unsigned i = 0; i < head; i++)
        x += preferred[i].connected ? preferred[i].width : 0;
    return (struct rect){x, 0, preferred[head].width, preferred[head].height};
}

/* Returns the tablet's position, along one axis, of the middle of point `at` of `size` in a picture
 * that begins at `start` and is `extent` long in a desktop of `total`. */
static int32_t to_abs(uint32_t at, uint32_t size, uint32_t start, uint32_t extent, uint32_t total)
{
    size = MIN(MAX(size, 1), MAX_PICTURE);
    at = MIN(at, size - 1);
    if (!total)
        return 0;
    uint64_t middle = (uint64_t)start * 2 * size + (2 * (uint64_t)at + 1) * extent;
    return (int32_t)MIN(middle * (INPUT_ABS_MAX + 1) / (2 * (uint64_t)size * total), INPUT_ABS_MAX);
}

void display_abs(struct display *d, unsigned head, uint32_t x, uint32_t y, uint32_t w, uint32_t h,
                 int32_t *ax, int32_t *ay)
{
    struct head_mode preferred[DISPLAY_MAX_HEADS];
    uint32_t width = 0, height = 0;
    display_preferred_all(d, preferred);
    struct rect at = desktop_position(preferred, head);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        struct rect r = desktop_position(preferred, i);
        width = MAX(width, r.x + r.w);
        height = MAX(height, r.h);
    }
    *ax = to_abs(x, w, at.x, at.w, width);
    *ay = to_abs(y, h, at.y, at.h, height);
}
