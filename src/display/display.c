/* SPDX-License-Identifier: MIT */
/* The GPU's side: what heads show, and their cursors. */
#include "display/internal.h"

#include <stdlib.h>
#include <string.h>

void display_listener_set(struct display_listener *l, void (*fn)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&l->lock);
    l->fn = fn;
    l->ctx = ctx;
    pthread_mutex_unlock(&l->lock);
}

struct display *display_create(unsigned heads, const struct head_mode *preferred)
{
    struct display *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->heads = MIN(MAX(heads, 1), DISPLAY_MAX_HEADS);
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->on_preferred.lock, NULL);
    pthread_mutex_init(&d->on_presented.lock, NULL);
    pthread_cond_init(&d->woke, NULL);
    for (unsigned i = 0; i < d->heads; i++) {
        d->head[i].preferred = *preferred;
        d->head[i].preferred.connected = i == 0;
    }
    return d;
}

void display_destroy(struct display *d)
{
    if (!d)
        return;
    display_reset(d);
    pthread_cond_destroy(&d->woke);
    pthread_mutex_destroy(&d->on_presented.lock);
    pthread_mutex_destroy(&d->on_preferred.lock);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

unsigned display_heads(const struct display *d)
{
    return d->heads;
}

/* --- pictures --- */

static bool same_rect(const struct rect *a, const struct rect *b)
{
    return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
}

static void head_set_next(struct head *h, struct image *img, const struct rect *src)
{
    struct image *old = h->next.img;
    h->next = (struct scanout_src){NULL, {0}};
    if (img)
        h->next = (struct scanout_src){image_ref(img), *src};
    image_unref(old);
}

/* Makes the head show `scanout`, whose reference it takes over. image_show and image_hide, which
 * take the image's lock, are called outside the display's lock. */
static void head_switch(struct display *d, struct head *h, struct scanout_src scanout)
{
    struct scanout_src old = h->shown;
    if (scanout.img)
        image_show(scanout.img);
    pthread_mutex_lock(&d->lock);
    h->shown = scanout;
    struct head_state *s = &h->state;
    bool active = scanout.img;
    bool resized = active && (s->width != scanout.src.w || s->height != scanout.src.h);
    if (s->active != active || resized)
        s->mode_gen++;
    s->active = active;
    viewers_drop_damage(d, h);
    if (active) {
        s->width = scanout.src.w;
        s->height = scanout.src.h;
        viewers_damage(d, h, &(struct rect){0, 0, s->width, s->height});
    }
    pthread_mutex_unlock(&d->lock);
    if (old.img)
        image_hide(old.img);
    image_unref(old.img);
}

static void head_clear(struct display *d, struct head *h)
{
    if (!h->shown.img)
        return;
    viewers_last_look(d, h);
    head_switch(d, h, (struct scanout_src){NULL, {0}});
}

void display_set_scanout(struct display *d, unsigned head, struct image *img,
                         const struct rect *src)
{
    struct head *h = &d->head[head];
    if (img && img == h->shown.img && same_rect(src, &h->shown.src)) {
        head_set_next(h, NULL, NULL); /* the head shows it already */
        return;
    }
    head_set_next(h, img, src);
    if (!img) {
        head_clear(d, h);
        viewers_wake(d);
    }
}

void display_forget(struct display *d, struct image *img)
{
    for (unsigned i = 0; i < d->heads; i++) {
        struct head *h = &d->head[i];
        bool next = h->next.img == img;
        if (next)
            head_set_next(h, NULL, NULL);
        if (next || h->shown.img == img)
            head_clear(d, h);
    }
    viewers_wake(d);
}

/* Adds the flushed part of the head's image to its damage. */
static void head_flush(struct display *d, struct head *h, const struct rect *rect)
{
    struct rect part;
    if (!rect_intersect(rect, &h->shown.src, &part))
        return;
    part.x -= h->shown.src.x;
    part.y -= h->shown.src.y;
    pthread_mutex_lock(&d->lock);
    viewers_damage(d, h, &part);
    pthread_mutex_unlock(&d->lock);
}

void display_flush(struct display *d, struct image *img, const struct rect *rect)
{
    image_flush(img, rect);
    for (unsigned i = 0; i < d->heads; i++) {
        struct head *h = &d->head[i];
        if (h->next.img == img) {
            struct scanout_src next = h->next;
            h->next.img = NULL;
            head_switch(d, h, next);
        } else if (h->shown.img == img) {
            head_flush(d, h, rect);
        }
    }
    viewers_wake(d);
}

/* --- cursors --- */

static int32_t clamp_cursor(int32_t at)
{
    return MAX(-DISPLAY_CURSOR_FAR, MIN(at, DISPLAY_CURSOR_FAR));
}

/* Under the lock. */
static void cursor_move(struct head_state *s, int32_t x, int32_t y)
{
    x = clamp_cursor(x);
    y = clamp_cursor(y);
    if (s->cursor_x == x && s->cursor_y == y)
        return;
    s->cursor_x = x;
    s->cursor_y = y;
    s->cursor_pos_gen++;
}

/* Stores an image that is not empty; returns whether it differs from the one before. Under the
 * lock. */
static bool cursor_store(struct head *h, const struct picture *pic)
{
    uint32_t width = MIN(pic->width, DISPLAY_CURSOR), height = MIN(pic->height, DISPLAY_CURSOR);
    bool changed = width != h->cursor_width || height != h->cursor_height;
    h->cursor_width = width;
    h->cursor_height = height;
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *dst = h->cursor + (size_t)y * width * 4;
        const uint8_t *src = pic->data + (size_t)y * pic->stride;
        changed = changed || memcmp(dst, src, width * 4);
        memcpy(dst, src, width * 4);
    }
    return changed;
}

