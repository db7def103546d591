/* SPDX-License-Identifier: MIT */
/*
 * Counts the guest's commands to the GPU, at the cost of a few additions per command. The GPU's
 * thread writes; virtio_gpu_info (devices.h) reads while that thread is paused.
 */
#ifndef VIRTIO_GPU_STATS_H
#define VIRTIO_GPU_STATS_H

#include "display/display.h"

struct gpu_command;
struct gpu_resource;

struct gpu_stats {
    uint64_t commands, errors;
    uint64_t transfers, transferred; /* bytes */
    uint64_t flushes, flushed;       /* pixels */
    uint64_t cursor_updates, cursor_moves;
    uint64_t resets; /* of a device that was used */
    bool used;
    struct gpu_stats_scanout {
        uint32_t resource; /* 0: none */
        struct rect rect;
        uint64_t frames, damage; /* flushes of it, pixels */
    } scanout[DISPLAY_MAX_HEADS];
};

/* A handler has run, with this result. */
void gpu_stats_command(struct gpu_stats *s, const struct gpu_command *cmd, uint32_t code);
/* A head has a scanout that no command has set: a state was loaded. */
void gpu_stats_scanout(struct gpu_stats *s, unsigned head, uint32_t id, const struct rect *r);
void gpu_stats_reset(struct gpu_stats *s); /* the device was; counts go on */

#endif
