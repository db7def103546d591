/* SPDX-License-Identifier: MIT */
/*
 * The GPU's state as bytes: resources with the pixels of both buffers, blobs and their layouts,
 * scanouts, cursors, and the commands whose fences are held. What lies in guest RAM (blobs' pixels,
 * rings), the queues' indices and the negotiated features are not part of it: RAM and the transport
 * are saved beside it. Traces (trace_format.h) have such a state in them, too.
 *
 * Little-endian, no padding:
 *
 *     state_head
 *     for each resource   state_resource, its backing as gpu_mem_entry, then
 *                         of a 2D resource all pixels of the back buffer, and for each box where
 *                         the front buffer differs gpu_rect and the box's pixels in that;
 *                         of a blob a state_view for each layout
 *     for each scanout    state_scanout and its cursor's pixels
 *     for each command    state_waiting and its answer without the header
 *     that waits
 *
 * A change of any of this is a new version. A reader trusts nothing: numbers are checked as a
 * guest's are, sizes by what is left.
 */
#ifndef VIRTIO_GPU_STATE_H
#define VIRTIO_GPU_STATE_H

#include "base/blob.h"
#include "virtio/gpu/proto.h"

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
    le32 reserved;              /* the front buffer is allocated and charged */
};

struct state_view {
    le32 width, height, format, stride;
    le64 offset;
};

struct state_scanout {
    struct state_scanout_src {
        le32 resource; /* 0: none */
        le32 view;     /* of a blob: which layout */
        struct gpu_rect src;
    } shown, next;
    le32 cursor_width, cursor_height; /* 0: hidden */
    le32 cursor_x, cursor_y;
    le32 hot_x, hot_y;
};

struct state_waiting {
    le32 queue;
    le32 head;               /* of its chain */
    le32 code;               /* 0: a held flush; it is due when the state is loaded */
    le32 size;               /* of the answer */
    struct gpu_ctrl_hdr hdr; /* of the request */
};

struct gpu;

/*
 * Both while the device is quiesced (virtio_ops.quiesce). waiting: with the commands that wait;
 * traces, which answer no command twice, are without. Loading is for a device that was just reset,
 * whose features and queues are set again and whose guest RAM is what it was. The state must be the
 * rest of `in`. False: `in` has the failure, and the caller has to reset the device.
 *
 * Observers (observe.h) are notified of a load: a trace continues with the state and with what its
 * blobs hold; --gpu-check watches its resources, but cannot say which one the cursor came from.
 */
void gpu_save(struct gpu *gpu, bool waiting, struct blob_out *out);
bool gpu_load(struct gpu *gpu, struct blob_in *in);

#endif
