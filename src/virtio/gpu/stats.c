/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/stats.h"

#include "virtio/gpu/info.h"
#include "virtio/devices.h"
#include "virtio/gpu/resource.h"

#include <stdlib.h>
#include <string.h>

/* --- counting --- */

static uint64_t area(const struct rect *r)
{
    return (uint64_t)r->w * r->h;
}

static void count_flush(struct gpu_stats *s, const struct gpu *gpu, uint32_t id,
                        const struct rect *r)
{
    struct rect seen;
    s->flushes++;
    s->flushed += area(r);
    for (unsigned i = 0; i < display_heads(gpu->display); i++) {
        const struct gpu_scanout_src *set = &gpu->scanout[i].set;
        if (!set->resource || set->resource != id || !rect_intersect(r, &set->rect, &seen))
            continue;
        s->scanout[i].frames++;
        s->scanout[i].damage += area(&seen);
    }
}

void gpu_stats_command(struct gpu_stats *s, const struct gpu_command *cmd, uint32_t code)
{
    if (code == GPU_AGAIN)
        return;
    s->commands++;
    s->used = true;
    if (code >= GPU_ERR_UNSPEC) {
        s->errors++;
        return;
    }
    struct rect r = gpu_command_rect(cmd);
    switch (gpu_command_effect(cmd)) {
    case GPU_EFFECT_TRANSFER:
        s->transfers++;
        s->transferred += area(&r) * 4;
        break;
    case GPU_EFFECT_FLUSH: count_flush(s, cmd->gpu, gpu_command_resource(cmd), &r); break;
    case GPU_EFFECT_CURSOR: s->cursor_updates++; break;
    case GPU_EFFECT_CURSOR_MOVE: s->cursor_moves++; break;
    default: break;
    }
}

void gpu_stats_reset(struct gpu_stats *s)
{
    s->resets += s->used;
    s->used = false;
}

/* --- answering queries --- */

static int by_id(const void *a, const void *b)
{
    uint32_t x = ((const struct gpu_info_resource *)a)->id;
    uint32_t y = ((const struct gpu_info_resource *)b)->id;
    return x < y ? -1 : x > y;
}

static void fill_resource(const struct gpu *gpu, const struct gpu_resource *res,
                          struct gpu_info_resource *out)
{
    struct gpu_layout own = {0}; /* a shaped one has none of its own */
    if (!res->ops->shaped)
        res->ops->layout(res, 0, &own);
    *out = (struct gpu_info_resource){
        .id = res->id,
        .kind = res->ops->kind,
        .width = own.width,
        .height = own.height,
        .format = own.format,
        .bytes = res->charged,
        .backing = res->backing ? res->backing->size : 0,
    };
    for (unsigned i = 0; i < display_heads(gpu->display); i++)
        out->scanout |= gpu->scanout[i].set.resource == res->id;
}

static void fill_resources(const struct gpu *gpu, struct gpu_info *info)
{
    struct gpu_resource *res = NULL;
    while ((res = gpu_resource_each(gpu, res)))
        if (info->resources++ < GPU_INFO_RESOURCES)
            fill_resource(gpu, res, &info->resource[info->listed++]);
    qsort(info->resource, info->listed, sizeof(info->resource[0]), by_id);
}

static void fill_scanout(const struct gpu *gpu, unsigned head, struct gpu_info_scanout *out)
{
    const struct gpu_scanout_src *set = &gpu->scanout[head].set;
    const struct gpu_stats_scanout *s = &gpu->stats.scanout[head];
    *out = (struct gpu_info_scanout){
        .resource = set->resource, .rect = set->rect, .frames = s->frames, .damage = s->damage};
    display_preferred(gpu->display, head, &out->preferred);
    display_state(gpu->display, head, &out->state);
}

/* The worker is paused and resets wait for the exclusive lock (gpu_quiesce): nothing changes while
 * it is read. */
void virtio_gpu_info(struct virtio_dev *dev, struct gpu_info *info)
{
    const struct gpu *gpu = container_of(dev, struct gpu, dev);
    const struct gpu_stats *s = &gpu->stats;
    memset(info, 0, sizeof(*info));
    dev->ops->quiesce(dev);
    info->memory = gpu->memory;
    info->used = gpu->used;
    info->commands = s->commands;
    info->errors = s->errors;
    info->transfers = s->transfers;
    info->transferred = s->transferred;
    info->flushes = s->flushes;
    info->flushed = s->flushed;
    info->cursor_updates = s->cursor_updates;
    info->cursor_moves = s->cursor_moves;
    info->resets = s->resets;
    info->scanouts = display_heads(gpu->display);
    for (unsigned i = 0; i < info->scanouts; i++)
        fill_scanout(gpu, i, &info->scanout[i]);
    fill_resources(gpu, info);
    dev->ops->resume(dev);
}
