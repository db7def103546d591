/* SPDX-License-Identifier: MIT */
#include "display/display.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A viewer's damage is merged into one box when it has more boxes than this. */
#define MAX_BOXES 64

struct shot {          /* what a head shows: a rectangle of an image */
    struct image *img; /* NULL: nothing */
    struct rect src;
};

struct head {
    /* the GPU's thread alone */
    struct shot next; /* named by set_scanout; img holds a reference */
    /* written by the GPU's thread under the display's lock, so that thread reads it without */
    struct shot shown; /* img holds a reference and is image_show'n */
    struct head_state state;
    uint32_t cursor_width, cursor_height;
    uint8_t cursor[DISPLAY_CURSOR * DISPLAY_CURSOR * 4]; /* BGRA, no padding */
    /* under the display's lock */
    struct head_wish wish;
};

struct viewer_head {
    bool woken; /* wake was called and the viewer has not taken since */
    bool taken;
    uint32_t mode_gen, frame_gen, cursor_gen, cursor_pos_gen; /* as last taken */
    pixman_region32_t damage;
};

struct viewer {
    struct display *display;
    void (*wake)(void *ctx);
    void *ctx;
    /* under the display's lock */
    struct viewer *next;
    bool leaving;
    unsigned waking; /* calls of wake that are running */
    struct viewer_head head[DISPLAY_MAX_HEADS];
};

struct display {
    unsigned heads;
    pthread_mutex_t lock;
    pthread_cond_t woke; /* a call of wake returned */
    struct viewer *viewers;
    /* Held while the listener runs, taken before `lock`. */
    pthread_mutex_t wish_lock;
    void (*on_wish)(void *ctx);
    void *on_wish_ctx;
    struct head head[DISPLAY_MAX_HEADS];
};

struct display *display_create(unsigned heads, const struct head_wish *wish)
{
    struct display *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->heads = MIN(MAX(heads, 1), DISPLAY_MAX_HEADS);
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->wish_lock, NULL);
    pthread_cond_init(&d->woke, NULL);
    for (unsigned i = 0; i < d->heads; i++) {
        d->head[i].wish = *wish;
        d->head[i].wish.connected = i == 0;
    }
    return d;
}

void display_destroy(struct display *d)
{
    if (!d)
        return;
    display_reset(d);
    pthread_cond_destroy(&d->woke);
    pthread_mutex_destroy(&d->wish_lock);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

unsigned display_heads(const struct display *d)
{
    return d->heads;
}

/* --- wishes ----------------------------------------------------------------------------------- */

void display_wish(struct display *d, unsigned head, struct head_wish *out)
{
    pthread_mutex_lock(&d->lock);
    *out = d->head[head].wish;
    pthread_mutex_unlock(&d->lock);
}

static bool same_wish(const struct head_wish *a, const struct head_wish *b)
{
    return a->connected == b->connected && a->width == b->width && a->height == b->height &&
           a->refresh_mhz == b->refresh_mhz;
}

void display_set_wish(struct display *d, unsigned head, const struct head_wish *wish)
{
    pthread_mutex_lock(&d->wish_lock);
    pthread_mutex_lock(&d->lock);
    bool changed = !same_wish(&d->head[head].wish, wish);
    d->head[head].wish = *wish;
    pthread_mutex_unlock(&d->lock);
    if (changed && d->on_wish)
        d->on_wish(d->on_wish_ctx);
    pthread_mutex_unlock(&d->wish_lock);
}

void display_on_wish(struct display *d, void (*fn)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&d->wish_lock);
    d->on_wish = fn;
    d->on_wish_ctx = ctx;
    pthread_mutex_unlock(&d->wish_lock);
}

/* --- telling the viewers ---------------------------------------------------------------------- */

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
    if (!pixman_region32_union_rect(damage, damage, (int)r->x, (int)r->y, r->w, r->h)) {
        damage_set(damage, all); /* no memory for the list: one box needs none */
    } else if (pixman_region32_n_rects(damage) > MAX_BOXES) {
        pixman_box32_t e = *pixman_region32_extents(damage);
        damage_set(damage, &(struct rect){(uint32_t)e.x1, (uint32_t)e.y1, (uint32_t)(e.x2 - e.x1),
                                          (uint32_t)(e.y2 - e.y1)});
    }
}

/* Under the lock: part of a head's picture changed. */
static void damage_head(struct display *d, struct head *h, const struct rect *part)
{
    unsigned i = (unsigned)(h - d->head);
    struct rect all = head_rect(h);
    h->state.frame_gen++;
    for (struct viewer *v = d->viewers; v; v = v->next)
        damage_add(&v->head[i].damage, part, &all);
}

/* Under the lock: nothing that was damaged before matters now. */
static void damage_drop(struct display *d, const struct head *h)
{
    for (struct viewer *v = d->viewers; v; v = v->next)
        damage_set(&v->head[h - d->head].damage, &(struct rect){0});
}

