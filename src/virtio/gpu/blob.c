/* SPDX-License-Identifier: MIT */
/*
 * Blobs: resources whose pixels stay where the guest draws them ("Device Operation: controlq
 * (blob)"). A blob has no shape of its own; SET_SCANOUT_BLOB gives it one, and each shape that some
 * head shows is a view: a window (display/image.h) into the blob's pages. Nothing is ever copied
 * before a front-end reads. The same shape gets the same view again, so one framebuffer on two
 * scanouts, at offsets or mirrored, is one view; a flip between two shapes makes nothing new.
 *
 * Guest RAM is never unmapped while the machine lives, but it is the guest's again once a
 * blob is gone: UNREF, DETACH_BACKING and reset revoke the views, and wait for a read that runs.
 */
#include "virtio/gpu/resource.h"

#include <stdlib.h>
#include <string.h>

static void view_row(void *ctx, uint64_t off, uint32_t format, uint8_t *dst, size_t n, bool alpha)
{
    gpu_backing_pixels(ctx, off, format, dst, n, alpha);
}

static const struct image_source view_source = {view_row};

/* --- views ------------------------------------------------------------------------------------ */

/* What one costs the budget: the host's allocator rounds up. */
static const uint64_t view_cost = 512;

static void view_destroy(struct gpu_resource *res, struct gpu_view *v)
{
    display_forget(res->gpu->display, v->image);
    image_revoke(v->image);
    image_unref(v->image);
    free(v);
    gpu_resource_uncharge(res, view_cost);
}

static void views_destroy(struct gpu_resource *res)
{
    while (res->view) {
        struct gpu_view *v = res->view;
        res->view = v->next;
        view_destroy(res, v);
    }
}

/* Drops the views that no head shows any more. */
static void views_prune(struct gpu_resource *res)
{
    struct gpu_view **p = &res->view;
    while (*p) {
        struct gpu_view *v = *p;
        if (display_uses(res->gpu->display, v->image)) {
            p = &v->next;
            continue;
        }
        *p = v->next;
        view_destroy(res, v);
    }
}

static bool view_is(const struct gpu_view *v, const struct gpu_set_scanout_blob *req)
{
    return image_width(v->image) == le32_get(req->width) &&
           image_height(v->image) == le32_get(req->height) &&
           image_format(v->image) == le32_get(req->format) &&
           v->stride == le32_get(req->strides[0]) && v->offset == le32_get(req->offsets[0]);
}

static struct gpu_view *view_make(struct gpu_resource *res, const struct gpu_set_scanout_blob *req)
{
    uint64_t pixels = (uint64_t)le32_get(req->width) * le32_get(req->height) * 4;
    views_prune(res);
    if (pixels > res->gpu->memory || !gpu_resource_charge(res, view_cost))
        return NULL;
    struct gpu_view *v = malloc(sizeof(*v));
    if (v) {
        v->offset = le32_get(req->offsets[0]);
        v->stride = le32_get(req->strides[0]);
        v->image =
            image_create_window(le32_get(req->width), le32_get(req->height), le32_get(req->format),
                                &view_source, res->backing, v->offset, v->stride);
    }
    if (!v || !v->image) {
        free(v);
        gpu_resource_uncharge(res, view_cost);
        return NULL;
    }
    v->next = res->view;
    res->view = v;
    return v;
}

/* Do all of the shape's pixels lie in the blob? */
static bool shape_fits(const struct gpu_set_scanout_blob *req, uint64_t size)
{
    uint64_t row = (uint64_t)le32_get(req->width) * 4;
    uint32_t height = le32_get(req->height), stride = le32_get(req->strides[0]);
    if (!pixel_format_pixman(le32_get(req->format)) || !row || !height || row > GPU_MAX_SIDE * 4 ||
        height > GPU_MAX_SIDE || stride < row)
        return false;
    return extent_ok(le32_get(req->offsets[0]), (uint64_t)stride * (height - 1) + row, size);
}

