/* SPDX-License-Identifier: MIT */
/*
 * Blobs: resources whose pixels stay where the guest draws them ("Device Operation: controlq
 * (blob)", VIRTIO 1.3). A blob has no shape of its own; SET_SCANOUT_BLOB gives it one, and each
 * layout that some scanout shows is a view: a window (display/image.h) into the blob's pages.
 * Nothing is ever copied before a front-end reads. The same layout gets the same view again, so one
 * framebuffer on two scanouts, at offsets or mirrored, is one view; a flip between two layouts
 * makes nothing new.
 *
 * Guest RAM is never unmapped while the machine lives, but the guest uses it for something else
 * once a blob is gone: UNREF, DETACH_BACKING and reset revoke the views, and wait for a read that
 * runs.
 */
#include "virtio/gpu/resource.h"

#include <stdlib.h>
#include <string.h>

struct view {
    struct view *next;
    struct image *image;
    struct gpu_layout layout;
};

struct gpu_resource_blob {
    struct gpu_resource base;
    uint64_t size;     /* bytes */
    struct view *view; /* newest first */
    uint32_t width,
        height; /* of the picture in it, by its last whole transfer; 0: there was none */
};

static struct gpu_resource_blob *of_base(const struct gpu_resource *res)
{
    return container_of(res, struct gpu_resource_blob, base);
}

static void view_row(void *ctx, uint64_t off, uint32_t format, uint8_t *dst, size_t n, bool alpha)
{
    gpu_backing_pixels(ctx, off, format, dst, n, alpha);
}

static const struct image_source view_source = {view_row};

/* --- views --- */

/* Bytes that a view costs the budget: the host's allocator rounds up. */
static const uint64_t view_cost = 512;

static void view_destroy(struct gpu_resource *res, struct view *v)
{
    gpu_scanout_drop_image(res->gpu, v->image);
    image_revoke(v->image);
    image_unref(v->image);
    free(v);
    gpu_resource_uncharge(res, view_cost);
}

static void views_destroy(struct gpu_resource *res)
{
    struct gpu_resource_blob *blob = of_base(res);
    while (blob->view) {
        struct view *v = blob->view;
        blob->view = v->next;
        view_destroy(res, v);
    }
}

/* Destroys the views that no scanout shows any more. */
static void views_prune(struct gpu_resource *res)
{
    struct view **p = &of_base(res)->view;
    while (*p) {
        struct view *v = *p;
        if (gpu_scanout_uses(res->gpu, v->image)) {
            p = &v->next;
            continue;
        }
        *p = v->next;
        view_destroy(res, v);
    }
}

/* In no list yet. NULL: over budget, no memory, or its pixels are more bytes than the GPU has
 * memory (a list of pages may name one page for all of them). */
static struct view *view_create(struct gpu_resource *res, const struct gpu_layout *l)
{
    uint64_t pixels = (uint64_t)l->width * l->height * 4;
    if (pixels > res->gpu->memory || !gpu_resource_charge(res, view_cost))
        return NULL;
    struct view *v = malloc(sizeof(*v));
    if (v) {
        v->next = NULL;
        v->layout = *l;
        v->image = image_create_window(l->width, l->height, l->format, &view_source, res->backing,
                                       l->offset, l->stride);
    }
    if (!v || !v->image) {
        free(v);
        gpu_resource_uncharge(res, view_cost);
        return NULL;
    }
    return v;
}

static bool same_layout(const struct gpu_layout *a, const struct gpu_layout *b)
{
    return a->width == b->width && a->height == b->height && a->format == b->format &&
           a->stride == b->stride && a->offset == b->offset;
}

/* Do all pixels of the layout lie in the blob? */
static bool layout_fits(const struct gpu_layout *l, uint64_t size)
{
    uint64_t row = (uint64_t)l->width * 4;
    if (!pixel_format_pixman(l->format) || !row || !l->height || row > GPU_MAX_SIDE * 4 ||
        l->height > GPU_MAX_SIDE || l->stride < row)
        return false;
    return extent_ok(l->offset, (uint64_t)l->stride * (l->height - 1) + row, size);
}

/* --- commands --- */

