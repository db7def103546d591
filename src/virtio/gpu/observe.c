/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/observe.h"

#include "host/thread.h"

void virtio_gpu_observe(struct virtio_dev *dev, struct gpu_observer *o)
{
    struct gpu *gpu = container_of(dev, struct gpu, dev);
    o->gpu = gpu;
    o->next = gpu->observers;
    gpu->observers = o;
}

void gpu_observe_kick(struct gpu *gpu, unsigned queue)
{
    for (struct gpu_observer *o = gpu->observers; o; o = o->next)
        if (o->ops->kick)
            o->ops->kick(o, queue);
}

void gpu_observe_begin(const struct gpu_command *cmd)
{
    for (struct gpu_observer *o = cmd->gpu->observers; o; o = o->next)
        if (o->ops->begin)
            o->ops->begin(o, cmd);
}

void gpu_observe_ran(const struct gpu_command *cmd, uint32_t code)
{
    for (struct gpu_observer *o = cmd->gpu->observers; o; o = o->next)
        if (o->ops->ran)
            o->ops->ran(o, cmd, code);
}

void gpu_observe_answered(const struct gpu_command *cmd)
{
    for (struct gpu_observer *o = cmd->gpu->observers; o; o = o->next)
        if (o->ops->answered)
            o->ops->answered(o, cmd);
}

uint64_t gpu_observe_due(struct gpu *gpu)
{
    uint64_t next = HOST_FOREVER;
    for (struct gpu_observer *o = gpu->observers; o; o = o->next) {
        uint64_t at = o->ops->due ? o->ops->due(o) : HOST_FOREVER;
        next = MIN(next, at);
    }
    return next;
}

void gpu_observe_loaded(struct gpu *gpu)
{
    for (struct gpu_observer *o = gpu->observers; o; o = o->next)
        if (o->ops->loaded)
            o->ops->loaded(o);
}

void gpu_observe_reset(struct gpu *gpu)
{
    for (struct gpu_observer *o = gpu->observers; o; o = o->next)
        if (o->ops->reset)
            o->ops->reset(o);
}

void gpu_observe_destroy(struct gpu *gpu)
{
    while (gpu->observers) {
        struct gpu_observer *o = gpu->observers;
        gpu->observers = o->next;
        o->ops->destroy(o);
    }
}
