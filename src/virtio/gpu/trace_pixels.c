/* SPDX-License-Identifier: MIT */
/*
 * The pixels of a trace. A transfer's are taken from the resource after it ran, since the guest may
 * draw on in its own memory, and rows that it left as they were are passed over. A blob's are taken
 * from the guest's memory as it is flushed; what the guest draws there later is not the trace's.
 */
#include "virtio/gpu/trace_pixels.h"

#include "host/clock.h"
#include "virtio/gpu/resource.h"

#include <string.h>
#include <zlib.h>

/* --- transfers -------------------------------------------------------------------------------- */

/* The rectangle that a command is to move, and of which resource; NULL: none. */
static const struct gpu_resource *moved(const struct gpu_command *cmd, struct rect *rect)
{
    if (gpu_command_effect(cmd) != GPU_EFFECT_TRANSFER)
        return NULL;
    const struct gpu_resource *res = gpu_resource_find(cmd->gpu, gpu_command_resource(cmd));
    *rect = gpu_command_rect(cmd);
    if (!res || !res->image || rect_empty(rect) ||
        !rect_inside(rect, image_width(res->image), image_height(res->image)))
        return NULL;
    return res;
}

static const uint8_t *image_row(const struct image *img, const struct rect *r, uint32_t y)
{
    uint32_t stride;
    const uint8_t *base = image_transferred(img, &stride);
    return base + (size_t)(r->y + y) * stride + (size_t)r->x * 4;
}

/* Rows that a transfer leaves as they are need not be written. */
static void keep_before(struct trace *t, const struct gpu_command *cmd)
{
    struct rect r;
    const struct gpu_resource *res = moved(cmd, &r);
    t->has_before = false;
    if (!res || res->id == t->torn || t->incomplete ||
        !trace_room_make(&t->before, (size_t)r.w * 4 * r.h))
        return;
    for (uint32_t y = 0; y < r.h; y++)
        memcpy(t->before.bytes + (size_t)y * r.w * 4, image_row(res->image, &r, y),
               (size_t)r.w * 4);
    t->has_before = true;
}

/* How many rows from y on are, or are not, what they were. */
static uint32_t count_rows(const struct trace *t, const struct image *img, const struct rect *r,
                           uint32_t y, bool same)
{
    size_t row = (size_t)r->w * 4;
    uint32_t n = 0;
    for (; y + n < r->h; n++) {
        bool is = t->has_before &&
                  !memcmp(t->before.bytes + (y + n) * row, image_row(img, r, y + n), row);
        if (is != same)
            break;
    }
    return n;
}

/* The runs of a rectangle: written, or, with put false, measured. */
static uint64_t put_runs(struct trace *t, const struct image *img, const struct rect *r, bool put)
{
    uint64_t size = 0;
    for (uint32_t y = 0; y < r->h;) {
        uint32_t same = count_rows(t, img, r, y, true);
        uint32_t fresh = count_rows(t, img, r, y + same, false);
        const struct trace_run run = {le32_make(same), le32_make(fresh)};
        size += sizeof(run) + (uint64_t)fresh * r->w * 4;
        if (put)
            trace_file_put(t->file, &run, sizeof(run));
        for (uint32_t i = 0; put && i < fresh; i++)
            trace_file_put(t->file, image_row(img, r, y + same + i), (size_t)r->w * 4);
        y += same + fresh;
    }
    return size;
}

static void put_moved(struct trace *t, const struct gpu_command *cmd)
{
    struct rect r;
    const struct gpu_resource *res = moved(cmd, &r);
    if (!res)
        return;
    const struct trace_pixels head = {
        .r = {le32_make(r.x), le32_make(r.y), le32_make(r.w), le32_make(r.h)},
        .resource_id = le32_make(res->id),
        .stride = le32_make(image_width(res->image) * 4),
        .offset = le64_make(gpu_command_offset(cmd)),
    };
    trace_put(t, TRACE_PIXELS, &head, sizeof(head), put_runs(t, res->image, &r, false));
    put_runs(t, res->image, &r, true);
    if (res->id == t->torn)
        t->torn = 0;
}

