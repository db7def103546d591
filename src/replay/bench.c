/* SPDX-License-Identifier: MIT */
#include "replay/bench.h"

#include "host/clock.h"
#include "virtio/gpu/resource.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST   (256u << 10)          /* bytes of what counts as a frame */
#define CACHES     (UINT64_C(64) << 20)  /* more than a core's share of them */
#define LARGEST    (UINT64_C(256) << 20) /* a frame, at most */
#define MAX_FRAMES 100000u
#define WARM_UP    4 /* frames whose buffers are touched for the first time */

struct frame {
    uint64_t device, copy, bytes; /* ns, ns */
};

/* Those of resources that are copied, or of blobs (copy is 0). */
struct frames {
    struct frame *frame;
    uint32_t count, seen;
};

struct bench {
    uint8_t *caches, *target;
    struct frames copied, blobs;
    /* the frame under way */
    struct frame now;
    const struct gpu_backing *backing; /* what its transfer reads, */
    struct rect rect;                  /* and where */
    uint64_t offset, stride;
    bool transfer, flush, blob; /* the request that is being sent is one of a frame */
    uint32_t resource;          /* of which a transfer waits for its flush; 0: none */
};

struct bench *bench_create(void)
{
    struct bench *b = calloc(1, sizeof(*b));
    if (!b)
        return NULL;
    b->caches = calloc(1, CACHES);
    b->target = malloc(LARGEST);
    b->copied.frame = malloc(MAX_FRAMES * sizeof(struct frame));
    b->blobs.frame = malloc(MAX_FRAMES * sizeof(struct frame));
    if (b->caches && b->target && b->copied.frame && b->blobs.frame)
        return b;
    bench_destroy(b);
    return NULL;
}

void bench_destroy(struct bench *b)
{
    if (!b)
        return;
    free(b->caches);
    free(b->target);
    free(b->copied.frame);
    free(b->blobs.frame);
    free(b);
}

static void fill_caches(struct bench *b)
{
    for (volatile uint8_t *p = b->caches; p < b->caches + CACHES; p += 64)
        (*p)++;
}

/* Copies the frame's rows as they lie in guest RAM, page by page. */
static void time_copy(struct bench *b)
{
    uint64_t row = (uint64_t)b->rect.w * 4, n = row == b->stride ? b->now.bytes : row;
    uint8_t *dst = b->target;
    fill_caches(b);
    uint64_t start = host_now_ns();
    for (uint64_t off = b->offset, rows = b->now.bytes / n; rows; rows--, off += b->stride) {
        struct gpu_backing_at at = gpu_backing_seek(b->backing, off);
        for (uint64_t left = n, len; left; left -= len, dst += len) {
            const uint8_t *src = at.span->host + at.off;
            len = MIN(left, GMEM_PAGE - (uintptr_t)src % GMEM_PAGE);
            len = MIN(len, at.span[1].start - at.span[0].start - at.off);
            memcpy(dst, src, len);
            at.off += len;
            if (at.off == at.span[1].start - at.span[0].start)
                at = (struct gpu_backing_at){at.span + 1, 0};
        }
    }
    b->now.copy = host_now_ns() - start;
}

/* A transfer that will succeed and is large enough to count: times the copy. */
static bool begin_frame(struct bench *b, struct driver *d, const struct gpu_row *row,
                        const union gpu_request *req)
{
    const struct gpu_resource *res = gpu_resource_find(driver_gpu(d), gpu_row_resource(row, req));
    struct rect r = gpu_row_rect(row, req);
    uint64_t bytes = (uint64_t)r.w * r.h * 4, offset = gpu_row_offset(row, req);
    struct gpu_layout l;
    if (!res || !res->ops->copies || !res->backing || bytes < SMALLEST || bytes > LARGEST ||
        !res->ops->layout(res, 0, &l) || !rect_inside(&r, l.width, l.height))
        return false;
    if (!extent_ok(offset, (uint64_t)(r.h - 1) * l.stride + r.w * UINT64_C(4), res->backing->size))
        return false;
    b->now = (struct frame){.bytes = bytes};
    b->resource = res->id;
    b->backing = res->backing;
    b->rect = r;
    b->offset = offset;
    b->stride = l.stride;
    if (b->copied.seen++ & 1)
        time_copy(b);
    fill_caches(b);
    return true;
}