struct gpu_view *gpu_blob_view(struct gpu_resource *res, const struct gpu_set_scanout_blob *shape,
                               uint32_t *code)
{
    *code = GPU_ERR_INVALID_PARAMETER;
    if (!res->backing || !shape_fits(shape, res->blob_size))
        return NULL;
    struct gpu_view *v = res->view;
    while (v && !view_is(v, shape))
        v = v->next;
    if (!v)
        v = view_make(res, shape);
    *code = v ? GPU_OK_NODATA : GPU_ERR_OUT_OF_MEMORY;
    return v;
}

/* --- the kind --------------------------------------------------------------------------------- */

/* Another list of pages may come after a DETACH_BACKING; it must be as long. */
static uint32_t attach_blob(struct gpu_resource *res, struct gpu_backing *backing)
{
    if (backing && backing->size < res->blob_size)
        return GPU_ERR_INVALID_PARAMETER;
    if (!gpu_resource_charge(res, gpu_backing_bytes(backing)))
        return GPU_ERR_OUT_OF_MEMORY;
    views_destroy(res);
    gpu_resource_uncharge(res, gpu_backing_bytes(res->backing));
    gpu_backing_destroy(res->backing);
    res->backing = backing;
    return GPU_OK_NODATA;
}

/* Drivers send it all the same; there is nothing to move. One of the whole picture says how wide
 * and high that is: the blob's bytes are its pixels, or its pixels and the rest of a page. */
static uint32_t transfer_blob(struct gpu_resource *res, const struct rect *rect, uint64_t offset)
{
    uint64_t bytes = (uint64_t)rect->w * rect->h * 4;
    if (offset || rect->x || rect->y || rect_empty(rect) || rect->w > GPU_MAX_SIDE ||
        rect->h > GPU_MAX_SIDE)
        return GPU_OK_NODATA;
    if (res->blob_size == bytes || res->blob_size == ALIGN_UP(bytes, GMEM_PAGE)) {
        res->width = rect->w;
        res->height = rect->h;
    }
    return GPU_OK_NODATA;
}

static struct image *frame_blob(struct gpu_resource *res)
{
    (void)res; /* SET_SCANOUT says too little to show it */
    return NULL;
}

/* Newest view first: a head that goes from one to another takes the damage of the new one. The
 * rectangle has to lie in one that is shown. */
static uint32_t flush_blob(struct gpu_resource *res, const struct rect *rect,
                           struct display_frame *frame)
{
    struct display *d = res->gpu->display;
    bool fits = !res->view;
    for (const struct gpu_view *v = res->view; v; v = v->next) {
        struct rect all = {0, 0, image_width(v->image), image_height(v->image)}, part;
        fits |= rect_inside(rect, all.w, all.h);
        if (!rect_intersect(rect, &all, &part))
            continue;
        display_flush(d, v->image, &part);
        display_frame(d, v->image, frame);
    }
    return fits ? GPU_OK_NODATA : GPU_ERR_INVALID_PARAMETER;
}

/*
 * UPDATE_CURSOR names no shape. Linux transfers a new cursor before it shows it, whatever its size,
 * so the last transfer of the whole picture tells; its blobs are whole pages, so the size alone
 * would not: 24x24 and 32x32 pixels both take one. For drivers that send no transfer the size tells
 * if it is a square's, as that of 64x64 pixels is. Anything else might be shown as stripes.
 */
const char *gpu_blob_cursor(const struct gpu_resource *res, uint32_t *width, uint32_t *height)
{
    *width = res->width;
    *height = res->height;
    for (uint32_t side = 1; !*width && side <= GPU_MAX_SIDE; side++)
        if ((uint64_t)side * side * 4 == res->blob_size)
            *width = *height = side;
    if (!res->backing)
        return "the blob has no memory; send RESOURCE_ATTACH_BACKING first";
    if (!*width)
        return "nothing says how wide this blob is; send TRANSFER_TO_HOST_2D of the whole cursor "
               "before it, or start with --gpu ...,blob=off";
    return *width > DISPLAY_CURSOR || *height > DISPLAY_CURSOR ? gpu_cursor_too_large : NULL;
}