/* --- blobs ------------------------------------------------------------------------------------ */

/*
 * A head that shows a blob's only view once it is flushed, and the part of the picture in t->check.
 * False: there is none. *src: of the view, what the head shows.
 */
static bool blob_head(struct trace *t, const struct gpu_resource *res, const struct rect *r,
                      struct rect *src)
{
    const struct display *d = t->observer.gpu->display;
    for (unsigned i = 0; i < display_heads(d) && !res->view->next; i++) {
        struct rect part;
        if ((display_scanout(d, i, true, src) != res->view->image &&
             display_scanout(d, i, false, src) != res->view->image) ||
            !rect_intersect(r, src, &part))
            continue;
        t->check = (struct trace_check){
            .head = le32_make(i),
            .width = le32_make(src->w),
            .height = le32_make(src->h),
            .r = {le32_make(part.x - src->x), le32_make(part.y - src->y), le32_make(part.w),
                  le32_make(part.h)},
        };
        return true;
    }
    return false;
}

/* One run of all rows of a blob's rectangle: put in, and, for what `seen` shows, summed up. */
static void put_rows(struct trace *t, const struct gpu_resource *res, const struct gpu_view *v,
                     const struct rect *r, const struct rect *seen)
{
    const struct trace_run run = {le32_make(0), le32_make(r->h)};
    uint8_t *row = t->picture.bytes, *shown = row + (size_t)r->w * 4;
    uLong crc = 0;
    trace_file_put(t->file, &run, sizeof(run));
    for (uint32_t y = r->y; y < r->y + r->h; y++) {
        struct gpu_backing_at at =
            gpu_backing_seek(res->backing, v->offset + (uint64_t)y * v->stride + r->x * 4ul);
        gpu_backing_copy(&at, row, (uint64_t)r->w * 4);
        trace_file_put(t->file, row, (size_t)r->w * 4);
        if (!seen || y < seen->y || y - seen->y >= seen->h)
            continue;
        pixel_row_to_bgra(image_format(v->image), shown, row + (size_t)(seen->x - r->x) * 4,
                          seen->w, false);
        crc = crc32_z(crc, shown, (size_t)seen->w * 4);
    }
    t->check.crc = le32_make((uint32_t)crc);
}

static void put_view(struct trace *t, const struct gpu_resource *res, const struct gpu_view *v,
                     const struct rect *r)
{
    const struct trace_pixels head = {
        .r = {le32_make(r->x), le32_make(r->y), le32_make(r->w), le32_make(r->h)},
        .resource_id = le32_make(res->id),
        .stride = le32_make(v->stride),
        .offset = le64_make(v->offset + (uint64_t)r->y * v->stride + r->x * 4ul),
    };
    struct rect src, seen;
    if (!trace_room_make(&t->picture, (size_t)r->w * 8))
        return;
    t->has_check = blob_head(t, res, r, &src) && rect_intersect(r, &src, &seen);
    trace_put(t, TRACE_PIXELS, &head, sizeof(head),
              sizeof(struct trace_run) + (uint64_t)r->w * 4 * r->h);
    put_rows(t, res, v, r, t->has_check ? &seen : NULL);
}

void trace_pixels_loaded(struct trace *t)
{
    for (unsigned b = 0; b < GPU_BUCKETS; b++)
        for (const struct gpu_resource *res = t->observer.gpu->bucket[b]; res; res = res->next)
            for (const struct gpu_view *v = res->backing ? res->view : NULL; v; v = v->next)
                put_view(t, res, v,
                         &(struct rect){0, 0, image_width(v->image), image_height(v->image)});
}

/* What a flush shows of a blob, in every shape it is shown in. */
static void put_flushed(struct trace *t, const struct gpu_command *cmd)
{
    const struct gpu_resource *res = gpu_resource_find(cmd->gpu, gpu_command_resource(cmd));
    struct rect r = gpu_command_rect(cmd), part;
    if (!res || !res->backing)
        return;
    for (const struct gpu_view *v = res->view; v; v = v->next) {
        struct rect all = {0, 0, image_width(v->image), image_height(v->image)};
        if (rect_intersect(&r, &all, &part))
            put_view(t, res, v, &part);
    }
}

