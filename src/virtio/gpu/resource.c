/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/resource.h"

#include <stdlib.h>

/* Copied between two looks at whether someone waits for the GPU's thread: under a millisecond. */
#define CHUNK (UINT64_C(1) << 20)

/* --- the budget ------------------------------------------------------------------------------- */

bool gpu_resource_charge(struct gpu_resource *res, uint64_t bytes)
{
    struct gpu *gpu = res->gpu;
    if (!extent_ok(gpu->used, bytes, gpu->memory))
        return false;
    gpu->used += bytes;
    res->charged += bytes;
    return true;
}

void gpu_resource_uncharge(struct gpu_resource *res, uint64_t bytes)
{
    res->gpu->used -= bytes;
    res->charged -= bytes;
}

/* --- the 2D kind ------------------------------------------------------------------------------ */

static uint32_t attach_2d(struct gpu_resource *res, struct gpu_backing *backing)
{
    if (!gpu_resource_charge(res, gpu_backing_bytes(backing)))
        return GPU_ERR_OUT_OF_MEMORY;
    gpu_resource_uncharge(res, gpu_backing_bytes(res->backing));
    gpu_backing_destroy(res->backing);
    res->backing = backing;
    return GPU_OK_NODATA;
}

/* Rows as wide as the image lie together on both sides: one stream. */
static bool copy_stream(struct gpu *gpu, struct gpu_backing_at at, uint8_t *dst, uint64_t len)
{
    while (len) {
        uint64_t n = MIN(len, CHUNK);
        gpu_backing_copy(&at, dst, n);
        dst += n;
        len -= n;
        if (len && worker_stopping(gpu->worker))
            return false;
    }
    return true;
}

static bool copy_rows(struct gpu *gpu, struct gpu_backing_at at, uint8_t *dst, uint32_t stride,
                      const struct rect *rect)
{
    uint64_t len = (uint64_t)rect->w * 4, copied = 0;
    for (uint32_t left = rect->h; left; left--) {
        gpu_backing_copy(&at, dst, len);
        if (left == 1)
            break;
        gpu_backing_skip(&at, stride - len);
        dst += stride;
        copied += stride;
        if (copied < CHUNK)
            continue;
        copied = 0;
        if (worker_stopping(gpu->worker))
            return false;
    }
    return true;
}

static uint32_t transfer_2d(struct gpu_resource *res, const struct rect *rect, uint64_t offset)
{
    uint32_t width = image_width(res->image), stride;
    if (!rect_inside(rect, width, image_height(res->image)))
        return GPU_ERR_INVALID_PARAMETER;
    if (!res->backing)
        return GPU_ERR_UNSPEC;
    if (rect_empty(rect))
        return GPU_OK_NODATA;
    /* from the first byte of the first row to the last of the last; at most 2^32 */
    uint64_t extent = ((uint64_t)(rect->h - 1) * width + rect->w) * 4;
    if (!extent_ok(offset, extent, res->backing->size))
        return GPU_ERR_INVALID_PARAMETER;
    uint8_t *dst = image_write_begin(res->image, rect, &stride);
    if (!dst)
        return GPU_ERR_OUT_OF_MEMORY;
    dst += (size_t)rect->y * stride + (size_t)rect->x * 4;
    struct gpu_backing_at at = gpu_backing_seek(res->backing, offset);
    bool done = rect->w == width ? copy_stream(res->gpu, at, dst, extent)
                                 : copy_rows(res->gpu, at, dst, stride, rect);
    image_write_end(res->image);
    return done ? GPU_OK_NODATA : GPU_AGAIN;
}

static struct image *frame_2d(struct gpu_resource *res)
{
    return res->image;
}

static uint32_t flush_2d(struct gpu_resource *res, const struct rect *rect,
                         struct display_frame *frame)
{
    struct display *d = res->gpu->display;
    if (!rect_inside(rect, image_width(res->image), image_height(res->image)))
        return GPU_ERR_INVALID_PARAMETER;
    display_flush(d, res->image, rect);
    display_frame(d, res->image, frame);
    return GPU_OK_NODATA;
}

const char gpu_cursor_too_large[] = "a cursor has at most 64x64 pixels; use a smaller one";

static const char *cursor_2d(struct gpu_resource *res, struct picture *pic)
{
    struct rect all = {0, 0, image_width(res->image), image_height(res->image)};
    if (all.w > DISPLAY_CURSOR || all.h > DISPLAY_CURSOR)
        return gpu_cursor_too_large;
    pic->width = all.w;
    pic->height = all.h;
    pic->stride = all.w * 4;
    image_read(res->image, &all, pic->data, pic->stride, true);
    return NULL;
}

