/* SPDX-License-Identifier: MIT */
/*
 * The pixels of a trace. Those of a transfer are read from the resource after the transfer, since
 * the guest may go on drawing in its memory; rows that the transfer did not change are passed over.
 * Those of a blob are read from the guest's memory when the blob is flushed.
 */
#include "virtio/gpu/trace_pixels.h"

#include "host/clock.h"
#include "virtio/gpu/resource.h"

#include <string.h>
#include <zlib.h>

/* --- transfers --- */

/* The resource, which has a copy, and the rectangle of it that a command transfers; NULL: none. */
static const struct gpu_resource *transferred_resource(const struct gpu_command *cmd,
                                                       struct rect *rect)
{
    if (gpu_command_effect(cmd) != GPU_EFFECT_TRANSFER)
        return NULL;
    const struct gpu_resource *res = gpu_resource_find(cmd->gpu, gpu_command_resource(cmd));
    *rect = gpu_command_rect(cmd);
    struct gpu_layout l;
    if (!res || !res->ops->copies || rect_empty(rect) || !res->ops->layout(res, 0, &l) ||
        !rect_inside(rect, l.width, l.height))
        return NULL;
    return res;
}

/* Row y of a rectangle, as transferred. */
static const uint8_t *rect_row(const struct gpu_resource *res, const struct rect *r, uint32_t y)
{
    return res->ops->row(res, r->y + y) + (size_t)r->x * 4;
}

/* Copies the rows before a transfer, so that those that it does not change are passed over. */
static void keep_before(struct trace *t, const struct gpu_command *cmd)
{
    struct rect r;
    const struct gpu_resource *res = transferred_resource(cmd, &r);
    t->has_before = false;
    if (!res || res->id == t->torn || t->incomplete ||
        !trace_room_make(&t->before, (size_t)r.w * 4 * r.h))
        return;
    for (uint32_t y = 0; y < r.h; y++)
        memcpy(t->before.bytes + (size_t)y * r.w * 4, rect_row(res, &r, y), (size_t)r.w * 4);
    t->has_before = true;
}

/* Counts the rows from y on that are, or are not, as before the transfer. */
static uint32_t count_rows(const struct trace *t, const struct gpu_resource *res,
                           const struct rect *r, uint32_t y, bool same)
{
    size_t row = (size_t)r->w * 4;
    uint32_t n = 0;
    for (; y + n < r->h; n++) {
        bool is =
            t->has_before && !memcmp(t->before.bytes + (y + n) * row, rect_row(res, r, y + n), row);
        if (is != same)
            break;
    }
    return n;
}

/* Writes the runs of a rectangle, or with put false only adds up their bytes. */
static uint64_t put_runs(struct trace *t, const struct gpu_resource *res, const struct rect *r,
                         bool put)
{
    uint64_t size = 0;
    for (uint32_t y = 0; y < r->h;) {
        uint32_t same = count_rows(t, res, r, y, true);
        uint32_t fresh = count_rows(t, res, r, y + same, false);
        const struct trace_run run = {le32_make(same), le32_make(fresh)};
        size += sizeof(run) + (uint64_t)fresh * r->w * 4;
        if (put)
            trace_file_put(t->file, &run, sizeof(run));
        for (uint32_t i = 0; put && i < fresh; i++)
            trace_file_put(t->file, rect_row(res, r, y + same + i), (size_t)r->w * 4);
        y += same + fresh;
    }
    return size;
}

static void put_moved(struct trace *t, const struct gpu_command *cmd)
{
    struct rect r;
    struct gpu_layout l;
    const struct gpu_resource *res = transferred_resource(cmd, &r);
    if (!res || !res->ops->layout(res, 0, &l))
        return;
    const struct trace_pixels head = {
        .r = gpu_rect_make(&r),
        .resource_id = le32_make(res->id),
        .stride = le32_make(l.stride),
        .offset = le64_make(gpu_command_offset(cmd)),
    };
    trace_put(t, TRACE_PIXELS, &head, sizeof(head), put_runs(t, res, &r, false));
    put_runs(t, res, &r, true);
    if (res->id == t->torn)
        t->torn = 0;
}

/* --- pixels that stay in the guest's memory --- */

/*
 * A scanout that shows the only picture of a resource once it is flushed, and the part of it in
 * t->check. False: there is none. *src: of the picture, what the scanout shows.
 */
