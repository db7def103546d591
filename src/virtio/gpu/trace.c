/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/trace.h"

#include "host/clock.h"
#include "virtio/gpu/state.h"
#include "virtio/gpu/trace_pixels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static struct trace *trace_of(struct gpu_observer *o)
{
    return container_of(o, struct trace, observer);
}

bool trace_room_make(struct trace_room *room, size_t size)
{
    if (size <= room->size)
        return true;
    free(room->bytes);
    room->bytes = malloc(size);
    room->size = room->bytes ? size : 0;
    return room->bytes;
}

void trace_put(struct trace *t, enum trace_kind kind, const void *body, size_t size, uint64_t more)
{
    uint64_t now = host_now_ns(), us = (now - t->last) / 1000;
    const struct trace_record record = {le32_make(kind), le32_make((uint32_t)MIN(us, UINT32_MAX)),
                                        le64_make(size + more)};
    t->last += us * 1000;
    trace_file_put(t->file, &record, sizeof(record));
    trace_file_put(t->file, body, size);
}

/* --- the observer --- */

static void put_features(struct trace *t)
{
    le64 features = le64_make(t->observer.gpu->dev.features);
    trace_put(t, TRACE_FEATURES, &features, sizeof(features), 0);
    t->begun = true;
}

static void on_begin(struct gpu_observer *o, const struct gpu_command *cmd)
{
    struct trace *t = trace_of(o);
    if (!trace_file_ok(t->file))
        return;
    if (!t->begun)
        put_features(t);
    trace_pixels_begin(t, cmd);
}

static void put_command(struct trace *t, const struct gpu_command *cmd, uint32_t code)
{
    const struct trace_command head = {
        .queue = le32_make((uint32_t)(cmd->chain->vq - t->observer.gpu->dev.queue)),
        .code = le32_make(code),
        .room = le32_make((uint32_t)MIN(cmd->chain->out.left, UINT32_MAX)),
        .size = le32_make(cmd->req_size),
    };
    trace_put(t, TRACE_COMMAND, &head, sizeof(head), cmd->req_size + cmd->list_size);
    trace_file_put(t->file, &cmd->req, cmd->req_size);
    trace_file_put(t->file, cmd->list, cmd->list_size);
}

static void leave_out(struct trace *t, const struct gpu_command *cmd)
{
    struct virtio_dev *dev = &t->observer.gpu->dev;
    if (!t->incomplete)
        log_limited(dev->log, &dev->limit, LOG_BY_GUEST,
                    "GPU trace: %s is not covered: the trace goes on without it and without "
                    "checksums until the GPU is reset",
                    cmd->row->name);
    t->incomplete = true;
}

static void on_ran(struct gpu_observer *o, const struct gpu_command *cmd, uint32_t code)
{
    struct trace *t = trace_of(o);
    if (!trace_file_ok(t->file))
        return;
    if (code == GPU_AGAIN) {
        trace_pixels_again(t, cmd);
        return;
    }
    if (gpu_command_effect(cmd) == GPU_EFFECT_OPAQUE) {
        if (code < GPU_ERR_UNSPEC) /* it was not refused */
            leave_out(t, cmd);
        return;
    }
    trace_pixels_ran(t, cmd, code);
    put_command(t, cmd, code);
    trace_pixels_check(t, cmd, code);
}

static void on_loaded(struct gpu_observer *o)
{
    struct trace *t = trace_of(o);
    struct blob_out out = {0};
    size_t size;
    if (!trace_file_ok(t->file))
        return;
    gpu_save(o->gpu, false, &out);
    uint8_t *state = blob_out_take(&out, &size);
    if (!state)
        return;
    put_features(t);
    trace_put(t, TRACE_STATE, state, size, 0);
    free(state);
    trace_pixels_loaded(t);
    trace_pixels_check_all(t);
}

static void on_reset(struct gpu_observer *o)
{
    struct trace *t = trace_of(o);
    if (!t->begun)
        return;
    trace_pixels_check_all(t);
    trace_put(t, TRACE_RESET, NULL, 0, 0);
    t->begun = t->incomplete = false;
    t->torn = 0;
}

static void on_destroy(struct gpu_observer *o)
{
    struct trace *t = trace_of(o);
    if (t->begun)
        trace_pixels_check_all(t);
    trace_put(t, TRACE_END, NULL, 0, 0);
    trace_file_destroy(t->file);
    free(t->before.bytes);
    free(t->picture.bytes);
    free(t);
}

static const struct gpu_observer_ops trace_ops = {
    .begin = on_begin,
    .ran = on_ran,
    .loaded = on_loaded,
    .reset = on_reset,
    .destroy = on_destroy,
};

bool virtio_gpu_trace(struct virtio_dev *dev, const char *path, uint64_t check_ns,
                      struct error *err)
{
    const struct gpu *gpu = container_of(dev, struct gpu, dev);
    struct head_mode preferred;
    display_preferred(gpu->display, 0, &preferred);
    struct trace_head head = {
        .magic = TRACE_MAGIC,
        .version = le32_make(TRACE_VERSION),
        .heads = le32_make(display_heads(gpu->display)),
        .ram_base = le64_make(gmem_base(dev->mem)),
        .ram_size = le64_make(gmem_size(dev->mem)),
        .memory = le64_make(gpu->memory),
        .width = le32_make(preferred.width),
        .height = le32_make(preferred.height),
    };
    head.crc = le32_make((uint32_t)crc32(0, (void *)&head, offsetof(struct trace_head, crc)));
    struct trace *t = calloc(1, sizeof(*t));
    if (t)
        t->file = trace_file_create(path, &head, sizeof(head), dev->log, err);
    if (!t || !t->file) {
        if (!t)
            error_no_memory(err);
        free(t);
        return false;
    }
    t->observer.ops = &trace_ops;
    t->last = host_now_ns();
    t->check_every = check_ns;
    virtio_gpu_observe(dev, &t->observer);
    return true;
}
