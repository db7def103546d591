/* SPDX-License-Identifier: MIT */
/*
 * An image is the pixels of one GPU resource, shared between the GPU's thread, which changes them,
 * and front-ends, which read them. There are kinds, each behind the const table of image_kind.h:
 *
 * An image with buffers (image_buffers.c) has a back buffer, which the guest's transfers write, and
 * a front buffer, the pixels as last flushed, which alone viewers see. While no head shows the image
 * the two are one. While one does, a transfer first saves what it is about to overwrite: the rows
 * under its rectangle are copied to the front buffer, or, when the rectangle is the whole image, the
 * two buffers are swapped, so the full-frame path copies each pixel once. `unflushed` is the region
 * where readers must take the front buffer; a flush removes its rectangle from it.
 *
 * A window (image_window.c) has no buffers: readers take its pixels from memory that the guest draws
 * in (a blob). So it costs no copy before the one into the front-end's texture, and a reader may see
 * what was not flushed yet, and half of what is being drawn. Its owner revokes it before that memory
 * is used for something else.
 *
 * Reference counted; the last unref, on any thread, frees.
 */
#ifndef DISPLAY_IMAGE_H
#define DISPLAY_IMAGE_H

#include "display/pixels.h"

#define IMAGE_MAX_SIDE 16384 /* pixels; the rectangles given to pixman lie inside an image */

struct image;

/* --- images of any kind --- */

struct image *image_ref(struct image *img);
void image_unref(struct image *img); /* NULL is fine */
uint32_t image_width(const struct image *img);
uint32_t image_height(const struct image *img);
uint32_t image_format(const struct image *img);

/* Allocates all that showing the image needs; false: the host has no memory for it. */
bool image_reserve(struct image *img);
/* The GPU's thread: viewers may see what was written inside rect from now on. */
void image_flush(struct image *img, const struct rect *rect);
/* A head starts / stops showing the image (counted). With the first, all that was written is
 * flushed: the GPU's thread only. A reader on another thread also holds the image shown while it
 * reads, so that the front buffer stays apart meanwhile; it starts while some head shows it. */
void image_show(struct image *img);
void image_hide(struct image *img);
/* Any thread: copies rect (inside the image) of the flushed picture to dst as BGRX with X = 0xff,
 * or, with alpha, as BGRA (formats without alpha then keep the X byte: Linux's cursors need it).
 * False: the image was revoked, before the call or meanwhile; then some rows of dst may be new. */
bool image_read(struct image *img, const struct rect *rect, uint8_t *dst, uint32_t dst_stride,
                bool alpha);

/* --- images with buffers --- */

/* Zeroed lazily. format: one of enum pixel_format. 1..IMAGE_MAX_SIDE pixels a side. NULL: the
 * arguments are outside of these, or out of memory. */
struct image *image_create(uint32_t width, uint32_t height, uint32_t format);
uint64_t image_bytes(struct image *img); /* host memory of its buffers now */

/* The GPU's thread: returns the back buffer's pixel (0, 0) and the stride in bytes (width * 4); the
 * caller fills rect, which is inside the image, and calls image_write_end. No lock is held
 * meanwhile: readers do not look there. NULL: no memory for the front buffer (never after
 * image_reserve). */
uint8_t *image_write_begin(struct image *img, const struct rect *rect, uint32_t *stride);
void image_write_end(struct image *img);

/* The GPU's thread: pixel (0, 0) of the back buffer, for reading; of the front buffer, whose rows
 * are as long and whose pixels are valid inside of image_unflushed only. */
const uint8_t *image_back(const struct image *img, uint32_t *stride);
const uint8_t *image_front(const struct image *img);
/* The GPU's thread: where the two differ. region: initialised by the caller; empty while no head
 * shows the image. */
void image_unflushed(const struct image *img, pixman_region32_t *region);

/* --- windows --- */

/* Where a window's pixels are: the owner's. Any thread, under the image's lock. */
struct image_source {
    /* n pixels from byte `off` on, as pixel_row_to_bgra has them; the owner checked the extents */
    void (*row)(void *ctx, uint64_t off, uint32_t format, uint8_t *dst, size_t n, bool alpha);
};
/* Pixel (x, y) is at byte offset + y * stride + x * 4 of the source. Otherwise as image_create. */
struct image *image_create_window(uint32_t width, uint32_t height, uint32_t format,
                                  const struct image_source *source, void *ctx, uint64_t offset,
                                  uint32_t stride);
/* When this returns no reader uses the window's source, nor will any later: reads fail from now on.
 * Waits for a running read, which ends after its row. */
void image_revoke(struct image *img);

#endif