static struct image *image_blob(struct gpu_resource *res, const struct gpu_layout *layout,
                                uint32_t *code)
{
    struct gpu_resource_blob *blob = of_base(res);
    *code = GPU_ERR_INVALID_PARAMETER;
    if (!res->backing || !layout_fits(layout, blob->size))
        return NULL;
    struct view *v = blob->view;
    while (v && !same_layout(&v->layout, layout))
        v = v->next;
    if (!v) {
        views_prune(res);
        *code = GPU_ERR_OUT_OF_MEMORY;
        v = view_create(res, layout);
        if (!v)
            return NULL;
        v->next = blob->view;
        blob->view = v;
    }
    *code = GPU_OK_NODATA;
    return v->image;
}

/* Another list of pages may come after a DETACH_BACKING; it must be as long. */
static uint32_t attach_blob(struct gpu_resource *res, struct gpu_backing *backing)
{
    if (backing && backing->size < of_base(res)->size)
        return GPU_ERR_INVALID_PARAMETER;
    if (!gpu_resource_charge(res, gpu_backing_bytes(backing)))
        return GPU_ERR_OUT_OF_MEMORY;
    views_destroy(res);
    gpu_resource_replace_backing(res, backing);
    return GPU_OK_NODATA;
}

/* Drivers send it all the same; there is nothing to move. One of the whole picture says how wide
 * and high that is: the blob's bytes are its pixels, or its pixels and the rest of a page. */
static uint32_t transfer_blob(struct gpu_resource *res, const struct rect *rect, uint64_t offset)
{
    struct gpu_resource_blob *blob = of_base(res);
    uint64_t bytes = (uint64_t)rect->w * rect->h * 4;
    if (offset || rect->x || rect->y || rect_empty(rect) || rect->w > GPU_MAX_SIDE ||
        rect->h > GPU_MAX_SIDE)
        return GPU_OK_NODATA;
    if (blob->size == bytes || blob->size == ALIGN_UP(bytes, GMEM_PAGE)) {
        blob->width = rect->w;
        blob->height = rect->h;
    }
    return GPU_OK_NODATA;
}

/* Newest view first: a scanout that changes from one to another gets the damage of the new one. The
 * rectangle has to touch one that is shown. */
static uint32_t flush_blob(struct gpu_resource *res, const struct rect *rect,
                           struct display_frame *frame)
{
    const struct view *views = of_base(res)->view;
    bool fits = !views;
    for (const struct view *v = views; v; v = v->next) {
        struct rect all = {0, 0, v->layout.width, v->layout.height}, part;
        fits |= rect_inside(rect, all.w, all.h);
        if (rect_intersect(rect, &all, &part))
            gpu_scanout_flush(res->gpu, v->image, &part, frame);
    }
    return fits ? GPU_OK_NODATA : GPU_ERR_INVALID_PARAMETER;
}

/*
 * UPDATE_CURSOR names no shape. Linux transfers a new cursor before it shows it, whatever its size,
 * so the last transfer of the whole picture gives the shape; its blobs are whole pages, so the size
 * alone would not: 24x24 and 32x32 pixels both take one. Of drivers that send no transfer the size
 * is taken for a square's, if it can be one, as that of 64x64 pixels is. Anything else might be
 * shown as stripes.
 */
static const char *cursor_size_blob(const struct gpu_resource *res, uint32_t *width,
                                    uint32_t *height)
{
    const struct gpu_resource_blob *blob = of_base(res);
    *width = blob->width;
    *height = blob->height;
    for (uint32_t side = 1; !*width && side <= GPU_MAX_SIDE; side++)
        if ((uint64_t)side * side * 4 == blob->size)
            *width = *height = side;
    if (!res->backing)
        return "the blob has no memory; send RESOURCE_ATTACH_BACKING first";
    if (!*width)
        return "nothing says how wide this blob is; send TRANSFER_TO_HOST_2D of the whole cursor "
               "before it, or start with --gpu ...,blob=off";
    return *width > DISPLAY_CURSOR || *height > DISPLAY_CURSOR ? gpu_cursor_too_large : NULL;
}

/* Rows without gaps from the blob's first byte on. */
static void cursor_read_blob(struct gpu_resource *res, const struct picture *pic)
{
    gpu_backing_pixels(res->backing, 0, PIXEL_BGRA, pic->data, (size_t)pic->width * pic->height,
                       true);
}

