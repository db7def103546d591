/* SPDX-License-Identifier: MIT */
/*
 * 2D resources: TRANSFER_TO_HOST_2D copies pixels from the backing into an image of the host, and
 * RESOURCE_FLUSH lets viewers see them ("Device Operation: controlq", VIRTIO 1.3).
 */
#include "virtio/gpu/resource.h"

#include <string.h>

/* Bytes that are copied between two looks at whether a thread waits for the worker to pause: under
 * a millisecond. */
#define CHUNK (UINT64_C(1) << 20)

struct gpu_resource_2d {
    struct gpu_resource base;
    struct image *image;
    bool reserved; /* the front buffer is allocated and charged */
};

static struct gpu_resource_2d *of_base(const struct gpu_resource *res)
{
    return container_of(res, struct gpu_resource_2d, base);
}

static struct rect all_of(const struct image *img)
{
    return (struct rect){0, 0, image_width(img), image_height(img)};
}

/* Bytes of one buffer: whole pages. */
static uint64_t buffer_bytes(uint32_t width, uint32_t height)
{
    return ALIGN_UP((uint64_t)width * height * 4, GMEM_PAGE);
}

/* --- commands --- */

static uint32_t attach_2d(struct gpu_resource *res, struct gpu_backing *backing)
{
    if (!gpu_resource_charge(res, gpu_backing_bytes(backing)))
        return GPU_ERR_OUT_OF_MEMORY;
    gpu_resource_replace_backing(res, backing);
    return GPU_OK_NODATA;
}

/* Rows as wide as the image are contiguous on both sides: one stream. */
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
    struct image *img = of_base(res)->image;
    uint32_t width = image_width(img), stride;
    if (!rect_inside(rect, width, image_height(img)))
        return GPU_ERR_INVALID_PARAMETER;
    if (!res->backing)
        return GPU_ERR_UNSPEC;
    if (rect_empty(rect))
        return GPU_OK_NODATA;
    /* from the first byte of the first row to the last of the last; at most 2^32 */
    uint64_t extent = ((uint64_t)(rect->h - 1) * width + rect->w) * 4;
    if (!extent_ok(offset, extent, res->backing->size))
        return GPU_ERR_INVALID_PARAMETER;
    uint8_t *dst = image_write_begin(img, rect, &stride);
    if (!dst)
        return GPU_ERR_OUT_OF_MEMORY;
    dst += (size_t)rect->y * stride + (size_t)rect->x * 4;
    struct gpu_backing_at at = gpu_backing_seek(res->backing, offset);
    bool done = rect->w == width ? copy_stream(res->gpu, at, dst, extent)
                                 : copy_rows(res->gpu, at, dst, stride, rect);
    image_write_end(img);
    return done ? GPU_OK_NODATA : GPU_AGAIN;
}

/* With the front buffer allocated and charged. */
static struct image *image_2d(struct gpu_resource *res, const struct gpu_layout *layout,
                              uint32_t *code)
{
    struct gpu_resource_2d *r = of_base(res);
    uint64_t bytes = buffer_bytes(image_width(r->image), image_height(r->image));
    (void)layout;
    *code = GPU_OK_NODATA;
    if (r->reserved)
        return r->image;
    *code = GPU_ERR_OUT_OF_MEMORY;
    if (!gpu_resource_charge(res, bytes))
        return NULL;
    if (!image_reserve(r->image)) {
        gpu_resource_uncharge(res, bytes);
        return NULL;
    }
    r->reserved = true;
    *code = GPU_OK_NODATA;
    return r->image;
}

static uint32_t flush_2d(struct gpu_resource *res, const struct rect *rect,
                         struct display_frame *frame)
{
    struct image *img = of_base(res)->image;
    if (!rect_inside(rect, image_width(img), image_height(img)))
        return GPU_ERR_INVALID_PARAMETER;
    gpu_scanout_flush(res->gpu, img, rect, frame);
    return GPU_OK_NODATA;
}

