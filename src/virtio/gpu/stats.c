/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/stats.h"

#include "display/gpu_info.h"
#include "virtio/devices.h"
#include "virtio/gpu/resource.h"

#include <stdlib.h>
#include <string.h>

/* --- counting --------------------------------------------------------------------------------- */

static uint64_t area(const struct rect *r)
{
    return (uint64_t)r->w * r->h;
}

static void count_flush(struct gpu_stats *a, uint32_t id, const struct rect *r)
{
    struct rect seen;
    a->flushes++;
    a->flushed += area(r);
    for (unsigned i = 0; i < ARRAY_SIZE(a->scanout); i++) {
        struct gpu_stats_scanout *s = &a->scanout[i];
        if (!s->resource || s->resource != id || !rect_intersect(r, &s->rect, &seen))
            continue;
        s->frames++;
        s->damage += area(&seen);
    }
}

void gpu_stats_scanout(struct gpu_stats *a, unsigned head, uint32_t id, const struct rect *r)
{
    if (head >= ARRAY_SIZE(a->scanout))
        return;
    a->scanout[head].resource = id;
    a->scanout[head].rect = id ? *r : (struct rect){0};
}

static void forget(struct gpu_stats *a, uint32_t id)
{
    for (unsigned i = 0; i < ARRAY_SIZE(a->scanout); i++)
        if (a->scanout[i].resource == id)
            gpu_stats_scanout(a, i, 0, NULL);
}

void gpu_stats_command(struct gpu_stats *a, const struct gpu_command *cmd, uint32_t code)
{
    if (code == GPU_AGAIN)
        return;
    a->commands++;
    a->used = true;
    if (code >= GPU_ERR_UNSPEC) {
        a->errors++;
        return;
    }
    uint32_t id = gpu_command_resource(cmd);
    struct rect r = gpu_command_rect(cmd);
    switch (gpu_command_effect(cmd)) {
    case GPU_EFFECT_TRANSFER:
        a->transfers++;
        a->transferred += area(&r) * 4;
        break;
    case GPU_EFFECT_FLUSH: count_flush(a, id, &r); break;
    case GPU_EFFECT_SCANOUT: gpu_stats_scanout(a, gpu_command_scanout(cmd), id, &r); break;
    case GPU_EFFECT_UNREF: forget(a, id); break;
    case GPU_EFFECT_CURSOR: a->cursor_updates++; break;
    case GPU_EFFECT_CURSOR_MOVE: a->cursor_moves++; break;
    default: break;
    }
}

void gpu_stats_reset(struct gpu_stats *a)
{
    a->resets += a->used;
    a->used = false;
    for (unsigned i = 0; i < ARRAY_SIZE(a->scanout); i++)
        gpu_stats_scanout(a, i, 0, NULL);
}

/* --- telling ---------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    uint32_t x = ((const struct gpu_info_resource *)a)->id;
    uint32_t y = ((const struct gpu_info_resource *)b)->id;
    return x < y ? -1 : x > y;
}

static void tell_resource(const struct gpu *gpu, const struct gpu_resource *res,
                          struct gpu_info_resource *out)
{
    struct gpu_resource_state state;
    res->ops->save(res, &state);
    *out = (struct gpu_info_resource){
        .id = res->id,
        .kind = state.blob_size ? "blob" : "2d",
        .width = state.width,
        .height = state.height,
        .format = state.format,
        .bytes = res->charged,
        .backing = state.backing_size,
    };
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        out->scanout |= gpu->stats.scanout[i].resource == res->id;
}

static void tell_resources(const struct gpu *gpu, struct gpu_info *info)
{
    for (unsigned b = 0; b < GPU_BUCKETS; b++)
        for (const struct gpu_resource *res = gpu->bucket[b]; res; res = res->next)
            if (info->resources++ < GPU_INFO_RESOURCES)
                tell_resource(gpu, res, &info->resource[info->listed++]);
    qsort(info->resource, info->listed, sizeof(info->resource[0]), by_id);
}

static void tell_scanout(const struct gpu *gpu, unsigned head, struct gpu_info_scanout *out)
{
    const struct gpu_stats_scanout *s = &gpu->stats.scanout[head];
    *out = (struct gpu_info_scanout){
        .resource = s->resource, .rect = s->rect, .frames = s->frames, .damage = s->damage};
    display_preferred(gpu->display, head, &out->preferred);
    display_state(gpu->display, head, &out->state);
}

/*
 * The worker stands still meanwhile, and whoever resets the device waits (gpu_quiesce): so nobody
 * changes what is read here.
 */
void virtio_gpu_info(struct virtio_dev *dev, struct gpu_info *info)
{
    const struct gpu *gpu = container_of(dev, struct gpu, dev);
    const struct gpu_stats *a = &gpu->stats;
    memset(info, 0, sizeof(*info));
    dev->ops->quiesce(dev);
    info->memory = gpu->memory;
    info->used = gpu->used;
    info->commands = a->commands;
    info->errors = a->errors;
    info->transfers = a->transfers;
    info->transferred = a->transferred;
    info->flushes = a->flushes;
    info->flushed = a->flushed;
    info->cursor_updates = a->cursor_updates;
    info->cursor_moves = a->cursor_moves;
    info->resets = a->resets;
    info->scanouts = display_heads(gpu->display);
    for (unsigned i = 0; i < info->scanouts; i++)
        tell_scanout(gpu, i, &info->scanout[i]);
    tell_resources(gpu, info);
    dev->ops->resume(dev);
}
