/* SPDX-License-Identifier: MIT */
/*
 * Observers follow the guest's commands to the GPU: the trace (trace.h) records them, the check
 * (check.h) finds a driver's mistakes. An observer embeds a struct gpu_observer and is given to
 * virtio_gpu_observe before the guest runs; the GPU owns it from then on. Several may observe one
 * GPU, and each gets every command in the order of execution:
 *
 *     begin      the fixed part of the request is read, its handler has not run
 *     ran        the handler has run, with this result: a response code, GPU_DEFERRED (it will be
 *                answered later), or GPU_AGAIN (it was interrupted: begin will come again)
 *     answered   the answer is about to be written; not for GPU_AGAIN. cmd->code says which
 *
 * An observer runs on the GPU's thread and may look at the command's copy of the request, at the
 * resources (resource.h), and at the guest's pixels through their backings; it changes nothing, and
 * reads no request from the guest's memory a second time. Without one the
 * cost is a branch per command.
 */
#ifndef VIRTIO_GPU_OBSERVE_H
#define VIRTIO_GPU_OBSERVE_H

#include "virtio/gpu/gpu.h"

struct gpu_observer;

/* All but destroy are optional. */
struct gpu_observer_ops {
    /* The driver kicked a queue. Called on the thread of the hart that did. */
    void (*kick)(struct gpu_observer *o, unsigned queue);
    void (*begin)(struct gpu_observer *o, const struct gpu_command *cmd);
    void (*ran)(struct gpu_observer *o, const struct gpu_command *cmd, uint32_t code);
    void (*answered)(struct gpu_observer *o, const struct gpu_command *cmd);
    /* Does what is due by the time alone; returns when it is to be called next (host_now_ns), or
     * HOST_FOREVER. Before and after each command, and at that time. */
    uint64_t (*due)(struct gpu_observer *o);
    /* A state was loaded (state.h) into a device that was just reset: resources, scanouts and
     * cursors are there that no command has made. The GPU's thread is paused. */
    void (*loaded)(struct gpu_observer *o);
    /* The device is about to be reset, its resources still exist. The GPU's thread is paused. */
    void (*reset)(struct gpu_observer *o);
    /* The device is about to be destroyed, its resources still exist. Frees the observer. */
    void (*destroy)(struct gpu_observer *o);
};

struct gpu_observer {
    const struct gpu_observer_ops *ops;
    struct gpu *gpu;           /* set by virtio_gpu_observe */
    struct gpu_observer *next; /* the GPU's list */
};

/* Before the guest runs. o is the GPU's from now on. */
void virtio_gpu_observe(struct virtio_dev *dev, struct gpu_observer *o);

/* --- for gpu.c --- */
void gpu_observe_kick(struct gpu *gpu, unsigned queue);
void gpu_observe_begin(const struct gpu_command *cmd);
void gpu_observe_ran(const struct gpu_command *cmd, uint32_t code);
void gpu_observe_answered(const struct gpu_command *cmd);
uint64_t gpu_observe_due(struct gpu *gpu); /* the first of all; none: HOST_FOREVER */
void gpu_observe_loaded(struct gpu *gpu);  /* for load.c */
void gpu_observe_reset(struct gpu *gpu);
void gpu_observe_destroy(struct gpu *gpu);

#endif