static const char *cursor_blob(struct gpu_resource *res, struct picture *pic)
{
    const char *why = gpu_blob_cursor(res, &pic->width, &pic->height);
    pic->stride = pic->width * 4;
    if (!why)
        gpu_backing_pixels(res->backing, 0, PIXEL_BGRA, pic->data, (size_t)pic->width * pic->height,
                           true);
    return why;
}

static void save_blob(const struct gpu_resource *res, struct gpu_resource_state *state)
{
    *state = (struct gpu_resource_state){
        .id = res->id,
        .blob_size = res->blob_size,
        .backing_size = res->backing ? res->backing->size : 0,
    };
}

static const struct gpu_resource_ops ops_blob = {
    .quick = true,
    .attach = attach_blob,
    .transfer = transfer_blob,
    .frame = frame_blob,
    .flush = flush_blob,
    .cursor = cursor_blob,
    .save = save_blob,
    .finish = views_destroy,
};

/* --- commands --------------------------------------------------------------------------------- */

uint32_t gpu_blob_create(struct gpu *gpu, uint32_t id, uint64_t size, struct gpu_backing *backing)
{
    uint32_t code;
    if (backing->size < size)
        return GPU_ERR_INVALID_PARAMETER;
    struct gpu_resource *res =
        gpu_resource_new(gpu, id, &ops_blob, gpu_backing_bytes(backing), &code);
    if (!res)
        return code;
    res->backing = backing;
    res->blob_size = size;
    return GPU_OK_NODATA;
}

uint32_t gpu_create_blob(struct gpu_command *cmd)
{
    const struct gpu_resource_create_blob *req = &cmd->req.create_blob;
    uint32_t id = le32_get(req->resource_id), code;
    uint64_t size = le64_get(req->size);
    if (!id || gpu_resource_find(cmd->gpu, id))
        return GPU_ERR_INVALID_RESOURCE_ID;
    if (le32_get(req->blob_mem) != GPU_BLOB_MEM_GUEST || !size ||
        (le32_get(req->blob_flags) & ~(uint32_t)GPU_BLOB_FLAGS))
        return GPU_ERR_INVALID_PARAMETER;
    struct gpu_backing *backing = gpu_command_backing(cmd, le32_get(req->nr_entries), &code);
    if (!backing)
        return code;
    code = gpu_blob_create(cmd->gpu, id, size, backing);
    if (code != GPU_OK_NODATA)
        gpu_backing_destroy(backing);
    return code;
}

uint32_t gpu_set_scanout_blob(struct gpu_command *cmd)
{
    const struct gpu_set_scanout_blob *req = &cmd->req.scanout_blob;
    struct display *d = cmd->gpu->display;
    uint32_t head = le32_get(req->scanout_id), id = le32_get(req->resource_id);
    if (head >= display_heads(d))
        return GPU_ERR_INVALID_SCANOUT_ID;
    if (!id) {
        display_set_scanout(d, head, NULL, NULL);
        return GPU_OK_NODATA;
    }
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, id);
    if (!res || res->ops != &ops_blob)
        return GPU_ERR_INVALID_RESOURCE_ID;
    struct rect src = gpu_rect_get(&req->r);
    if (rect_empty(&src) || !rect_inside(&src, le32_get(req->width), le32_get(req->height)))
        return GPU_ERR_INVALID_PARAMETER;
    uint32_t code = GPU_ERR_OUT_OF_MEMORY;
    bool fits = gpu_scanout_fits(cmd->gpu, head, &src);
    struct gpu_view *v = fits ? gpu_blob_view(res, req, &code) : NULL;
    if (!v) {
        cmd->why = code == GPU_ERR_OUT_OF_MEMORY ? gpu_too_much_shown : NULL;
        return code;
    }
    display_set_scanout(d, head, v->image, &src);
    return GPU_OK_NODATA;
}