static bool find_scanout(struct trace *t, const struct gpu_resource *res, const struct rect *r,
                         struct rect *src)
{
    const struct gpu *gpu = t->observer.gpu;
    struct gpu_layout second;
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS && !res->ops->layout(res, 1, &second); i++) {
        const struct gpu_scanout *s = &gpu->scanout[i];
        struct rect part;
        if (s->set.resource != res->id && s->shown.resource != res->id)
            continue;
        *src = s->set.resource == res->id ? s->set.rect : s->shown.rect;
        if (!rect_intersect(r, src, &part))
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

/* One run of all rows of a rectangle: put in, and, for what `seen` shows, added to the checksum. */
static void put_rows(struct trace *t, const struct gpu_resource *res, const struct gpu_layout *l,
                     const struct rect *r, const struct rect *seen)
{
    const struct trace_run run = {le32_make(0), le32_make(r->h)};
    uint8_t *row = t->picture.bytes, *shown = row + (size_t)r->w * 4;
    uLong crc = 0;
    trace_file_put(t->file, &run, sizeof(run));
    for (uint32_t y = r->y; y < r->y + r->h; y++) {
        struct gpu_backing_at at =
            gpu_backing_seek(res->backing, l->offset + (uint64_t)y * l->stride + r->x * 4ul);
        gpu_backing_copy(&at, row, (uint64_t)r->w * 4);
        trace_file_put(t->file, row, (size_t)r->w * 4);
        if (!seen || y < seen->y || y - seen->y >= seen->h)
            continue;
        pixel_row_to_bgra(l->format, shown, row + (size_t)(seen->x - r->x) * 4, seen->w, false);
        crc = crc32_z(crc, shown, (size_t)seen->w * 4);
    }
    t->check.crc = le32_make((uint32_t)crc);
}

static void put_picture(struct trace *t, const struct gpu_resource *res, const struct gpu_layout *l,
                        const struct rect *r)
{
    const struct trace_pixels head = {
        .r = gpu_rect_make(r),
        .resource_id = le32_make(res->id),
        .stride = le32_make(l->stride),
        .offset = le64_make(l->offset + (uint64_t)r->y * l->stride + r->x * 4ul),
    };
    struct rect src, seen;
    if (!trace_room_make(&t->picture, (size_t)r->w * 8))
        return;
    t->has_check = find_scanout(t, res, r, &src) && rect_intersect(r, &src, &seen);
    trace_put(t, TRACE_PIXELS, &head, sizeof(head),
              sizeof(struct trace_run) + (uint64_t)r->w * 4 * r->h);
    put_rows(t, res, l, r, t->has_check ? &seen : NULL);
}

/* The part of each picture of the resource that lies in r. */
static void put_pictures(struct trace *t, const struct gpu_resource *res, const struct rect *r)
{
    struct gpu_layout l;
    if (res->ops->copies || !res->backing)
        return;
    for (unsigned n = 0; res->ops->layout(res, n, &l); n++) {
        struct rect all = {0, 0, l.width, l.height}, part;
        if (rect_intersect(r, &all, &part))
            put_picture(t, res, &l, &part);
    }
}

void trace_pixels_loaded(struct trace *t)
{
    static const struct rect all = {0, 0, GPU_MAX_SIDE, GPU_MAX_SIDE};
    for (struct gpu_resource *res = NULL; (res = gpu_resource_each(t->observer.gpu, res));)
        put_pictures(t, res, &all);
}

static void put_flushed(struct trace *t, const struct gpu_command *cmd)
{
    const struct gpu_resource *res = gpu_resource_find(cmd->gpu, gpu_command_resource(cmd));
    struct rect r = gpu_command_rect(cmd);
    if (res)
        put_pictures(t, res, &r);
}

/* A cursor whose pixels no transfer has copied. */
static void put_cursor(struct trace *t, const struct gpu_command *cmd)
{
    const struct gpu_resource *res = gpu_resource_find(cmd->gpu, gpu_command_resource(cmd));
    uint8_t pixels[DISPLAY_CURSOR * DISPLAY_CURSOR * 4];
    uint32_t width, height;
    if (!res || res->ops->copies || res->ops->cursor_size(res, &width, &height))
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

/* --- checksums --- */

/* Pictures in the guest's memory are read as they are flushed: the guest may be drawing in them at
 * any other time. */
static bool shows_copy(struct gpu *gpu, unsigned head)
{
    const struct gpu_resource *res = gpu_resource_find(gpu, gpu->scanout[head].shown.resource);
    return res && res->ops->copies;
}

static void check_head(struct trace *t, unsigned head)
{
    struct display *d = t->observer.gpu->display;
    struct head_state s;
    display_state(d, head, &s);
    struct rect all = {0, 0, s.width, s.height};
    uint32_t stride = s.width * 4;
    if (!s.active || !shows_copy(t->observer.gpu, head) ||
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

/* --- around a command --- */

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
