/* SPDX-License-Identifier: MIT */
/*
 * The GPU's state as bytes, for a snapshot: resources with their pixels (what was transferred and
 * what was flushed), blobs and their shapes, scanouts, cursors, and the commands whose fences are
 * held. What lies in guest RAM (blobs' pixels, rings), the queues' indices and the negotiated
 * features are not in it: they are RAM's and the transport's.
 *
 * Little-endian, no padding: struct state_head; for each resource struct state_resource, its
 * backing as struct gpu_mem_entry, then, of a 2D resource, all pixels that were transferred and,
 * for each box where the flushed picture differs, struct gpu_rect and its pixels; of a blob, struct
 * state_view; for each head struct state_scanout and its cursor's pixels; for each command that
 * waits struct state_waiting and its answer. A change of any of this is a new version.
 *
 * Who reads it believes nothing: numbers are checked as a guest's are, sizes by what is left.
 */
#ifndef VIRTIO_GPU_STATE_H
#define VIRTIO_GPU_STATE_H

#include "base/error.h"
#include "virtio/gpu/proto.h"
#include "virtio/virtio.h"

#define STATE_MAGIC   "RSgpu\r\n"
#define STATE_VERSION 1

struct state_head {
    char magic[8]; /* STATE_MAGIC */
    le32 version;
    le32 heads;
    le64 features; /* negotiated */
    le32 events;
    le32 serial; /* of the next resource */
    uint8_t uuid[16];
    le32 resources;
    le32 waiting;
};

struct state_resource {
    le32 id;
    le32 serial;
    le32 has_backing;
    le32 entries;               /* of its backing */
    le64 blob_size;             /* 0: a 2D resource */
    le32 views;                 /* of a blob */
    le32 boxes;                 /* of a 2D resource */
    le32 format, width, height; /* of a blob: no format, and the shape of a cursor, or 0 */
    le32 reserved;              /* room for the second truth is charged */
};

struct state_view {
    le32 width, height, format, stride;
    le64 offset;
};

struct state_scanout {
    struct state_scanout_src {
        le32 resource; /* 0: none */
        le32 view;     /* of a blob: which */
        struct gpu_rect src;
    } shown, next;
    le32 cursor_width, cursor_height; /* 0: hidden */
    le32 cursor_x, cursor_y;
    le32 hot_x, hot_y;
};

struct state_waiting {
    le32 queue;
    le32 head;               /* of its chain */
    le32 code;               /* 0: a held flush; it is answered when the state was read back */
    le32 size;               /* of the answer */
    struct gpu_ctrl_hdr hdr; /* of the request */
};

/*
 * Both: while the device is quiesced (virtio_ops.quiesce). Saving gives malloc'd bytes, or NULL: no
 * host memory. Loading is for a device that was just reset, whose features and queues are set again
 * and whose guest RAM is what it was; false, with what is wrong in err: then it is as after a
 * reset. Observers (observe.h) are told: a trace goes on from the state, with what its blobs hold,
 * and --gpu-check knows its resources, but not which one the cursor came from.
 */
uint8_t *virtio_gpu_save(struct virtio_dev *dev, size_t *size);
bool virtio_gpu_load(struct virtio_dev *dev, const uint8_t *bytes, size_t size, struct error *err);

struct gpu;
/* For traces, which answer no command twice: without those that wait. */
uint8_t *gpu_state_without_waiting(struct gpu *gpu, size_t *size);

#endif