/* A flush of a large part of a blob. */
static bool begin_blob(struct bench *b, struct driver *d, const struct gpu_row *row,
                       const union gpu_request *req)
{
    const struct gpu_resource *res = gpu_resource_find(driver_gpu(d), gpu_row_resource(row, req));
    struct rect r = gpu_row_rect(row, req);
    uint64_t bytes = (uint64_t)r.w * r.h * 4;
    if (!res || res->ops->copies || bytes < SMALLEST)
        return false;
    b->now = (struct frame){.bytes = bytes};
    b->resource = 0;
    b->blobs.seen++;
    fill_caches(b);
    return true;
}

void bench_before(struct bench *b, struct driver *d, const struct driver_request *request)
{
    union gpu_request req = {0};
    memcpy(&req, request->bytes, MIN(request->size, sizeof(req)));
    b->transfer = b->flush = b->blob = false;
    const struct gpu_row *row = gpu_row_find(driver_gpu(d), le32_get(req.hdr.type), request->queue);
    if (!row)
        return;
    if (row->effect == GPU_EFFECT_TRANSFER) {
        b->transfer = begin_frame(b, d, row, &req);
    } else if (row->effect == GPU_EFFECT_FLUSH) {
        b->flush = b->resource && b->resource == gpu_row_resource(row, &req);
        b->blob = begin_blob(b, d, row, &req);
    }
}

static void frames_add(struct frames *f, const struct frame *frame)
{
    if (f->seen > WARM_UP && f->count < MAX_FRAMES)
        f->frame[f->count++] = *frame;
}

void bench_after(struct bench *b, uint64_t ns)
{
    b->now.device += ns;
    if (b->transfer && !b->now.copy)
        time_copy(b);
    if (b->flush) {
        b->resource = 0;
        frames_add(&b->copied, &b->now);
    } else if (b->blob) {
        frames_add(&b->blobs, &b->now);
    } else if (!b->transfer) {
        b->now.device -= ns; /* some command between the two */
    }
}

/* --- the result --- */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The median of a field of all frames, in the room of `values`. */
static uint64_t median(const struct frames *f, uint64_t *values, size_t field)
{
    for (uint32_t i = 0; i < f->count; i++)
        memcpy(&values[i], (const uint8_t *)&f->frame[i] + field, sizeof(values[i]));
    qsort(values, f->count, sizeof(*values), by_value);
    return values[f->count / 2];
}

static void print_frames(const struct frames *frames, const char *what, FILE *f)
{
    uint64_t *values = frames->count ? malloc(frames->count * sizeof(*values)) : NULL;
    if (!values)
        return;
    uint64_t device = median(frames, values, offsetof(struct frame, device));
    uint64_t copy = median(frames, values, offsetof(struct frame, copy));
    uint64_t bytes = median(frames, values, offsetof(struct frame, bytes));
    fprintf(f, "bench: %u frames of %" PRIu64 " KiB: %s %" PRIu64 " ns", frames->count, bytes >> 10,
            what, device);
    if (copy)
        fprintf(f, ", memcpy of the same pages %" PRIu64 " ns, ratio %.3f", copy,
                (double)device / (double)copy);
    fputc('\n', f);
    free(values);
}

void bench_print(const struct bench *b, FILE *f)
{
    if (!b->copied.count && !b->blobs.count)
        fprintf(f, "bench: no frames of %u KiB and more\n", SMALLEST >> 10);
    print_frames(&b->copied, "transfer and flush", f);
    print_frames(&b->blobs, "flush of a blob", f);
}
