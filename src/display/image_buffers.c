/* SPDX-License-Identifier: MIT */
/* Images with a back and a front buffer in host memory. */
#include "display/image_kind.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* More boxes than this in `unflushed` are merged into one, so that a guest that scatters transfers
 * makes neither long lists nor long walks. */
#define MAX_BOXES 128

struct buffers {
    struct image base;
    uint32_t stride;
    size_t bytes; /* of one buffer */
    /*
     * Under the lock: readers take `front` inside `unflushed` and `back` elsewhere. The GPU's thread
     * writes into `back`, without the lock, only where `unflushed` covers it or while no head shows
     * the image: so a reader and the writer never access the same byte. While the image is not
     * shown `unflushed` means nothing.
     */
    uint8_t *back, *front; /* front: NULL until needed */
    pixman_region32_t unflushed;
};

static struct buffers *buffers_of(const struct image *img)
{
    return container_of(img, struct buffers, base);
}

/* Pages, so that untouched ones cost nothing and a freed buffer goes back to the host at once. */
static uint8_t *pages_create(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void pages_destroy(uint8_t *p, size_t bytes)
{
    if (p)
        munmap(p, bytes);
}

/* --- writing --- */

static bool buffers_reserve(struct image *img)
{
    struct buffers *b = buffers_of(img);
    pthread_mutex_lock(&img->lock);
    if (!b->front)
        b->front = pages_create(b->bytes);
    bool ok = b->front;
    pthread_mutex_unlock(&img->lock);
    return ok;
}

/* Copies a region from the back to the front buffer. */
static void copy_to_front(struct buffers *b, pixman_region32_t *region)
{
    int n;
    const pixman_box32_t *box = pixman_region32_rectangles(region, &n);
    for (; n > 0; n--, box++) {
        size_t len = (size_t)(box->x2 - box->x1) * 4;
        size_t off = (size_t)box->y1 * b->stride + (size_t)box->x1 * 4;
        if (len == b->stride) {
            memcpy(b->front + off, b->back + off, len * (size_t)(box->y2 - box->y1));
            continue;
        }
        for (int y = box->y1; y < box->y2; y++, off += b->stride)
            memcpy(b->front + off, b->back + off, len);
    }
}

/* Adds a rectangle to `unflushed`, after copying what readers take from the front buffer then. */
static void unflushed_add(struct buffers *b, const struct rect *r)
{
    pixman_region32_t added;
    pixman_region32_init_rect(&added, (int)r->x, (int)r->y, r->w, r->h);
    pixman_region32_subtract(&added, &added, &b->unflushed);
    copy_to_front(b, &added);
    pixman_region32_fini(&added);
    pixman_region32_union_rect(&b->unflushed, &b->unflushed, (int)r->x, (int)r->y, r->w, r->h);
}

static void unflushed_limit(struct buffers *b)
{
    if (pixman_region32_n_rects(&b->unflushed) <= MAX_BOXES)
        return;
    const pixman_box32_t *e = pixman_region32_extents(&b->unflushed);
    unflushed_add(b, &(struct rect){(uint32_t)e->x1, (uint32_t)e->y1, (uint32_t)(e->x2 - e->x1),
                                    (uint32_t)(e->y2 - e->y1)});
}

uint8_t *image_write_begin(struct image *img, const struct rect *rect, uint32_t *stride)
{
    struct buffers *b = buffers_of(img);
    *stride = b->stride;
    /* acquire: the last reader has finished */
    if (!atomic_load_explicit(&img->shown, memory_order_acquire) || rect_empty(rect))
        return b->back;
    if (!buffers_reserve(img))
        return NULL;
    pthread_mutex_lock(&img->lock);
    bool whole = rect->w == img->width && rect->h == img->height;
    if (whole && !pixman_region32_not_empty(&b->unflushed)) {
        /* All of it will be overwritten: what is seen stays in place, the other buffer fills. */
        uint8_t *seen = b->back;
        b->back = b->front;
        b->front = seen;
        pixman_region32_union_rect(&b->unflushed, &b->unflushed, 0, 0, rect->w, rect->h);
    } else {
        unflushed_add(b, rect);
        unflushed_limit(b);
    }
    pthread_mutex_unlock(&img->lock);
    return b->back;
}

void image_write_end(struct image *img)
{
    (void)img; /* the next image_flush publishes what was written */
}

static void buffers_flush(struct image *img, const struct rect *rect)
{
    struct buffers *b = buffers_of(img);
    pixman_region32_t seen;
    pixman_region32_init_rect(&seen, (int)rect->x, (int)rect->y, rect->w, rect->h);
    pthread_mutex_lock(&img->lock);
    pixman_region32_subtract(&b->unflushed, &b->unflushed, &seen);
    unflushed_limit(b);
    pthread_mutex_unlock(&img->lock);
    pixman_region32_fini(&seen);
}

static void buffers_show(struct image *img)
{
    pixman_region32_clear(&buffers_of(img)->unflushed);
}

/* --- reading --- */

const uint8_t *image_back(const struct image *img, uint32_t *stride)
{
    const struct buffers *b = buffers_of(img);
    *stride = b->stride;
    return b->back;
}

const uint8_t *image_front(const struct image *img)
{
    return buffers_of(img)->front;
}

void image_unflushed(const struct image *img, pixman_region32_t *region)
{
    pixman_region32_clear(region);
    if (atomic_load_explicit(&img->shown, memory_order_relaxed))
        pixman_region32_copy(region, &buffers_of(img)->unflushed);
}

static void read_region(const struct buffers *b, const uint8_t *src, pixman_region32_t *region,
                        const struct image_target *t)
{
    int n;
    const pixman_box32_t *box = pixman_region32_rectangles(region, &n);
    for (; n > 0; n--, box++) {
        size_t x = (size_t)box->x1, width = (size_t)(box->x2 - box->x1);
        for (size_t y = (size_t)box->y1; y < (size_t)box->y2; y++)
            pixel_row_to_bgra(b->base.format,
                              t->dst + (y - t->rect->y) * t->stride + (x - t->rect->x) * 4,
                              src + y * b->stride + x * 4, width, t->alpha);
    }
}

static bool buffers_read(struct image *img, const struct image_target *t)
{
    struct buffers *b = buffers_of(img);
    pixman_region32_t from_back, from_front;
    pixman_region32_init_rect(&from_back, (int)t->rect->x, (int)t->rect->y, t->rect->w, t->rect->h);
    pixman_region32_init(&from_front);
    pthread_mutex_lock(&img->lock);
    if (atomic_load_explicit(&img->shown, memory_order_relaxed)) {
        pixman_region32_intersect(&from_front, &from_back, &b->unflushed);
        pixman_region32_subtract(&from_back, &from_back, &b->unflushed);
    }
    read_region(b, b->back, &from_back, t);
    read_region(b, b->front, &from_front, t);
    pthread_mutex_unlock(&img->lock);
    pixman_region32_fini(&from_front);
    pixman_region32_fini(&from_back);
    return true;
}

/* --- life --- */

uint64_t image_bytes(struct image *img)
{
    const struct buffers *b = buffers_of(img);
    pthread_mutex_lock(&img->lock);
    uint64_t bytes = b->front ? 2 * (uint64_t)b->bytes : b->bytes;
    pthread_mutex_unlock(&img->lock);
    return bytes;
}

static void buffers_destroy(struct image *img)
{
    struct buffers *b = buffers_of(img);
    pages_destroy(b->back, b->bytes);
    pages_destroy(b->front, b->bytes);
    pixman_region32_fini(&b->unflushed);
    image_finish(img);
    free(b);
}

static const struct image_ops buffers_ops = {
    .reserve = buffers_reserve,
    .flush = buffers_flush,
    .show = buffers_show,
    .read = buffers_read,
    .destroy = buffers_destroy,
};

struct image *image_create(uint32_t width, uint32_t height, uint32_t format)
{
    struct buffers *b = calloc(1, sizeof(*b));
    if (!b || !image_init(&b->base, &buffers_ops, width, height, format)) {
        free(b);
        return NULL;
    }
    b->stride = width * 4;
    b->bytes = (size_t)b->stride * height;
    pixman_region32_init(&b->unflushed);
    b->back = pages_create(b->bytes);
    if (b->back)
        return &b->base;
    image_unref(&b->base);
    return NULL;
}
