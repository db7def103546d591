/* SPDX-License-Identifier: MIT */
/*
 * Rectangles and pixel formats. Format names are the memory byte order, as in virtio-gpu: BGRX is
 * blue first, a little-endian XRGB8888. BGRA/BGRX is what the display side works in.
 */
#ifndef DISPLAY_PIXELS_H
#define DISPLAY_PIXELS_H

#include "base/util.h"

#include <pixman.h>

struct rect {
    uint32_t x, y, w, h; /* pixels */
};

static inline bool rect_inside(const struct rect *r, uint32_t width, uint32_t height)
{
    return extent_ok(r->x, r->w, width) && extent_ok(r->y, r->h, height);
}

static inline bool rect_empty(const struct rect *r)
{
    return !r->w || !r->h;
}

/* Computes the common part of a and b, which out may point to. Returns false if it is empty. */
bool rect_intersect(const struct rect *a, const struct rect *b, struct rect *out);

/* Converts a box of pixman's, whose coordinates are not negative. */
static inline struct rect rect_from_box(const pixman_box32_t *box)
{
    return (struct rect){(uint32_t)box->x1, (uint32_t)box->y1, (uint32_t)(box->x2 - box->x1),
                         (uint32_t)(box->y2 - box->y1)};
}

/* Replaces a region of more than max_boxes boxes by its extents, which bounds the memory it takes
 * and the time to walk it. Needs no memory, so it cannot fail. */
void region_limit(pixman_region32_t *region, int max_boxes);

/* The numbers are virtio-gpu's. */
enum pixel_format {
    PIXEL_BGRA = 1,
    PIXEL_BGRX = 2,
    PIXEL_ARGB = 3,
    PIXEL_XRGB = 4,
    PIXEL_RGBA = 67,
    PIXEL_XBGR = 68,
    PIXEL_ABGR = 121,
    PIXEL_RGBX = 134,
};

/* Returns pixman's code of a format (on a little-endian host), 0 if it is none of the eight
 * above. */
pixman_format_code_t pixel_format_pixman(uint32_t format);

/*
 * Converts a row of n pixels of `format` to BGRX with X = 0xff or, with alpha, to BGRA, where
 * formats without alpha keep their X byte. dst and src are 4-byte aligned and do not overlap.
 */
void pixel_row_to_bgra(uint32_t format, uint8_t *dst, const uint8_t *src, size_t n, bool alpha);

/*
 * Copies from guest RAM, as memcpy. The guest may draw while its pixels are read: then the picture
 * mixes old and new pixels, as on a real screen, and nothing is decided on them. So, unlike all
 * other accesses to guest RAM, this is a plain memcpy, which is faster than relaxed atomics, and is
 * not instrumented by ThreadSanitizer.
 */
void pixels_copy_racy(uint8_t *dst, const uint8_t *src, size_t len);
/* pixel_row_to_bgra from guest RAM, with src at any address. */
void pixels_to_bgra_racy(uint32_t format, uint8_t *dst, const uint8_t *src, size_t n, bool alpha);

/* A picture in host memory: BGRX, the X byte 0xff; or BGRA for cursors. malloc'd. */
struct picture {
    uint32_t width, height, stride; /* stride in bytes */
    uint8_t *data;
};
struct picture *picture_create(uint32_t width, uint32_t height); /* zeroed; NULL: no memory */
void picture_destroy(struct picture *p);

#endif