static const char *cursor_size_2d(const struct gpu_resource *res, uint32_t *width, uint32_t *height)
{
    const struct image *img = of_base(res)->image;
    *width = image_width(img);
    *height = image_height(img);
    return *width > DISPLAY_CURSOR || *height > DISPLAY_CURSOR ? gpu_cursor_too_large : NULL;
}

static void cursor_read_2d(struct gpu_resource *res, const struct picture *pic)
{
    struct image *img = of_base(res)->image;
    struct rect all = all_of(img);
    image_read(img, &all, pic->data, pic->stride, true);
}

/* --- for observers --- */

static bool layout_2d(const struct gpu_resource *res, unsigned n, struct gpu_layout *layout)
{
    const struct image *img = of_base(res)->image;
    *layout = (struct gpu_layout){image_width(img), image_height(img), image_format(img),
                                  image_width(img) * 4, 0};
    return !n;
}

static struct image *image_at_2d(const struct gpu_resource *res, unsigned n)
{
    return n ? NULL : of_base(res)->image;
}

static const uint8_t *row_2d(const struct gpu_resource *res, uint32_t y)
{
    uint32_t stride;
    const uint8_t *base = image_back(of_base(res)->image, &stride);
    return base + (size_t)y * stride;
}

static void unflushed_2d(const struct gpu_resource *res, pixman_region32_t *region)
{
    image_unflushed(of_base(res)->image, region);
}

/* --- state --- */

/* A box of the front buffer. */
static void save_box(struct blob_out *out, const struct image *img, const pixman_box32_t *box)
{
    size_t stride = (size_t)image_width(img) * 4;
    struct rect r = {(uint32_t)box->x1, (uint32_t)box->y1, (uint32_t)(box->x2 - box->x1),
                     (uint32_t)(box->y2 - box->y1)};
    struct gpu_rect wire = gpu_rect_make(&r);
    blob_put(out, &wire, sizeof(wire));
    for (uint32_t y = 0; y < r.h; y++)
        blob_put(out, image_front(img) + (r.y + y) * stride + (size_t)r.x * 4, (size_t)r.w * 4);
}

static void save_2d(const struct gpu_resource *res, struct state_resource *record,
                    struct blob_out *out)
{
    const struct gpu_resource_2d *r = of_base(res);
    pixman_region32_t unflushed;
    uint32_t stride;
    int n;
    const uint8_t *pixels = image_back(r->image, &stride);
    blob_put(out, pixels, (size_t)stride * image_height(r->image));
    pixman_region32_init(&unflushed);
    image_unflushed(r->image, &unflushed);
    const pixman_box32_t *box = pixman_region32_rectangles(&unflushed, &n);
    for (int i = 0; i < n; i++)
        save_box(out, r->image, &box[i]);
    pixman_region32_fini(&unflushed);
    record->boxes = le32_make((uint32_t)n);
    record->format = le32_make(image_format(r->image));
    record->width = le32_make(image_width(r->image));
    record->height = le32_make(image_height(r->image));
    record->reserved = le32_make(r->reserved);
}

/* A rectangle's pixels from `src`, of which each row begins `step` bytes behind the last. */
static bool load_rect(struct blob_in *in, struct image *img, const struct rect *r,
                      const uint8_t *src, size_t step)
{
    uint32_t stride;
    uint8_t *dst = image_write_begin(img, r, &stride);
    if (!dst)
        return blob_fail(in, "no host memory");
    for (uint32_t y = 0; y < r->h; y++)
        memcpy(dst + (size_t)(r->y + y) * stride + (size_t)r->x * 4, src + y * step,
               (size_t)r->w * 4);
    image_write_end(img);
    return true;
}

/* The next box's rectangle and its pixels; NULL: a failure. */
static const uint8_t *load_box(struct blob_in *in, const struct image *img, struct rect *r)
{
    struct gpu_rect wire;
    if (!blob_get(in, &wire, sizeof(wire)))
        return NULL;
    *r = gpu_rect_get(&wire);
    if (!blob_check(in, !rect_empty(r) && rect_inside(r, image_width(img), image_height(img)),
                    "a box outside its picture"))
        return NULL;
    return blob_get_run(in, (uint64_t)r->w * r->h * 4);
}

