/* SPDX-License-Identifier: MIT */
/* Images whose pixels stay in memory that the guest draws in. */
#include "display/image_kind.h"

#include <stdlib.h>

struct window {
    struct image base;
    uint32_t stride;
    uint64_t offset;
    const struct image_source *source; /* under the lock; NULL: revoked */
    void *ctx;
    atomic_bool revoked; /* a read that runs ends after its row */
};

static struct window *window_of(struct image *img)
{
    return container_of(img, struct window, base);
}

static bool window_read(struct image *img, const struct image_target *t)
{
    struct window *w = window_of(img);
    const struct rect *r = t->rect;
    pthread_mutex_lock(&img->lock);
    const struct image_source *source = w->source;
    uint32_t y = 0;
    for (; source && y < r->h && !atomic_load_explicit(&w->revoked, memory_order_relaxed); y++)
        source->row(w->ctx, w->offset + (uint64_t)(r->y + y) * w->stride + (uint64_t)r->x * 4,
                    img->format, t->dst + (size_t)y * t->stride, r->w, t->alpha);
    pthread_mutex_unlock(&img->lock);
    return source && y == r->h;
}

static void window_destroy(struct image *img)
{
    image_finish(img);
    free(window_of(img));
}

static const struct image_ops window_ops = {.read = window_read, .destroy = window_destroy};

struct image *image_create_window(uint32_t width, uint32_t height, uint32_t format,
                                  const struct image_source *source, void *ctx, uint64_t offset,
                                  uint32_t stride)
{
    struct window *w = calloc(1, sizeof(*w));
    if (!w || !image_init(&w->base, &window_ops, width, height, format)) {
        free(w);
        return NULL;
    }
    w->stride = stride;
    w->offset = offset;
    w->source = source;
    w->ctx = ctx;
    return &w->base;
}

void image_revoke(struct image *img)
{
    struct window *w = window_of(img);
    atomic_store(&w->revoked, true);
    pthread_mutex_lock(&img->lock);
    w->source = NULL;
    pthread_mutex_unlock(&img->lock);
}
