/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/account.h"

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

static void count_flush(struct gpu_account *a, uint32_t id, const struct rect *r)
{
    struct rect seen;
    a->flushes++;
    a->flushed += area(r);
    for (unsigned i = 0; i < ARRAY_SIZE(a->scanout); i++) {
        struct gpu_account_scanout *s = &a->scanout[i];
        if (!s->resource || s->resource != id || !rect_intersect(r, &s->rect, &seen))
            continue;
        s->frames++;
        s->damage += area(&seen);
    }
}

void gpu_account_scanout(struct gpu_account *a, unsigned head, uint32_t id, const struct rect *r)
{
    if (head >= ARRAY_SIZE(a->scanout))
        return;
    a->scanout[head].resource = id;
    a->scanout[head].rect = id ? *r : (struct rect){0};
}

static void set_scanout(struct gpu_account *a, uint32_t head, uint32_t id,
                        const struct gpu_rect *rect)
{
    struct rect r = gpu_rect_get(rect);
    gpu_account_scanout(a, head, id, &r);
}

static void forget(struct gpu_account *a, uint32_t id)
{
    for (unsigned i = 0; i < ARRAY_SIZE(a->scanout); i++)
        if (a->scanout[i].resource == id)
            gpu_account_scanout(a, i, 0, NULL);
}

void gpu_account_command(struct gpu_account *a, const struct gpu_command *cmd, uint32_t code)
{
    const union gpu_request *q = &cmd->req;
    struct rect r;
    if (code == GPU_AGAIN)
        return;
    a->commands++;
    a->used = true;
    if (code >= GPU_ERR_UNSPEC) {
        a->errors++;
        return;
    }
    switch (cmd->row->type) {
    case GPU_TRANSFER_TO_HOST_2D:
        r = gpu_rect_get(&q->transfer.r);
        a->transfers++;
        a->transferred += area(&r) * 4;
        break;
    case GPU_RESOURCE_FLUSH:
        r = gpu_rect_get(&q->flush.r);
        count_flush(a, le32_get(q->flush.resource_id), &r);
        break;
    case GPU_SET_SCANOUT:
        set_scanout(a, le32_get(q->set_scanout.scanout_id), le32_get(q->set_scanout.resource_id),
                    &q->set_scanout.r);
        break;
    case GPU_SET_SCANOUT_BLOB:
        set_scanout(a, le32_get(q->scanout_blob.scanout_id), le32_get(q->scanout_blob.resource_id),
                    &q->scanout_blob.r);
        break;
    case GPU_RESOURCE_UNREF: forget(a, le32_get(q->unref.resource_id)); break;
    case GPU_UPDATE_CURSOR: a->cursor_updates++; break;
    case GPU_MOVE_CURSOR: a->cursor_moves++; break;
    default: break;
    }
}

void gpu_account_reset(struct gpu_account *a)
{
    a->resets += a->used;
    a->used = false;
    for (unsigned i = 0; i < ARRAY_SIZE(a->scanout); i++)
        gpu_account_scanout(a, i, 0, NULL);
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
        out->scanout |= gpu->account.scanout[i].resource == res->id;
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
    const struct gpu_account_scanout *s = &gpu->account.scanout[head];
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
    const struct gpu_account *a = &gpu->account;
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
