/* SPDX-License-Identifier: MIT */
/*
 * What devices are made with, as plain data. board/machine.h embeds these structs, so that whoever
 * reads options fills them, and the board adds what only it has.
 */
#ifndef VIRTIO_CONFIG_H
#define VIRTIO_CONFIG_H

#include "base/util.h"

struct display;
struct entropy;

struct virtio_gpu_config {
    uint64_t memory; /* bytes of host memory that resources may take */
    bool edid;       /* offer VIRTIO_GPU_F_EDID */
    bool blob;       /* offer VIRTIO_GPU_F_RESOURCE_BLOB: frames are not copied, but may tear */
    bool pacing;     /* fenced flushes wait for the viewers that pace (display/display.h) */
    /* the board's */
    struct display *display;
    /* an EDID for all heads, checked by virtio/gpu/edid.h; must outlive the device. NULL: made */
    const uint8_t *edid_data;
    size_t edid_size;
    bool threaded;           /* false: tests or a stepper step virtio_gpu_worker */
    struct entropy *entropy; /* for the UUIDs; NULL: the host's */
};

#endif
