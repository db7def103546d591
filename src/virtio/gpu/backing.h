/* SPDX-License-Identifier: MIT */
/*
 * A backing: the pages of guest RAM behind a resource, as ATTACH_BACKING lists them. The list is
 * checked once and becomes a table of spans of host memory, neighbours merged; it is a byte stream
 * from then on. Guest RAM never moves, so the table stays good until it is destroyed.
 */
#ifndef VIRTIO_GPU_BACKING_H
#define VIRTIO_GPU_BACKING_H

#include "display/pixels.h"
#include "virtio/gpu/proto.h"
#include "bus/gmem.h"

/* Most entries of one list: a 16384x16384 image in single pages, twice. */
#define GPU_MAX_ENTRIES (1u << 19)

struct gpu_span {
    const uint8_t *host;
    uint64_t start; /* where in the backing it begins */
};

struct gpu_backing {
    uint64_t size;  /* bytes */
    uint32_t count; /* spans; one more, which starts at `size`, ends the table */
    struct gpu_span span[];
};

/* A position in a backing. */
struct gpu_backing_at {
    const struct gpu_span *span;
    uint64_t off; /* in the span */
};

/* From an array of `entries` struct gpu_mem_entry at any address of host memory: never of the
 * guest's, since each is read here once and might change while it is. NULL: *code is the error: too
 * many, outside RAM, no host memory. */
struct gpu_backing *gpu_backing_make(const struct gmem *mem, const void *list, uint32_t entries,
                                     uint32_t *code);
void gpu_backing_destroy(struct gpu_backing *backing);
uint64_t gpu_backing_bytes(const struct gpu_backing *backing); /* host memory; NULL: 0 */

/* off <= size. */
struct gpu_backing_at gpu_backing_seek(const struct gpu_backing *backing, uint64_t off);
/* Copies len bytes out / passes over them; the backing has that many. */
void gpu_backing_copy(struct gpu_backing_at *at, uint8_t *dst, uint64_t len);
void gpu_backing_skip(struct gpu_backing_at *at, uint64_t len);
/* pixel_row_to_bgra of n pixels at off; the backing has them. Any thread for which the backing is kept alive. */
void gpu_backing_pixels(const struct gpu_backing *backing, uint64_t off, uint32_t format,
                        uint8_t *dst, size_t n, bool alpha);

#endif
