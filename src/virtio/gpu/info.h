/* SPDX-License-Identifier: MIT */
/* The state and statistics of a GPU as plain data. */
#ifndef VIRTIO_GPU_INFO_H
#define VIRTIO_GPU_INFO_H

#include "base/visit.h"
#include "display/display.h"

#define GPU_INFO_RESOURCES 1024 /* listed at most */

struct gpu_info_scanout {
    uint32_t resource;          /* as the guest set it; 0: none */
    struct rect rect;           /* of the resource */
    uint64_t frames;            /* flushes that changed the scanout */
    uint64_t damage;            /* pixels in these flushes */
    struct head_mode preferred; /* by the host */
    struct head_state state;
};

struct gpu_info_resource {
    uint32_t id;
    const char *kind;               /* "2d", "blob" */
    uint32_t width, height, format; /* a blob has none: 0 */
    uint64_t bytes;                 /* it takes of the budget */
    uint64_t backing;               /* bytes of guest memory behind it */
    bool scanout;                   /* some scanout shows it */
};

struct gpu_info {
    uint64_t memory, used; /* bytes: the budget of resources, and what they take of it */
    uint64_t commands, errors;
    uint64_t transfers, transferred; /* count, bytes */
    uint64_t flushes, flushed;       /* count, pixels */
    uint64_t cursor_updates, cursor_moves;
    uint64_t resets;
    unsigned scanouts;
    struct gpu_info_scanout scanout[DISPLAY_MAX_HEADS];
    uint64_t resources; /* all of them; listed are at most GPU_INFO_RESOURCES */
    unsigned listed;
    struct gpu_info_resource resource[GPU_INFO_RESOURCES]; /* by id */
};

struct virtio_dev;

/* Collects it. Any thread but the GPU's, whose work is paused for a moment. */
void virtio_gpu_info(struct virtio_dev *dev, struct gpu_info *info);
/* Reports it, with the names and in the order of `query-gpu`'s answer. */
void gpu_info_visit(const struct gpu_info *info, struct visitor *v);

#endif