/* A blob as a cursor. */
static void put_cursor(struct trace *t, const struct gpu_command *cmd)
{
    const struct gpu_resource *res = gpu_resource_find(cmd->gpu, gpu_command_resource(cmd));
    uint8_t pixels[DISPLAY_CURSOR * DISPLAY_CURSOR * 4];
    uint32_t width, height;
    if (!res || !res->blob_size || gpu_blob_cursor(res, &width, &height))
        return;
    const struct trace_pixels head = {
        .r = {.w = le32_make(width), .h = le32_make(height)},
        .resource_id = le32_make(res->id),
        .stride = le32_make(width * 4),
    };
    const struct trace_run run = {le32_make(0), le32_make(height)};
    size_t size = (size_t)width * height * 4;
    struct gpu_backing_at at = gpu_backing_seek(res->backing, 0);
    gpu_backing_copy(&at, pixels, size);
    trace_put(t, TRACE_PIXELS, &head, sizeof(head), sizeof(run) + size);
    trace_file_put(t->file, &run, sizeof(run));
    trace_file_put(t->file, pixels, size);
}

/* --- checksums -------------------------------------------------------------------------------- */

/* Blobs are looked at as they are flushed: any other time the guest may be drawing in them. */
static bool shows_blob(const struct display *d, unsigned head)
{
    struct rect src;
    uint32_t stride;
    const struct image *img = display_scanout(d, head, false, &src);
    return img && !image_transferred(img, &stride);
}

static void check_head(struct trace *t, unsigned head)
{
    struct display *d = t->observer.gpu->display;
    struct head_state s;
    display_state(d, head, &s);
    struct rect all = {0, 0, s.width, s.height};
    uint32_t stride = s.width * 4;
    if (!s.active || shows_blob(d, head) ||
        !trace_room_make(&t->picture, (size_t)stride * s.height) ||
        !display_read(d, head, &all, t->picture.bytes, stride))
        return;
    const struct trace_check check = {
        .head = le32_make(head),
        .crc = le32_make((uint32_t)crc32_z(0, t->picture.bytes, (size_t)stride * s.height)),
        .width = le32_make(s.width),
        .height = le32_make(s.height),
        .r = {.w = le32_make(s.width), .h = le32_make(s.height)},
    };
    trace_put(t, TRACE_CHECK, &check, sizeof(check), 0);
}

void trace_pixels_check_all(struct trace *t)
{
    if (t->incomplete)
        return;
    for (unsigned i = 0; i < display_heads(t->observer.gpu->display); i++)
        check_head(t, i);
    t->last_check = host_now_ns();
}

/* --- around a command ------------------------------------------------------------------------- */

void trace_pixels_begin(struct trace *t, const struct gpu_command *cmd)
{
    t->has_check = false;
    keep_before(t, cmd);
    if (gpu_command_effect(cmd) == GPU_EFFECT_FLUSH)
        put_flushed(t, cmd);
    else if (gpu_command_effect(cmd) == GPU_EFFECT_CURSOR)
        put_cursor(t, cmd);
}

void trace_pixels_again(struct trace *t, const struct gpu_command *cmd)
{
    if (gpu_command_effect(cmd) == GPU_EFFECT_TRANSFER)
        t->torn = gpu_command_resource(cmd);
}

void trace_pixels_ran(struct trace *t, const struct gpu_command *cmd, uint32_t code)
{
    if (code == GPU_OK_NODATA)
        put_moved(t, cmd);
}

void trace_pixels_check(struct trace *t, const struct gpu_command *cmd, uint32_t code)
{
    if (t->incomplete || gpu_command_effect(cmd) != GPU_EFFECT_FLUSH || code >= GPU_ERR_UNSPEC)
        return;
    if (t->has_check)
        trace_put(t, TRACE_CHECK, &t->check, sizeof(t->check), 0);
    if (host_now_ns() - t->last_check >= t->check_every)
        trace_pixels_check_all(t);
}
