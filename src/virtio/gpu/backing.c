/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/backing.h"

#include <stdlib.h>
#include <string.h>

/* Appends one entry; false: not RAM. */
static bool add_entry(struct gpu_backing *b, const struct gmem *mem, const struct gpu_mem_entry *e)
{
    uint32_t len = le32_get(e->length);
    const uint8_t *host = gmem_span(mem, le64_get(e->addr), len);
    if (!len)
        return true;
    if (!host)
        return false;
    const struct gpu_span *last = b->count ? &b->span[b->count - 1] : NULL;
    if (!last || last->host + (b->size - last->start) != host)
        b->span[b->count++] = (struct gpu_span){host, b->size};
    b->size += len; /* 2^19 entries of less than 2^32: no overflow */
    return true;
}

static size_t table_bytes(uint32_t spans)
{
    return sizeof(struct gpu_backing) + ((size_t)spans + 1) * sizeof(struct gpu_span);
}

static struct gpu_backing *backing_new(uint32_t entries)
{
    struct gpu_backing *b = malloc(table_bytes(entries));
    if (b)
        b->size = b->count = 0;
    return b;
}

/* Ends the table after the last entry, and shrinks its memory. */
static struct gpu_backing *backing_end(struct gpu_backing *b)
{
    struct gpu_backing *small = realloc(b, table_bytes(b->count));
    if (small)
        b = small;
    b->span[b->count] = (struct gpu_span){NULL, b->size};
    return b;
}

struct gpu_backing *gpu_backing_make(const struct gmem *mem, const void *list, uint32_t entries,
                                     uint32_t *code)
{
    *code = GPU_ERR_INVALID_PARAMETER;
    if (entries > GPU_MAX_ENTRIES)
        return NULL;
    struct gpu_backing *b = backing_new(entries);
    if (!b) {
        *code = GPU_ERR_OUT_OF_MEMORY;
        return NULL;
    }
    for (uint32_t i = 0; i < entries; i++) {
        struct gpu_mem_entry e;
        memcpy(&e, (const uint8_t *)list + i * sizeof(e), sizeof(e));
        if (add_entry(b, mem, &e))
            continue;
        free(b);
        return NULL;
    }
    return backing_end(b);
}

void gpu_backing_destroy(struct gpu_backing *backing)
{
    free(backing);
}

uint64_t gpu_backing_bytes(const struct gpu_backing *backing)
{
    return backing ? table_bytes(backing->count) : 0;
}

struct gpu_backing_at gpu_backing_seek(const struct gpu_backing *backing, uint64_t off)
{
    uint32_t low = 0, high = backing->count; /* span[low].start <= off, span[high] is behind */
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (backing->span[mid].start <= off)
            low = mid;
        else
            high = mid;
    }
    return (struct gpu_backing_at){&backing->span[low], off - backing->span[low].start};
}

/* Bytes from the cursor to its span's end; steps to the next span when there are none. */
static uint64_t run_length(struct gpu_backing_at *at)
{
    uint64_t len = at->span[1].start - at->span[0].start;
    if (at->off == len) {
        at->span++;
        at->off = 0;
        len = at->span[1].start - at->span[0].start;
    }
    return len - at->off;
}

void gpu_backing_copy(struct gpu_backing_at *at, uint8_t *dst, uint64_t len)
{
    while (len) {
        uint64_t n = MIN(len, run_length(at));
        pixels_copy_racy(dst, at->span->host + at->off, n);
        at->off += n;
        dst += n;
        len -= n;
    }
}

void gpu_backing_skip(struct gpu_backing_at *at, uint64_t len)
{
    while (len) {
        uint64_t n = MIN(len, run_length(at));
        at->off += n;
        len -= n;
    }
}

void gpu_backing_pixels(const struct gpu_backing *backing, uint64_t off, uint32_t format,
                        uint8_t *dst, size_t n, bool alpha)
{
    struct gpu_backing_at at = gpu_backing_seek(backing, off);
    while (n) {
        _Alignas(4) uint8_t one[4];
        uint64_t here = MIN(run_length(&at) / 4, n);
        if (here) {
            pixels_to_bgra_racy(format, dst, at.span->host + at.off, here, alpha);
            at.off += here * 4;
        } else { /* a pixel in two pieces */
            here = 1;
            gpu_backing_copy(&at, one, 4);
            pixel_row_to_bgra(format, dst, one, 1, alpha);
        }
        dst += here * 4;
        n -= here;
    }
}
