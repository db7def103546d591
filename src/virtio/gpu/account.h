/* SPDX-License-Identifier: MIT */
/*
 * Counts what the guest asks of the GPU: some additions a command. The GPU's thread writes;
 * virtio_gpu_info (devices.h) reads while that thread stands still.
 */
#ifndef VIRTIO_GPU_ACCOUNT_H
#define VIRTIO_GPU_ACCOUNT_H

#include "display/display.h"

struct gpu_command;
struct gpu_resource;

struct gpu_account {
    uint64_t commands, errors;
    uint64_t transfers, transferred; /* bytes */
    uint64_t flushes, flushed;       /* pixels */
    uint64_t cursor_updates, cursor_moves;
    uint64_t resets; /* of a device that was used */
    bool used;
    struct gpu_account_scanout {
        uint32_t resource; /* 0: none */
        struct rect rect;
        uint64_t frames, damage; /* flushes of it, pixels */
    } scanout[DISPLAY_MAX_HEADS];
};

/* A handler has run, with this result. */
void gpu_account_command(struct gpu_account *a, const struct gpu_command *cmd, uint32_t code);
/* A head has a scanout that no command has set: a state was loaded. */
void gpu_account_scanout(struct gpu_account *a, unsigned head, uint32_t id, const struct rect *r);
void gpu_account_reset(struct gpu_account *a); /* the device was; counts go on */

#endif
