/* SPDX-License-Identifier: MIT */
/* Writing the state down. */
#include "virtio/gpu/state.h"

#include "virtio/gpu/resource.h"

#include <stdlib.h>
#include <string.h>

struct out {
    uint8_t *bytes;
    size_t size, room;
    bool failed; /* no host memory */
};

static void put(struct out *o, const void *bytes, size_t n)
{
    if (n > o->room - o->size && !o->failed) {
        size_t room = MAX(o->room * 2, o->size + n);
        uint8_t *grown = realloc(o->bytes, room);
        o->failed = !grown;
        if (grown) {
            o->bytes = grown;
            o->room = room;
        }
    }
    if (o->failed || !n)
        return;
    memcpy(o->bytes + o->size, bytes, n);
    o->size += n;
}

/* --- resources -------------------------------------------------------------------------------- */

/* Most bytes in one entry: its length has 32 bits, spans may have more. */
#define MAX_ENTRY (UINT64_C(1) << 31)

static uint32_t count_entries(const struct gpu_backing *b)
{
    uint32_t n = 0;
    for (uint32_t i = 0; b && i < b->count; i++)
        n += (uint32_t)((b->span[i + 1].start - b->span[i].start + MAX_ENTRY - 1) / MAX_ENTRY);
    return n;
}

static void put_backing(struct out *o, const struct gmem *mem, const struct gpu_backing *b)
{
    const uint8_t *ram = gmem_span(mem, gmem_base(mem), 1);
    for (uint32_t i = 0; b && i < b->count; i++) {
        uint64_t len = b->span[i + 1].start - b->span[i].start;
        uint64_t pa = gmem_base(mem) + (uint64_t)(b->span[i].host - ram);
        for (uint64_t n; len; pa += n, len -= n) {
            n = MIN(len, MAX_ENTRY);
            struct gpu_mem_entry e = {le64_make(pa), le32_make((uint32_t)n), le32_make(0)};
            put(o, &e, sizeof(e));
        }
    }
}

static struct gpu_rect wire_rect(const struct rect *r)
{
    return (struct gpu_rect){le32_make(r->x), le32_make(r->y), le32_make(r->w), le32_make(r->h)};
}

static void put_box(struct out *o, const struct image *img, const pixman_box32_t *box)
{
    size_t stride = (size_t)image_width(img) * 4;
    struct rect r = rect_from_box(box);
    struct gpu_rect wire = wire_rect(&r);
    put(o, &wire, sizeof(wire));
    for (uint32_t y = 0; y < r.h; y++)
        put(o, image_flushed(img) + (r.y + y) * stride + (size_t)r.x * 4, (size_t)r.w * 4);
}

static void put_pixels(struct out *o, struct image *img, pixman_region32_t *unflushed)
{
    uint32_t stride;
    int n;
    const uint8_t *pixels = image_transferred(img, &stride);
    put(o, pixels, (size_t)stride * image_height(img));
    const pixman_box32_t *box = pixman_region32_rectangles(unflushed, &n);
    for (int i = 0; i < n; i++)
        put_box(o, img, &box[i]);
}

static uint32_t count_views(const struct gpu_resource *res)
{
    uint32_t n = 0;
    for (const struct gpu_view *v = res->view; v; v = v->next)
        n++;
    return n;
}

static void put_views(struct out *o, const struct gpu_resource *res)
{
    for (const struct gpu_view *v = res->view; v; v = v->next) {
        struct state_view view = {
            le32_make(image_width(v->image)),
            le32_make(image_height(v->image)),
            le32_make(image_format(v->image)),
            le32_make(v->stride),
            le64_make(v->offset),
        };
        put(o, &view, sizeof(view));
    }
}

static void put_resource(struct out *o, struct gpu_resource *res)
{
    pixman_region32_t unflushed;
    pixman_region32_init(&unflushed);
    if (res->image)
        image_unflushed(res->image, &unflushed);
    struct state_resource head = {
        .id = le32_make(res->id),
        .serial = le32_make(res->serial),
        .has_backing = le32_make(res->backing != NULL),
        .entries = le32_make(count_entries(res->backing)),
        .blob_size = le64_make(res->blob_size),
        .views = le32_make(count_views(res)),
        .boxes = le32_make((uint32_t)pixman_region32_n_rects(&unflushed)),
        .format = le32_make(res->image ? image_format(res->image) : 0),
        .width = le32_make(res->image ? image_width(res->image) : res->width),
        .height = le32_make(res->image ? image_height(res->image) : res->height),
        .reserved = le32_make(res->reserved),
    };
    put(o, &head, sizeof(head));
    put_backing(o, res->gpu->dev.mem, res->backing);
    if (res->image)
        put_pixels(o, res->image, &unflushed);
    else
        put_views(o, res);
    pixman_region32_fini(&unflushed);
}

