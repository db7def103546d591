/* SPDX-License-Identifier: MIT */
/*
 * How a kind of image is made: a const table of ops and a struct that begins with struct image, in
 * a file of its own. Only such files and image.c include this.
 */
#ifndef DISPLAY_IMAGE_KIND_H
#define DISPLAY_IMAGE_KIND_H

#include "display/image.h"

#include <pthread.h>
#include <stdatomic.h>

/* Where a read puts its pixels. */
struct image_target {
    const struct rect *rect; /* of the image, not empty; dst is its first pixel */
    uint8_t *dst;
    uint32_t stride;
    bool alpha;
};

struct image_ops {
    bool (*reserve)(struct image *img); /* image_reserve; NULL: there is nothing to allocate */
    void (*flush)(struct image *img, const struct rect *rect); /* not empty; NULL: no work */
    /* The first head is about to show it: all that was written is flushed. Under the image's lock;
     * NULL: no work. */
    void (*show)(struct image *img);
    /* image_read, on any thread, without locks. It may wait for the thread that owns the pixels. */
    bool (*read)(struct image *img, const struct image_target *t);
    void (*destroy)(struct image *img); /* calls image_finish and frees the kind's struct */
};

struct image {
    const struct image_ops *ops;
    uint32_t width, height, format;
    atomic_uint refs;
    /* Heads and readers. Leaves 0 on the GPU's thread only, under the lock. */
    atomic_uint shown;
    pthread_mutex_t lock; /* the kind's; held for a copy of pixels at most */
};

/* False: a size or format that no image has; then there is nothing to finish. */
bool image_init(struct image *img, const struct image_ops *ops, uint32_t width, uint32_t height,
                uint32_t format);
void image_finish(struct image *img);

#endif
