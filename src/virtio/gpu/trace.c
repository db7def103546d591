/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/trace.h"

#include "host/clock.h"
#include "virtio/gpu/observe.h"
#include "virtio/gpu/resource.h"
#include "virtio/gpu/trace_file.h"
#include "virtio/gpu/trace_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CHECK_EVERY (NS_PER_SEC / 4) /* between two checksums of what is shown */

/* Memory that is kept from one command to the next. */
struct room {
    uint8_t *bytes;
    size_t size;
};

struct trace {
    struct gpu_observer observer;
    struct trace_file *file;
    uint64_t last;       /* when the last record was made */
    uint64_t last_check; /* when the heads were last looked at */
    bool begun;          /* FEATURES was written since the last reset */
    /* the command that is being run */
    struct room before; /* what its rectangle held, rows without gaps */
    bool has_before;
    struct room tail; /* what came behind the request */
    uint32_t tail_size;
    uint32_t torn;       /* a resource of which a transfer was interrupted; 0: none */
    struct room picture; /* for checksums */
};

static struct trace *trace_of(struct gpu_observer *o)
{
    return container_of(o, struct trace, observer);
}

/* False: the host has no memory for it. */
static bool room_make(struct room *room, size_t size)
{
    if (size <= room->size)
        return true;
    free(room->bytes);
    room->bytes = malloc(size);
    room->size = room->bytes ? size : 0;
    return room->bytes;
}

static void put_record(struct trace *t, enum trace_kind kind, const void *body, size_t size,
                       uint64_t more)
{
    uint64_t now = host_now_ns(), us = (now - t->last) / 1000;
    const struct trace_record record = {le32_make(kind), le32_make((uint32_t)MIN(us, UINT32_MAX)),
                                        le64_make(size + more)};
    t->last += us * 1000;
    trace_file_put(t->file, &record, sizeof(record));
    trace_file_put(t->file, body, size);
}

/* --- pixels ----------------------------------------------------------------------------------- */

/* The rectangle that a command is to move, and of which resource; NULL: none. */
static struct gpu_resource *moved(const struct gpu_command *cmd, struct rect *rect)
{
    if (!cmd->row || cmd->row->type != GPU_TRANSFER_TO_HOST_2D || cmd->req_size != cmd->row->size)
        return NULL;
    const struct gpu_transfer_to_host_2d *req = &cmd->req.transfer;
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, le32_get(req->resource_id));
    *rect = gpu_rect_get(&req->r);
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
    size_t row = (size_t)r.w * 4;
    t->has_before = false;
    if (!res || res->id == t->torn || !room_make(&t->before, row * r.h))
        return;
    for (uint32_t y = 0; y < r.h; y++)
        memcpy(t->before.bytes + y * row, image_row(res->image, &r, y), row);
    t->has_before = true;
}

/* How many rows from y on are (not) what they were; sums the same up. */
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

/* What a transfer moved, as it stands in the image now: the guest may have drawn on already. */
static void put_moved(struct trace *t, const struct gpu_command *cmd)
{
    struct rect r;
    const struct gpu_resource *res = moved(cmd, &r);
    if (!res)
        return;
    const struct trace_pixels head = {
        .r = cmd->req.transfer.r,
        .resource_id = cmd->req.transfer.resource_id,
        .stride = le32_make(image_width(res->image) * 4),
        .offset = cmd->req.transfer.offset,
    };
    put_record(t, TRACE_PIXELS, &head, sizeof(head), put_runs(t, res->image, &r, false));
    put_runs(t, res->image, &r, true);
    if (res->id == t->torn)
        t->torn = 0;
}

/* --- checksums -------------------------------------------------------------------------------- */

static void check_head(struct trace *t, unsigned head)
{
    struct display *d = t->observer.gpu->display;
    struct head_state s;
    display_state(d, head, &s);
    struct rect all = {0, 0, s.width, s.height};
    uint32_t stride = s.width * 4;
    if (!s.active || !room_make(&t->picture, (size_t)stride * s.height) ||
        !display_read(d, head, &all, t->picture.bytes, stride))
        return;
    const struct trace_check check = {
        .head = le32_make(head),
        .crc = le32_make((uint32_t)crc32_z(0, t->picture.bytes, (size_t)stride * s.height)),
        .width = le32_make(s.width),
        .height = le32_make(s.height),
        .r = {.w = le32_make(s.width), .h = le32_make(s.height)},
    };
    put_record(t, TRACE_CHECK, &check, sizeof(check), 0);
}