static uint32_t put_resources(struct out *o, struct gpu *gpu)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < GPU_BUCKETS; i++)
        for (struct gpu_resource *res = gpu->bucket[i]; res; res = res->next, n++)
            put_resource(o, res);
    return n;
}

/* --- heads ------------------------------------------------------------------------------------ */

/* Is img the resource's? view: which of a blob's. */
static bool is_frame(const struct gpu_resource *res, const struct image *img, uint32_t *view)
{
    *view = 0;
    if (res->image)
        return res->image == img;
    for (const struct gpu_view *v = res->view; v; v = v->next, ++*view)
        if (v->image == img)
            return true;
    return false;
}

static struct state_scanout_src scanout_of(const struct gpu *gpu, unsigned head, bool next)
{
    struct rect src;
    uint32_t view;
    const struct image *img = display_scanout(gpu->display, head, next, &src);
    for (unsigned i = 0; img && i < GPU_BUCKETS; i++)
        for (const struct gpu_resource *res = gpu->bucket[i]; res; res = res->next)
            if (is_frame(res, img, &view))
                return (struct state_scanout_src){le32_make(res->id), le32_make(view),
                                                  wire_rect(&src)};
    return (struct state_scanout_src){0};
}

static void put_scanout(struct out *o, const struct gpu *gpu, unsigned head)
{
    struct head_state s;
    display_state(gpu->display, head, &s);
    struct picture *cursor = display_cursor(gpu->display, head);
    o->failed |= s.cursor_visible && !cursor;
    struct state_scanout scanout = {
        .shown = scanout_of(gpu, head, false),
        .next = scanout_of(gpu, head, true),
        .cursor_width = le32_make(cursor ? cursor->width : 0),
        .cursor_height = le32_make(cursor ? cursor->height : 0),
        .cursor_x = le32_make((uint32_t)s.cursor_x),
        .cursor_y = le32_make((uint32_t)s.cursor_y),
        .hot_x = le32_make(cursor ? s.hot_x : 0),
        .hot_y = le32_make(cursor ? s.hot_y : 0),
    };
    put(o, &scanout, sizeof(scanout));
    if (cursor)
        put(o, cursor->data, (size_t)cursor->stride * cursor->height);
    picture_destroy(cursor);
}

/* --- commands --------------------------------------------------------------------------------- */

static uint32_t put_waiting(struct out *o, const struct gpu *gpu)
{
    uint32_t n = 0;
    for (const struct gpu_command *cmd = gpu->waiting; cmd; cmd = cmd->next, n++) {
        struct state_waiting w = {
            .queue = le32_make((uint32_t)(cmd->chain->vq - gpu->dev.queue)),
            .head = le32_make(cmd->chain->head),
            .code = le32_make(cmd->code),
            .size = le32_make(cmd->resp_size),
            .hdr = cmd->req.hdr,
        };
        put(o, &w, sizeof(w));
        /* the header of an answer is written when it is given */
        put(o, (const uint8_t *)&cmd->resp + sizeof(w.hdr), cmd->resp_size - sizeof(w.hdr));
    }
    return n;
}

static uint8_t *write_down(struct gpu *gpu, bool waiting, size_t *size)
{
    struct out o = {NULL, 0, 0, false};
    struct state_head head = {
        .magic = STATE_MAGIC,
        .version = le32_make(STATE_VERSION),
        .heads = le32_make(display_heads(gpu->display)),
        .features = le64_make(gpu->dev.features),
        .events = le32_make(atomic_load(&gpu->events)),
        .serial = le32_make(gpu->serial),
    };
    memcpy(head.uuid, gpu->uuid, sizeof(head.uuid));
    put(&o, &head, sizeof(head));
    head.resources = le32_make(put_resources(&o, gpu));
    for (unsigned i = 0; i < display_heads(gpu->display); i++)
        put_scanout(&o, gpu, i);
    if (waiting)
        head.waiting = le32_make(put_waiting(&o, gpu));
    if (o.failed) {
        free(o.bytes);
        return NULL;
    }
    memcpy(o.bytes, &head, sizeof(head));
    *size = o.size;
    return o.bytes;
}

uint8_t *virtio_gpu_save(struct virtio_dev *dev, size_t *size)
{
    return write_down(container_of(dev, struct gpu, dev), true, size);
}

uint8_t *gpu_state_without_waiting(struct gpu *gpu, size_t *size)
{
    return write_down(gpu, false, size);
}
