/* SPDX-License-Identifier: MIT */
#include "display/image.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* More boxes than this in `unflushed` are merged into one, so a guest that scatters transfers
 * makes neither long lists nor long walks. */
#define MAX_BOXES 128

struct image {
    /* set once */
    uint32_t width, height, format, stride;
    size_t bytes; /* of one buffer; 0: a window, which has none */
    uint64_t offset;
    atomic_uint refs;
    /* Heads and readers that need the flushed truth. Leaves 0 on the GPU's thread only, under
     * the lock. While it is 0 `unflushed` means nothing. */
    atomic_uint shown;
    pthread_mutex_t lock;
    /*
     * Under the lock: readers take `kept` inside `unflushed` and `fresh` elsewhere. The GPU's
     * thread writes into `fresh`, without the lock, only where `unflushed` covers it or while no
     * one shows the image: so a reader and the writer never meet at a byte.
     */
    uint8_t *fresh, *kept; /* kept: NULL until needed */
    pixman_region32_t unflushed;
    const struct image_source *source; /* of a window; NULL: revoked */
    void *source_ctx;
    atomic_bool revoked; /* a read that runs ends with its row */
};

/* Pages, so that untouched ones cost nothing and a freed buffer goes back to the host at once. */
static uint8_t *buffer_create(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void buffer_destroy(uint8_t *buf, size_t bytes)
{
    if (buf)
        munmap(buf, bytes);
}

/* Without pixels. */
static struct image *image_new(uint32_t width, uint32_t height, uint32_t format, uint32_t stride)
{
    if (!width || !height || width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE ||
        !pixel_format_pixman(format))
        return NULL;
    struct image *img = calloc(1, sizeof(*img));
    if (!img)
        return NULL;
    img->width = width;
    img->height = height;
    img->format = format;
    img->stride = stride;
    atomic_init(&img->refs, 1);
    atomic_init(&img->shown, 0);
    pthread_mutex_init(&img->lock, NULL);
    pixman_region32_init(&img->unflushed);
    return img;
}

struct image *image_create(uint32_t width, uint32_t height, uint32_t format)
{
    struct image *img = image_new(width, height, format, width * 4);
    if (!img)
        return NULL;
    img->bytes = (size_t)img->stride * height;
    img->fresh = buffer_create(img->bytes);
    if (img->fresh)
        return img;
    image_unref(img);
    return NULL;
}

struct image *image_create_window(uint32_t width, uint32_t height, uint32_t format,
                                  const struct image_source *source, void *ctx, uint64_t offset,
                                  uint32_t stride)
{
    struct image *img = image_new(width, height, format, stride);
    if (!img)
        return NULL;
    img->source = source;
    img->source_ctx = ctx;
    img->offset = offset;
    return img;
}

static bool is_window(const struct image *img)
{
    return !img->bytes;
}

void image_revoke(struct image *img)
{
    atomic_store(&img->revoked, true);
    pthread_mutex_lock(&img->lock);
    img->source = NULL;
    pthread_mutex_unlock(&img->lock);
}

struct image *image_ref(struct image *img)
{
    atomic_fetch_add_explicit(&img->refs, 1, memory_order_relaxed);
    return img;
}

void image_unref(struct image *img)
{
    if (!img || atomic_fetch_sub_explicit(&img->refs, 1, memory_order_acq_rel) != 1)
        return;
    buffer_destroy(img->fresh, img->bytes);
    buffer_destroy(img->kept, img->bytes);
    pixman_region32_fini(&img->unflushed);
    pthread_mutex_destroy(&img->lock);
    free(img);
}

uint32_t image_width(const struct image *img)
{
    return img->width;
}

uint32_t image_height(const struct image *img)
{
    return img->height;
}

uint32_t image_format(const struct image *img)
{
    return img->format;
}

uint64_t image_bytes(const struct image *img)
{
    struct image *i = (struct image *)img; /* the lock is no part of the value */
    pthread_mutex_lock(&i->lock);
    uint64_t bytes = img->kept ? 2 * (uint64_t)img->bytes : img->bytes;
    pthread_mutex_unlock(&i->lock);
    return bytes;
}

bool image_reserve(struct image *img)
{
    if (is_window(img))
        return true;
    pthread_mutex_lock(&img->lock);
    if (!img->kept)
        img->kept = buffer_create(img->bytes);
    bool ok = img->kept;
    pthread_mutex_unlock(&img->lock);
    return ok;
}

/* Copies a region from what was transferred to what is kept for readers. */
static void keep_region(struct image *img, pixman_region32_t *region)
{
    int n;
    const pixman_box32_t *box = pixman_region32_rectangles(region, &n);
    for (; n > 0; n--, box++) {
        size_t len = (size_t)(box->x2 - box->x1) * 4;
        size_t off = (size_t)box->y1 * img->stride + (size_t)box->x1 * 4;
        if (len == img->stride) {
            memcpy(img->kept + off, img->fresh + off, len * (size_t)(box->y2 - box->y1));
            continue;
        }
        for (int y = box->y1; y < box->y2; y++, off += img->stride)
            memcpy(img->kept + off, img->fresh + off, len);
    }
}

/* Adds a rectangle to `unflushed`, keeping first what readers would lose by it. */
static void hold_back(struct image *img, const struct rect *r)
{
    pixman_region32_t news;
    pixman_region32_init_rect(&news, (int)r->x, (int)r->y, r->w, r->h);
    pixman_region32_subtract(&news, &news, &img->unflushed);
    keep_region(img, &news);
    pixman_region32_fini(&news);
    pixman_region32_union_rect(&img->unflushed, &img->unflushed, (int)r->x, (int)r->y, r->w, r->h);
}

static void limit_boxes(struct image *img)
{
    if (pixman_region32_n_rects(&img->unflushed) <= MAX_BOXES)
        return;
    struct rect extents = rect_from_box(pixman_region32_extents(&img->unflushed));
    hold_back(img, &extents);
}

uint8_t *image_write_begin(struct image *img, const struct rect *rect, uint32_t *stride)
{
    *stride = img->stride;
    /* acquire: the last reader is done */
    if (!atomic_load_explicit(&img->shown, memory_order_acquire) || rect_empty(rect))
        return img->fresh;
    if (!image_reserve(img))
        return NULL;
    pthread_mutex_lock(&img->lock);
    bool whole = rect->w == img->width && rect->h == img->height;
    if (whole && !pixman_region32_not_empty(&img->unflushed)) {
        /* All of it will be overwritten: what is seen stays where it is, the other buffer fills. */
        uint8_t *seen = img->fresh;
        img->fresh = img->kept;
        img->kept = seen;
        pixman_region32_union_rect(&img->unflushed, &img->unflushed, 0, 0, rect->w, rect->h);
    } else {
        hold_back(img, rect);
        limit_boxes(img);
    }
    pthread_mutex_unlock(&img->lock);
    return img->fresh;
}

void image_write_end(struct image *img)
{
    (void)img; /* the next image_flush publishes what was written */
}

const uint8_t *image_transferred(const struct image *img, uint32_t *stride)
{
    *stride = img->stride;
    return img->fresh;
}

void image_unflushed(struct image *img, pixman_region32_t *region)
{
    pixman_region32_clear(region);
    if (atomic_load_explicit(&img->shown, memory_order_relaxed))
        pixman_region32_copy(region, &img->unflushed);
}

const uint8_t *image_flushed(const struct image *img)
{
    return img->kept;
}

void image_flush(struct image *img, const struct rect *rect)
{
    if (rect_empty(rect) || is_window(img))
        return;
    pixman_region32_t seen;
    pixman_region32_init_rect(&seen, (int)rect->x, (int)rect->y, rect->w, rect->h);
    pthread_mutex_lock(&img->lock);
    pixman_region32_subtract(&img->unflushed, &img->unflushed, &seen);
    limit_boxes(img);
    pthread_mutex_unlock(&img->lock);
    pixman_region32_fini(&seen);
}

void image_show(struct image *img)
{
    unsigned n = atomic_load_explicit(&img->shown, memory_order_relaxed);
    while (n)
        if (atomic_compare_exchange_weak(&img->shown, &n, n + 1))
            return;
    pthread_mutex_lock(&img->lock);
    pixman_region32_clear(&img->unflushed);
    atomic_fetch_add(&img->shown, 1);
    pthread_mutex_unlock(&img->lock);
}

void image_hide(struct image *img)
{
    atomic_fetch_sub_explicit(&img->shown, 1, memory_order_release);
}

/* Where a read puts its pixels. */
struct target {
    const struct rect *rect; /* of the image; dst is its first pixel */
    uint8_t *dst;
    uint32_t stride;
    bool alpha;
};

static void read_region(const struct image *img, const uint8_t *src, pixman_region32_t *region,
                        const struct target *t)
{
    int n;
    const pixman_box32_t *box = pixman_region32_rectangles(region, &n);
    for (; n > 0; n--, box++) {
        size_t x = (size_t)box->x1, width = (size_t)(box->x2 - box->x1);
        for (size_t y = (size_t)box->y1; y < (size_t)box->y2; y++)
            pixel_row_to_bgra(img->format,
                              t->dst + (y - t->rect->y) * t->stride + (x - t->rect->x) * 4,
                              src + y * img->stride + x * 4, width, t->alpha);
    }
}

/* Straight from where the guest draws. */
static bool read_window(struct image *img, const struct target *t)
{
    const struct rect *r = t->rect;
    pthread_mutex_lock(&img->lock);
    const struct image_source *source = img->source;
    uint32_t y = 0;
    for (; source && y < r->h && !atomic_load_explicit(&img->revoked, memory_order_relaxed); y++)
        source->row(img->source_ctx,
                    img->offset + (uint64_t)(r->y + y) * img->stride + (uint64_t)r->x * 4,
                    img->format, t->dst + (size_t)y * t->stride, r->w, t->alpha);
    pthread_mutex_unlock(&img->lock);
    return source && y == r->h;
}

static void read_buffers(struct image *img, const struct target *t)
{
    pixman_region32_t seen, held;
    pixman_region32_init_rect(&seen, (int)t->rect->x, (int)t->rect->y, t->rect->w, t->rect->h);
    pixman_region32_init(&held);
    pthread_mutex_lock(&img->lock);
    if (atomic_load_explicit(&img->shown, memory_order_relaxed)) {
        pixman_region32_intersect(&held, &seen, &img->unflushed);
        pixman_region32_subtract(&seen, &seen, &img->unflushed);
    }
    read_region(img, img->fresh, &seen, t);
    read_region(img, img->kept, &held, t);
    pthread_mutex_unlock(&img->lock);
    pixman_region32_fini(&held);
    pixman_region32_fini(&seen);
}

bool image_read(struct image *img, const struct rect *rect, uint8_t *dst, uint32_t dst_stride,
                bool alpha)
{
    const struct target target = {rect, dst, dst_stride, alpha};
    if (rect_empty(rect))
        return true;
    if (is_window(img))
        return read_window(img, &target);
    read_buffers(img, &target);
    return true;
}