/* --- for observers --- */

static const struct view *view_at(const struct gpu_resource *res, unsigned n)
{
    const struct view *v = of_base(res)->view;
    while (v && n--)
        v = v->next;
    return v;
}

static bool layout_blob(const struct gpu_resource *res, unsigned n, struct gpu_layout *layout)
{
    const struct view *v = view_at(res, n);
    if (v)
        *layout = v->layout;
    return v;
}

static struct image *image_at_blob(const struct gpu_resource *res, unsigned n)
{
    const struct view *v = view_at(res, n);
    return v ? v->image : NULL;
}

/* --- creation and state --- */

/* Takes the backing over on success. */
static struct gpu_resource *blob_create(struct gpu *gpu, uint32_t id, uint64_t size,
                                        struct gpu_backing *backing, uint32_t *code)
{
    *code = GPU_ERR_INVALID_PARAMETER;
    if (backing && backing->size < size)
        return NULL;
    struct gpu_resource *res =
        gpu_resource_new(gpu, id, &gpu_resource_blob_ops, gpu_backing_bytes(backing), code);
    if (!res)
        return NULL;
    res->backing = backing;
    of_base(res)->size = size;
    return res;
}

static void save_blob(const struct gpu_resource *res, struct state_resource *record,
                      struct blob_out *out)
{
    const struct gpu_resource_blob *blob = of_base(res);
    uint32_t n = 0;
    for (const struct view *v = blob->view; v; v = v->next, n++) {
        const struct state_view view = {
            le32_make(v->layout.width),  le32_make(v->layout.height), le32_make(v->layout.format),
            le32_make(v->layout.stride), le64_make(v->layout.offset),
        };
        blob_put(out, &view, sizeof(view));
    }
    record->blob_size = le64_make(blob->size);
    record->views = le32_make(n);
    record->width = le32_make(blob->width);
    record->height = le32_make(blob->height);
}

static bool load_views(struct gpu_resource *res, uint32_t n, struct blob_in *in)
{
    struct gpu_resource_blob *blob = of_base(res);
    struct view **end = &blob->view;
    for (; n; n--) {
        struct state_view s;
        if (!blob_get(in, &s, sizeof(s)))
            return false;
        const struct gpu_layout layout = {le32_get(s.width), le32_get(s.height), le32_get(s.format),
                                          le32_get(s.stride), le64_get(s.offset)};
        bool fits = res->backing && layout_fits(&layout, blob->size);
        *end = fits ? view_create(res, &layout) : NULL;
        if (!*end)
            return blob_fail(in, "a shape that does not lie in its blob");
        end = &(*end)->next;
    }
    return true;
}

static bool load_blob(struct gpu *gpu, const struct state_resource *record,
                      struct gpu_backing *backing, struct blob_in *in)
{
    uint32_t code;
    struct gpu_resource *res =
        blob_create(gpu, le32_get(record->id), le64_get(record->blob_size), backing, &code);
    if (!res) {
        gpu_backing_destroy(backing);
        return blob_fail(in, "a blob that the GPU refuses");
    }
    transfer_blob(res, &(struct rect){0, 0, le32_get(record->width), le32_get(record->height)}, 0);
    return load_views(res, le32_get(record->views), in);
}

/* What was drawn is visible anyway: there is nothing to transfer. */
static bool load_unflushed_blob(struct gpu_resource *res, const struct state_resource *record,
                                struct blob_in *in)
{
    (void)res;
    return blob_get_run(in, (uint64_t)le32_get(record->views) * sizeof(struct state_view));
}

const struct gpu_resource_ops gpu_resource_blob_ops = {
    .kind = "blob",
    .size = sizeof(struct gpu_resource_blob),
    .quick = true,
    .shaped = true,
    .attach = attach_blob,
    .transfer = transfer_blob,
    .image = image_blob,
    .flush = flush_blob,
    .cursor_size = cursor_size_blob,
    .cursor_read = cursor_read_blob,
    .layout = layout_blob,
    .image_at = image_at_blob,
    .save = save_blob,
    .load = load_blob,
    .load_unflushed = load_unflushed_blob,
    .finish = views_destroy,
};

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
    if (!blob_create(cmd->gpu, id, size, backing, &code))
        gpu_backing_destroy(backing);
    return code;
}
