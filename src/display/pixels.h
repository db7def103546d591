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

/* The common part of a and b; false if there is none. */
bool rect_intersect(const struct rect *a, const struct rect *b, struct rect *out);

/* The same pixels as a box of pixman's, whose coordinates must not be negative. */
static inline struct rect rect_from_box(const pixman_box32_t *box)
{
    return (struct rect){(uint32_t)box->x1, (uint32_t)box->y1, (uint32_t)(box->x2 - box->x1),
                         (uint32_t)(box->y2 - box->y1)};
}

/* Replaces a region of more than max_boxes boxes by its extents, which bounds the memory it takes
 * and the time to walk it. Needs no memory, so it cannot fail. */
void region_limit(pixman_region32_t *region, int max_boxes);

enum pixel_format { /* numbers are virtio-gpu's */
                    PIXEL_BGRA = 1,
                    PIXEL_BGRX = 2,
                    PIXEL_ARGB = 3,
                    PIXEL_XRGB = 4,
                    PIXEL_RGBA = 67,
                    PIXEL_XBGR = 68,
                    PIXEL_ABGR = 121,
                    PIXEL_RGBX = 134,
};

/* The pixman name of a format (little-endian host), or 0 if the number is not one of the eight. */
pixman_format_code_t pixel_format_pixman(uint32_t format);

/*
 * One row of n pixels of `format` becomes BGRX with X = 0xff or, with alpha, BGRA, where formats
 * without alpha keep their X byte. Both 4-byte aligned, not overlapping.
 */
void pixel_row_to_bgra(uint32_t format, uint8_t *dst, const uint8_t *src, size_t n, bool alpha);

/*
 * As memcpy, from guest RAM. The guest may draw while its pixels are read: then the picture shows
 * some of the old and some of the new, as on a real screen, and nothing depends on it. So,
 * unlike all else that touches guest RAM, this is no copy of relaxed atomics but the fastest there
 * is, and ThreadSanitizer does not look into it.
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