static bool viewer_behind(const struct viewer_head *vh, const struct head_state *s)
{
    return !vh->taken || vh->mode_gen != s->mode_gen || vh->frame_gen != s->frame_gen ||
           vh->cursor_gen != s->cursor_gen || vh->cursor_pos_gen != s->cursor_pos_gen;
}

/* Under the lock: does v need a wake-up it did not get yet? Notes that it gets it now. */
static bool viewer_due(struct viewer *v)
{
    bool due = false;
    for (unsigned i = 0; i < v->display->heads; i++) {
        struct viewer_head *vh = &v->head[i];
        if (vh->woken || !viewer_behind(vh, &v->display->head[i].state))
            continue;
        vh->woken = due = true;
    }
    return due && !v->leaving;
}

/* Without the lock. A viewer stays in the list while its wake runs: display_detach waits. */
static void wake_viewers(struct display *d)
{
    pthread_mutex_lock(&d->lock);
    for (struct viewer *v = d->viewers; v; v = v->next) {
        if (!viewer_due(v))
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

/* --- pictures --------------------------------------------------------------------------------- */

static bool same_rect(const struct rect *a, const struct rect *b)
{
    return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
}

static void head_set_next(struct head *h, struct image *img, const struct rect *src)
{
    struct image *old = h->next.img;
    h->next = (struct shot){NULL, {0}};
    if (img)
        h->next = (struct shot){image_ref(img), *src};
    image_unref(old);
}

/* The head shows `shot` from now on; takes over its reference. The image's own lock is never
 * waited for under the display's. */
static void head_switch(struct display *d, struct head *h, struct shot shot)
{
    struct shot old = h->shown;
    if (shot.img)
        image_show(shot.img);
    pthread_mutex_lock(&d->lock);
    h->shown = shot;
    struct head_state *s = &h->state;
    bool active = shot.img;
    bool resized = active && (s->width != shot.src.w || s->height != shot.src.h);
    if (s->active != active || resized)
        s->mode_gen++;
    s->active = active;
    damage_drop(d, h);
    if (active) {
        s->width = shot.src.w;
        s->height = shot.src.h;
        struct rect all = head_rect(h);
        damage_head(d, h, &all);
    }
    pthread_mutex_unlock(&d->lock);
    if (old.img)
        image_hide(old.img);
    image_unref(old.img);
}

static void head_clear(struct display *d, struct head *h)
{
    if (h->shown.img)
        head_switch(d, h, (struct shot){NULL, {0}});
}

void display_set_scanout(struct display *d, unsigned head, struct image *img,
                         const struct rect *src)
{
    struct head *h = &d->head[head];
    if (img && img == h->shown.img && same_rect(src, &h->shown.src)) {
        head_set_next(h, NULL, NULL); /* it is there already */
        return;
    }
    head_set_next(h, img, src);
    if (!img) {
        head_clear(d, h);
        wake_viewers(d);
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
    wake_viewers(d);
}

/* The flushed part of img becomes damage of a head that shows it. */
static void head_flush(struct display *d, struct head *h, const struct rect *rect)
{
    struct rect part;
    if (!rect_intersect(rect, &h->shown.src, &part))
        return;
    part.x -= h->shown.src.x;
    part.y -= h->shown.src.y;
    pthread_mutex_lock(&d->lock);
    damage_head(d, h, &part);
    pthread_mutex_unlock(&d->lock);
}

void display_flush(struct display *d, struct image *img, const struct rect *rect)
{
    image_flush(img, rect);
    for (unsigned i = 0; i < d->heads; i++) {
        struct head *h = &d->head[i];
        if (h->next.img == img) {
            struct shot next = h->next;
            h->next.img = NULL;
            head_switch(d, h, next);
        } else if (h->shown.img == img) {
            head_flush(d, h, rect);
        }
    }
    wake_viewers(d);
}

/* --- cursors ---------------------------------------------------------------------------------- */

/* Under the lock. */
static void cursor_move(struct head_state *s, int32_t x, int32_t y)
{
    if (s->cursor_x == x && s->cursor_y == y)
        return;
    s->cursor_x = x;
    s->cursor_y = y;
    s->cursor_pos_gen++;
}

/* Under the lock; returns whether the stored image changed. */
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

void display_set_cursor(struct display *d, unsigned head, const struct picture *pic, int32_t x,
                        int32_t y, uint32_t hot_x, uint32_t hot_y)
{
    struct head *h = &d->head[head];
    struct head_state *s = &h->state;
    pthread_mutex_lock(&d->lock);
    bool changed = s->cursor_visible != (pic != NULL);
    if (pic) {
        changed |= cursor_store(h, pic) | (s->hot_x != hot_x) | (s->hot_y != hot_y);
        s->hot_x = hot_x;
        s->hot_y = hot_y;
    }
    s->cursor_visible = pic;
    s->cursor_gen += changed;
    cursor_move(s, x, y);
    pthread_mutex_unlock(&d->lock);
    wake_viewers(d);
}

void display_move_cursor(struct display *d, unsigned head, int32_t x, int32_t y)
{
    pthread_mutex_lock(&d->lock);
    cursor_move(&d->head[head].state, x, y);
    pthread_mutex_unlock(&d->lock);
    wake_viewers(d);
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
    wake_viewers(d);
}

/* --- viewers ---------------------------------------------------------------------------------- */

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
        if (d->head[i].state.active)
            damage_set(&v->head[i].damage, &all);
    }
    v->next = d->viewers;
    d->viewers = v;
    pthread_mutex_unlock(&d->lock);
    return v;
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
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        pixman_region32_fini(&v->head[i].damage);
    free(v);
}

/* Under the lock. Before the first picture a head has the size it wishes for. */
static void head_get_state(const struct head *h, struct head_state *state)
{
    *state = h->state;
    if (!state->width) {
        state->width = h->wish.width;
        state->height = h->wish.height;
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
    pixman_region32_t empty = vh->damage; /* swap: what the caller had is dropped */
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

void display_state(struct display *d, unsigned head, struct head_state *state)
{
    pthread_mutex_lock(&d->lock);
    head_get_state(&d->head[head], state);
    pthread_mutex_unlock(&d->lock);
}

/* --- reading pictures ------------------------------------------------------------------------- */

/* What the head shows, held shown until shot_release; false: nothing. */
static bool shot_hold(struct display *d, unsigned head, struct shot *shot)
{
    pthread_mutex_lock(&d->lock);
    *shot = d->head[head].shown;
    if (shot->img) {
        image_ref(shot->img);
        image_show(shot->img); /* the head shows it already, so this waits for nothing */
    }
    pthread_mutex_unlock(&d->lock);
    return shot->img;
}

static void shot_release(const struct shot *shot)
{
    image_hide(shot->img);
    image_unref(shot->img);
}

/* rect: of the picture; dst is its first pixel. */
static void shot_read(const struct shot *shot, const struct rect *rect, uint8_t *dst,
                      uint32_t stride)
{
    struct rect part, all = {0, 0, shot->src.w, shot->src.h};
    if (!rect_intersect(rect, &all, &part))
        return;
    dst += (size_t)(part.y - rect->y) * stride + (size_t)(part.x - rect->x) * 4;
    part.x += shot->src.x;
    part.y += shot->src.y;
    image_read(shot->img, &part, dst, stride, false);
}

bool display_read(struct display *d, unsigned head, const struct rect *rect, uint8_t *dst,
                  uint32_t dst_stride)
{
    struct shot shot;
    if (!shot_hold(d, head, &shot))
        return false;
    shot_read(&shot, rect, dst, dst_stride);
    shot_release(&shot);
    return true;
}

struct picture *display_cursor(struct display *d, unsigned head)
{
    struct picture *p = picture_create(DISPLAY_CURSOR, DISPLAY_CURSOR);
    if (!p)
        return NULL;
    pthread_mutex_lock(&d->lock);
    const struct head *h = &d->head[head];
    bool visible = h->state.cursor_visible;
    if (visible) {
        p->width = h->cursor_width;
        p->height = h->cursor_height;
        p->stride = p->width * 4;
        memcpy(p->data, h->cursor, (size_t)p->stride * p->height);
    }
    pthread_mutex_unlock(&d->lock);
    if (visible)
        return p;
    picture_destroy(p);
    return NULL;
}

/* Colours of a cursor are premultiplied, as in DRM's cursor planes. */
static void blend_cursor(struct picture *pic, const struct picture *cursor, int32_t x, int32_t y)
{
    pixman_image_t *dst =
        pixman_image_create_bits(PIXMAN_a8r8g8b8, (int)pic->width, (int)pic->height,
                                 (uint32_t *)pic->data, (int)pic->stride);
    pixman_image_t *src =
        pixman_image_create_bits(PIXMAN_a8r8g8b8, (int)cursor->width, (int)cursor->height,
                                 (uint32_t *)cursor->data, (int)cursor->stride);
    if (dst && src)
        pixman_image_composite32(PIXMAN_OP_OVER, src, NULL, dst, 0, 0, 0, 0, x, y,
                                 (int)cursor->width, (int)cursor->height);
    if (src)
        pixman_image_unref(src);
    if (dst)
        pixman_image_unref(dst);
}

static void fill_black(struct picture *pic)
{
    uint32_t *p = (uint32_t *)pic->data;
    for (size_t i = 0, n = (size_t)pic->width * pic->height; i < n; i++)
        p[i] = 0xff000000;
}

struct picture *display_snapshot(struct display *d, unsigned head, bool cursor)
{
    struct shot shot;
    struct head_state state;
    display_state(d, head, &state);
    bool active = shot_hold(d, head, &shot);
    struct rect all = {0, 0, active ? shot.src.w : state.width, active ? shot.src.h : state.height};
    struct picture *pic = picture_create(all.w, all.h);
    if (pic && active)
        shot_read(&shot, &all, pic->data, pic->stride);
    else if (pic)
        fill_black(pic);
    if (active)
        shot_release(&shot);
    struct picture *cur = pic && active && cursor ? display_cursor(d, head) : NULL;
    if (cur)
        blend_cursor(pic, cur, state.cursor_x, state.cursor_y);
    picture_destroy(cur);
    return pic;
}