static void finish_2d(struct gpu_resource *res)
{
    display_forget(res->gpu->display, res->image);
    image_unref(res->image);
}

static void save_2d(const struct gpu_resource *res, struct gpu_resource_state *state)
{
    *state = (struct gpu_resource_state){
        .id = res->id,
        .format = image_format(res->image),
        .width = image_width(res->image),
        .height = image_height(res->image),
        .backing_size = res->backing ? res->backing->size : 0,
    };
}

static const struct gpu_resource_ops ops_2d = {
    .attach = attach_2d,
    .transfer = transfer_2d,
    .frame = frame_2d,
    .flush = flush_2d,
    .cursor = cursor_2d,
    .finish = finish_2d,
    .save = save_2d,
};

/* --- the table -------------------------------------------------------------------------------- */

static struct gpu_resource **bucket_of(struct gpu *gpu, uint32_t id)
{
    return &gpu->bucket[(id * UINT32_C(2654435761)) >> 22];
}
_Static_assert(GPU_BUCKETS == 1 << (32 - 22), "bucket_of takes the top ten bits");

struct gpu_resource *gpu_resource_find(struct gpu *gpu, uint32_t id)
{
    struct gpu_resource *res = *bucket_of(gpu, id);
    while (res && res->id != id)
        res = res->next;
    return res;
}

struct gpu_resource *gpu_resource_new(struct gpu *gpu, uint32_t id,
                                      const struct gpu_resource_ops *ops, uint64_t bytes,
                                      uint32_t *code)
{
    *code = GPU_ERR_INVALID_RESOURCE_ID;
    if (!id || gpu_resource_find(gpu, id))
        return NULL;
    *code = GPU_ERR_OUT_OF_MEMORY;
    struct gpu_resource *res = calloc(1, sizeof(*res));
    if (!res)
        return NULL;
    res->ops = ops;
    res->gpu = gpu;
    res->id = id;
    res->serial = gpu->serial++;
    if (!gpu_resource_charge(res, sizeof(*res) + bytes)) {
        free(res);
        return NULL;
    }
    struct gpu_resource **bucket = bucket_of(gpu, id);
    res->next = *bucket;
    *bucket = res;
    *code = GPU_OK_NODATA;
    return res;
}

/* Takes it out of the table. */
static void resource_free(struct gpu_resource *res)
{
    struct gpu_resource **p = bucket_of(res->gpu, res->id);
    while (*p != res)
        p = &(*p)->next;
    *p = res->next;
    gpu_resource_uncharge(res, res->charged);
    free(res);
}

struct gpu_resource *gpu_resource_create(struct gpu *gpu, uint32_t id, uint32_t format,
                                         uint32_t width, uint32_t height, uint32_t *code)
{
    *code = GPU_ERR_INVALID_RESOURCE_ID;
    if (!id || gpu_resource_find(gpu, id))
        return NULL;
    *code = GPU_ERR_INVALID_PARAMETER;
    if (!pixel_format_pixman(format) || !width || !height || width > GPU_MAX_SIDE ||
        height > GPU_MAX_SIDE)
        return NULL;
    /* pixels come in pages */
    uint64_t bytes = ALIGN_UP((uint64_t)width * height * 4, GMEM_PAGE);
    struct gpu_resource *res = gpu_resource_new(gpu, id, &ops_2d, bytes, code);
    if (!res)
        return NULL;
    res->image = image_create(width, height, format);
    if (res->image)
        return res;
    resource_free(res);
    *code = GPU_ERR_OUT_OF_MEMORY;
    return NULL;
}

void gpu_resource_destroy(struct gpu_resource *res)
{
    res->ops->finish(res);
    gpu_backing_destroy(res->backing);
    resource_free(res);
}

void gpu_resource_destroy_all(struct gpu *gpu)
{
    for (unsigned i = 0; i < GPU_BUCKETS; i++)
        while (gpu->bucket[i])
            gpu_resource_destroy(gpu->bucket[i]);
}

bool gpu_resource_reserve(struct gpu_resource *res)
{
    if (res->reserved)
        return true;
    uint64_t bytes =
        ALIGN_UP((uint64_t)image_width(res->image) * image_height(res->image) * 4, GMEM_PAGE);
    if (!gpu_resource_charge(res, bytes))
        return false;
    if (!image_reserve(res->image)) {
        gpu_resource_uncharge(res, bytes);
        return false;
    }
    res->reserved = true;
    return true;
}