static void check_heads(struct trace *t)
{
    for (unsigned i = 0; i < display_heads(t->observer.gpu->display); i++)
        check_head(t, i);
    t->last_check = host_now_ns();
}

/* --- the observer ----------------------------------------------------------------------------- */

static void keep_tail(struct trace *t, const struct gpu_command *cmd)
{
    struct vq_stream *in = &cmd->chain->in, saved = *in;
    size_t size = (size_t)MIN(in->left, TRACE_MAX_TAIL);
    bool complete = cmd->row && cmd->req_size == cmd->row->size;
    t->tail_size = 0;
    if (!complete || !size || !room_make(&t->tail, size))
        return;
    t->tail_size = (uint32_t)vq_read(cmd->chain, t->tail.bytes, size);
    *in = saved;
}

static void on_begin(struct gpu_observer *o, const struct gpu_command *cmd)
{
    struct trace *t = trace_of(o);
    if (!trace_file_ok(t->file))
        return;
    if (!t->begun) {
        le64 features = le64_make(o->gpu->dev.features);
        put_record(t, TRACE_FEATURES, &features, sizeof(features), 0);
        t->begun = true;
    }
    keep_tail(t, cmd);
    keep_before(t, cmd);
}

static void put_command(struct trace *t, const struct gpu_command *cmd, uint32_t code)
{
    const struct trace_command head = {
        .queue = le32_make((uint32_t)(cmd->chain->vq - t->observer.gpu->dev.queue)),
        .code = le32_make(code),
        .room = le32_make((uint32_t)MIN(cmd->chain->out.left, UINT32_MAX)),
        .size = le32_make(cmd->req_size),
    };
    put_record(t, TRACE_COMMAND, &head, sizeof(head), cmd->req_size + t->tail_size);
    trace_file_put(t->file, &cmd->req, cmd->req_size);
    trace_file_put(t->file, t->tail.bytes, t->tail_size);
}

static void on_ran(struct gpu_observer *o, const struct gpu_command *cmd, uint32_t code)
{
    struct trace *t = trace_of(o);
    if (!trace_file_ok(t->file))
        return;
    uint32_t type = cmd->row ? cmd->row->type : 0;
    if (code == GPU_AGAIN) {
        t->torn = le32_get(cmd->req.transfer.resource_id);
        return;
    }
    if (code == GPU_OK_NODATA)
        put_moved(t, cmd);
    put_command(t, cmd, code);
    if (type == GPU_RESOURCE_FLUSH && host_now_ns() - t->last_check >= CHECK_EVERY)
        check_heads(t);
}

static void on_reset(struct gpu_observer *o)
{
    struct trace *t = trace_of(o);
    if (!t->begun)
        return;
    check_heads(t);
    put_record(t, TRACE_RESET, NULL, 0, 0);
    t->begun = false;
    t->torn = 0;
}

static void on_destroy(struct gpu_observer *o)
{
    struct trace *t = trace_of(o);
    if (t->begun)
        check_heads(t);
    put_record(t, TRACE_END, NULL, 0, 0);
    trace_file_destroy(t->file);
    free(t->before.bytes);
    free(t->tail.bytes);
    free(t->picture.bytes);
    free(t);
}

static const struct gpu_observer_ops trace_ops = {
    .begin = on_begin,
    .ran = on_ran,
    .reset = on_reset,
    .destroy = on_destroy,
};

bool virtio_gpu_trace(struct virtio_dev *dev, const char *path, char *err, size_t err_size)
{
    const struct gpu *gpu = container_of(dev, struct gpu, dev);
    struct head_wish wish;
    display_wish(gpu->display, 0, &wish);
    struct trace_head head = {
        .magic = TRACE_MAGIC,
        .version = le32_make(TRACE_VERSION),
        .heads = le32_make(display_heads(gpu->display)),
        .ram_base = le64_make(gmem_base(dev->mem)),
        .ram_size = le64_make(gmem_size(dev->mem)),
        .memory = le64_make(gpu->memory),
        .width = le32_make(wish.width),
        .height = le32_make(wish.height),
    };
    head.crc = le32_make((uint32_t)crc32(0, (void *)&head, offsetof(struct trace_head, crc)));
    struct trace *t = calloc(1, sizeof(*t));
    if (t)
        t->file = trace_file_create(path, &head, sizeof(head), dev->log, err, err_size);
    if (!t || !t->file) {
        if (!t)
            snprintf(err, err_size, "--trace-gpu: not enough host memory");
        free(t);
        return false;
    }
    t->observer.ops = &trace_ops;
    t->last = host_now_ns();
    virtio_gpu_observe(dev, &t->observer);
    return true;
}