/* Stores the hot spot, clamped to the stored image; returns whether it changed. Under the lock. */
static bool cursor_set_hot(struct head *h, uint32_t x, uint32_t y)
{
    struct head_state *s = &h->state;
    x = MIN(x, h->cursor_width - 1);
    y = MIN(y, h->cursor_height - 1);
    bool changed = s->hot_x != x || s->hot_y != y;
    s->hot_x = x;
    s->hot_y = y;
    return changed;
}

void display_set_cursor(struct display *d, unsigned head, const struct picture *pic, int32_t x,
                        int32_t y, uint32_t hot_x, uint32_t hot_y)
{
    struct head *h = &d->head[head];
    struct head_state *s = &h->state;
    bool visible = pic && pic->width && pic->height;
    pthread_mutex_lock(&d->lock);
    bool changed = s->cursor_visible != visible;
    if (visible) {
        changed |= cursor_store(h, pic);
        changed |= cursor_set_hot(h, hot_x, hot_y);
    }
    s->cursor_visible = visible;
    s->cursor_gen += changed;
    cursor_move(s, x, y);
    pthread_mutex_unlock(&d->lock);
    viewers_wake(d);
}

void display_move_cursor(struct display *d, unsigned head, int32_t x, int32_t y)
{
    pthread_mutex_lock(&d->lock);
    cursor_move(&d->head[head].state, x, y);
    pthread_mutex_unlock(&d->lock);
    viewers_wake(d);
}

void display_reset(struct display *d)
{
    for (unsigned i = 0; i < d->heads; i++) {
        struct head *h = &d->head[i];
        head_set_next(h, NULL, NULL);
        head_clear(d, h);
        pthread_mutex_lock(&d->lock);
        h->state.cursor_gen += h->state.cursor_visible;
        h->state.cursor_visible = false;
        pthread_mutex_unlock(&d->lock);
    }
    viewers_wake(d);
}

/* --- pacing --- */

void display_frame(struct display *d, const struct image *img, struct display_frame *frame)
{
    pthread_mutex_lock(&d->lock);
    for (unsigned i = 0; i < d->heads; i++) {
        if (d->head[i].shown.img != img)
            continue;
        frame->heads |= UINT32_C(1) << i;
        frame->gen[i] = d->head[i].state.frame_gen;
    }
    pthread_mutex_unlock(&d->lock);
}

/* True if v paces a head of the frame and has not presented that frame. Under the lock. */
static bool viewer_pending(const struct viewer *v, const struct display_frame *frame)
{
    for (unsigned i = 0; i < v->display->heads; i++) {
        const struct viewer_head *vh = &v->head[i];
        if ((frame->heads >> i & 1) && vh->pacing && v->display->head[i].state.active &&
            (int32_t)(vh->presented_gen - frame->gen[i]) < 0)
            return true;
    }
    return false;
}

bool display_frame_pending(struct display *d, const struct display_frame *frame)
{
    bool pending = false;
    pthread_mutex_lock(&d->lock);
    for (struct viewer *v = d->viewers; v && !pending; v = v->next)
        pending = viewer_pending(v, frame);
    d->presented_awaited |= pending;
    pthread_mutex_unlock(&d->lock);
    return pending;
}

void display_on_presented(struct display *d, void (*fn)(void *ctx), void *ctx)
{
    display_listener_set(&d->on_presented, fn, ctx);
}