/* The flushed picture: the back buffer's pixels, and over them the boxes of the front buffer. */
static bool load_flushed(struct blob_in *in, struct image *img, uint32_t boxes)
{
    const struct rect all = all_of(img);
    size_t stride = (size_t)all.w * 4;
    const uint8_t *pixels = blob_get_run(in, stride * all.h);
    if (!pixels || !load_rect(in, img, &all, pixels, stride))
        return false;
    for (uint32_t i = 0; i < boxes; i++) {
        struct rect r;
        pixels = load_box(in, img, &r);
        if (!pixels || !load_rect(in, img, &r, pixels, (size_t)r.w * 4))
            return false;
    }
    return true;
}

static bool load_2d(struct gpu *gpu, const struct state_resource *record,
                    struct gpu_backing *backing, struct blob_in *in)
{
    uint32_t id = le32_get(record->id);
    uint32_t code = gpu_resource_2d_create(gpu, id, le32_get(record->format),
                                           le32_get(record->width), le32_get(record->height));
    struct gpu_resource *res = code == GPU_OK_NODATA ? gpu_resource_find(gpu, id) : NULL;
    if (!res || (backing && attach_2d(res, backing) != GPU_OK_NODATA)) {
        gpu_backing_destroy(backing);
        return blob_fail(in, "a resource that the GPU refuses");
    }
    if (le32_get(record->reserved) && !image_2d(res, NULL, &code))
        return blob_fail(in, "more resources than it has memory for");
    return load_flushed(in, of_base(res)->image, le32_get(record->boxes));
}

static bool load_unflushed_2d(struct gpu_resource *res, const struct state_resource *record,
                              struct blob_in *in)
{
    struct image *img = of_base(res)->image;
    size_t stride = (size_t)image_width(img) * 4;
    const uint8_t *pixels = blob_get_run(in, stride * image_height(img));
    for (uint32_t i = 0; pixels && i < le32_get(record->boxes); i++) {
        struct rect r;
        if (!load_box(in, img, &r) ||
            !load_rect(in, img, &r, pixels + r.y * stride + (size_t)r.x * 4, stride))
            return false;
    }
    return pixels;
}

static void finish_2d(struct gpu_resource *res)
{
    gpu_scanout_drop_image(res->gpu, of_base(res)->image);
    image_unref(of_base(res)->image);
}

const struct gpu_resource_ops gpu_resource_2d_ops = {
    .kind = "2d",
    .size = sizeof(struct gpu_resource_2d),
    .copies = true,
    .attach = attach_2d,
    .transfer = transfer_2d,
    .image = image_2d,
    .flush = flush_2d,
    .cursor_size = cursor_size_2d,
    .cursor_read = cursor_read_2d,
    .layout = layout_2d,
    .image_at = image_at_2d,
    .row = row_2d,
    .unflushed = unflushed_2d,
    .save = save_2d,
    .load = load_2d,
    .load_unflushed = load_unflushed_2d,
    .finish = finish_2d,
};

uint32_t gpu_resource_2d_create(struct gpu *gpu, uint32_t id, uint32_t format, uint32_t width,
                                uint32_t height)
{
    uint32_t code;
    if (!id || gpu_resource_find(gpu, id))
        return GPU_ERR_INVALID_RESOURCE_ID;
    if (!pixel_format_pixman(format) || !width || !height || width > GPU_MAX_SIDE ||
        height > GPU_MAX_SIDE)
        return GPU_ERR_INVALID_PARAMETER;
    struct gpu_resource *res =
        gpu_resource_new(gpu, id, &gpu_resource_2d_ops, buffer_bytes(width, height), &code);
    if (!res)
        return code;
    of_base(res)->image = image_create(width, height, format);
    if (of_base(res)->image)
        return GPU_OK_NODATA;
    gpu_resource_free(res);
    return GPU_ERR_OUT_OF_MEMORY;
}
