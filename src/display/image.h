/* SPDX-License-Identifier: MIT */
/*
 * An image is the pixels of one GPU resource, shared between the GPU's thread, which writes them,
 * and front-ends, which read them. It knows two truths: what the guest has transferred, and what
 * it has flushed, which alone may be seen. While no one shows the image the two are one buffer.
 * While it is shown, a transfer first keeps what it is about to hide: the rows under the rectangle
 * are saved to a second buffer, or, when the rectangle is the whole image, the two buffers just
 * change places, so the full-frame path copies each pixel once. `unflushed` is the region where
 * readers must take the second buffer; a flush empties it.
 *
 * An image of the other kind has no buffers at all: it is a window into memory that the guest draws
 * in (a blob), and readers take their pixels right there. So it costs no copy before the one into
 * the front-end's texture, and it knows one truth only: a reader may see what was not flushed yet,
 * and half of what is being drawn. Its owner revokes it before that memory goes away.
 *
 * Reference counted; the last unref, on any thread, frees. The lock inside is held for the length
 * of a copy.
 */
#ifndef DISPLAY_IMAGE_H
#define DISPLAY_IMAGE_H

#include "display/pixels.h"

#define IMAGE_MAX_SIDE 16384 /* pixels; the rectangles given to pixman lie inside an image */

struct image;

/* A linear image, zeroed lazily. format: one of enum pixel_format. 1..IMAGE_MAX_SIDE pixels a
 * side. NULL: these are not kept to, or out of memory. */
struct image *image_create(uint32_t width, uint32_t height, uint32_t format);

/* Where a window's pixels are: the owner's. Any thread, under the image's lock. */
struct image_source {
    /* n pixels from byte `off` on, as pixel_row_to_bgra has them; the owner made sure of extents */
    void (*row)(void *ctx, uint64_t off, uint32_t format, uint8_t *dst, size_t n, bool alpha);
};
/* A window: pixel (x, y) is at byte offset + y * stride + x * 4 of the source. */
struct image *image_create_window(uint32_t width, uint32_t height, uint32_t format,
                                  const struct image_source *source, void *ctx, uint64_t offset,
                                  uint32_t stride);
/* No reader touches the window's source when this returns, nor will any later: there is nothing to
 * see in it from now on. Waits for a running read, which ends after the row it is in. */
void image_revoke(struct image *img);

struct image *image_ref(struct image *img);
void image_unref(struct image *img); /* NULL is fine */
uint32_t image_width(const struct image *img);
uint32_t image_height(const struct image *img);
uint32_t image_format(const struct image *img);
uint64_t image_bytes(const struct image *img); /* host memory it holds now */

/* Makes room for the second buffer, if there are any, ahead of showing it; false: the host has no
 * memory for it. */
bool image_reserve(struct image *img);

/* The GPU's thread, not for windows: rect is inside the image. Returns the address of pixel (0,0)
 * and the stride in bytes (width * 4); the caller fills rect and calls image_write_end. No lock is
 * held meanwhile: readers look elsewhere. NULL: no memory for the second buffer (never after
 * image_reserve). */
uint8_t *image_write_begin(struct image *img, const struct rect *rect, uint32_t *stride);
void image_write_end(struct image *img);
/* The GPU's thread: what was transferred inside rect may be seen from now on. */
void image_flush(struct image *img, const struct rect *rect);

/* The GPU's thread: what was transferred, flushed or not, as image_write_begin gives it, but for
 * reading. */
const uint8_t *image_transferred(const struct image *img, uint32_t *stride);

/* The GPU's thread: where what is flushed differs from that, and there, in its rows, the pixels of
 * image_flushed. region: initialised by the caller; empty while no one shows the image. */
void image_unflushed(struct image *img, pixman_region32_t *region);
const uint8_t *image_flushed(const struct image *img);

/* A head starts / stops showing it (counted). Starting makes all of it flushed if none did yet: the
 * GPU's thread only. A reader on another thread also holds it shown while it reads, so that the
 * flushed truth stays apart under its hands; it starts while some head shows the image. */
void image_show(struct image *img);
void image_hide(struct image *img);

/* Any thread: copies rect (inside the image) of the flushed picture to dst as BGRX with X = 0xff,
 * or, with alpha, as BGRA (formats without alpha then keep the X byte: Linux's cursors need it).
 * False: it was revoked, before it began or meanwhile; then some rows of dst may be new. */
bool image_read(struct image *img, const struct rect *rect, uint8_t *dst, uint32_t dst_stride,
                bool alpha);

#endif
