/* SPDX-License-Identifier: MIT */
/*
 * Counts the guest's commands to the GPU, at the cost of a few additions per command. The GPU's
 * thread writes; virtio_gpu_info (devices.h) reads while that thread is paused.
 */
#ifndef VIRTIO_GPU_STATS_H
#define VIRTIO_GPU_STATS_H

#include "display/display.h"

struct gpu_command;

struct gpu_stats {
    uint64_t commands, errors;
    uint64_t transfers, transferred; /* bytes */
    uint64_t flushes, flushed;       /* pixels */
    uint64_t cursor_updates, cursor_moves;
    uint64_t resets; /* of a device that was used */
    bool used;
    struct gpu_stats_scanout {
        uint64_t frames, damage; /* flushes of what the scanout was set to; pixels of them in it */
    } scanout[DISPLAY_MAX_HEADS];
};

/* Counts a command whose handler has returned `code`. */
void gpu_stats_command(struct gpu_stats *s, const struct gpu_command *cmd, uint32_t code);
void gpu_stats_reset(struct gpu_stats *s); /* the device was reset; the counts stay */

#endif
