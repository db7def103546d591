/* SPDX-License-Identifier: MIT */
/*
 * The wire format of virtio-gpu (VIRTIO 1.3, "GPU Device"), 2D part. Names are the
 * specification's, shortened. Every struct here is laid out by or for the guest.
 */
#ifndef VIRTIO_GPU_PROTO_H
#define VIRTIO_GPU_PROTO_H

#include "base/le.h"

/* feature bit numbers */
enum { GPU_F_VIRGL, GPU_F_EDID, GPU_F_RESOURCE_UUID, GPU_F_RESOURCE_BLOB };

enum { GPU_QUEUE_CONTROL, GPU_QUEUE_CURSOR, GPU_QUEUES };

enum { GPU_EVENT_DISPLAY = 1 };

struct gpu_config {
    le32 events_read;
    le32 events_clear; /* write 1 to clear */
    le32 num_scanouts;
    le32 num_capsets;
};

enum gpu_type {
    GPU_GET_DISPLAY_INFO = 0x100,
    GPU_RESOURCE_CREATE_2D,
    GPU_RESOURCE_UNREF,
    GPU_SET_SCANOUT,
    GPU_RESOURCE_FLUSH,
    GPU_TRANSFER_TO_HOST_2D,
    GPU_RESOURCE_ATTACH_BACKING,
    GPU_RESOURCE_DETACH_BACKING,
    GPU_GET_CAPSET_INFO,
    GPU_GET_CAPSET,
    GPU_GET_EDID,
    GPU_RESOURCE_ASSIGN_UUID,
    GPU_RESOURCE_CREATE_BLOB,
    GPU_SET_SCANOUT_BLOB,

    GPU_UPDATE_CURSOR = 0x300,
    GPU_MOVE_CURSOR,
};

enum gpu_resp {
    GPU_OK_NODATA = 0x1100,
    GPU_OK_DISPLAY_INFO,
    GPU_OK_CAPSET_INFO,
    GPU_OK_CAPSET,
    GPU_OK_EDID,
    GPU_OK_RESOURCE_UUID,

    GPU_ERR_UNSPEC = 0x1200,
    GPU_ERR_OUT_OF_MEMORY,
    GPU_ERR_INVALID_SCANOUT_ID,
    GPU_ERR_INVALID_RESOURCE_ID,
    GPU_ERR_INVALID_CONTEXT_ID,
    GPU_ERR_INVALID_PARAMETER,
};

enum { GPU_FLAG_FENCE = 1, GPU_FLAG_INFO_RING_IDX = 2 };

struct gpu_ctrl_hdr {
    le32 type;
    le32 flags;
    le64 fence_id;
    le32 ctx_id;
    uint8_t ring_idx;
    uint8_t padding[3];
};

struct gpu_rect {
    le32 x, y, w, h;
};

#define GPU_MAX_SCANOUTS 16

struct gpu_resp_display_info {
    struct gpu_ctrl_hdr hdr;
    struct gpu_display_one {
        struct gpu_rect r;
        le32 enabled;
        le32 flags;
    } pmodes[GPU_MAX_SCANOUTS];
};

struct gpu_get_edid {
    struct gpu_ctrl_hdr hdr;
    le32 scanout;
    le32 padding;
};

struct gpu_resp_edid {
    struct gpu_ctrl_hdr hdr;
    le32 size;
    le32 padding;
    uint8_t edid[1024];
};

struct gpu_resource_create_2d {
    struct gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 format;
    le32 width;
    le32 height;
};

struct gpu_resource_unref { /* also DETACH_BACKING, ASSIGN_UUID */
    struct gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 padding;
};

struct gpu_set_scanout {
    struct gpu_ctrl_hdr hdr;
    struct gpu_rect r;
    le32 scanout_id;
    le32 resource_id;
};

struct gpu_resource_flush {
    struct gpu_ctrl_hdr hdr;
    struct gpu_rect r;
    le32 resource_id;
    le32 padding;
};

struct gpu_transfer_to_host_2d {
    struct gpu_ctrl_hdr hdr;
    struct gpu_rect r;
    le64 offset; /* of the rectangle's first pixel in the backing */
    le32 resource_id;
    le32 padding;
};

struct gpu_resource_attach_backing { /* nr_entries of struct gpu_mem_entry follow */
    struct gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 nr_entries;
};

struct gpu_mem_entry {
    le64 addr;
    le32 length;
    le32 padding;
};

struct gpu_update_cursor { /* also MOVE_CURSOR */
    struct gpu_ctrl_hdr hdr;
    struct gpu_cursor_pos {
        le32 scanout_id;
        le32 x, y;
        le32 padding;
    } pos;
    le32 resource_id;
    le32 hot_x;
    le32 hot_y;
    le32 padding;
};

struct gpu_resp_resource_uuid {
    struct gpu_ctrl_hdr hdr;
    uint8_t uuid[16];
};

enum { GPU_BLOB_MEM_GUEST = 1, GPU_BLOB_MEM_HOST3D, GPU_BLOB_MEM_HOST3D_GUEST };
enum { GPU_BLOB_FLAGS = 7 }; /* mappable, shareable, cross device: nothing to do for any */

struct gpu_resource_create_blob { /* nr_entries of struct gpu_mem_entry follow */
    struct gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 blob_mem;
    le32 blob_flags;
    le32 nr_entries;
    le64 blob_id;
    le64 size;
};

struct gpu_set_scanout_blob {
    struct gpu_ctrl_hdr hdr;
    struct gpu_rect r;
    le32 scanout_id;
    le32 resource_id;
    le32 width;
    le32 height;
    le32 format;
    le32 padding;
    le32 strides[4];
    le32 offsets[4];
};

/* Room for any request's fixed part, and any answer. */
union gpu_request {
    struct gpu_ctrl_hdr hdr;
    struct gpu_get_edid get_edid;
    struct gpu_resource_create_2d create_2d;
    struct gpu_resource_unref unref;
    struct gpu_set_scanout set_scanout;
    struct gpu_resource_flush flush;
    struct gpu_transfer_to_host_2d transfer;
    struct gpu_resource_attach_backing attach;
    struct gpu_update_cursor cursor;
    struct gpu_resource_create_blob create_blob;
    struct gpu_set_scanout_blob scanout_blob;
};

union gpu_response {
    struct gpu_ctrl_hdr hdr;
    struct gpu_resp_display_info display_info;
    struct gpu_resp_edid edid;
    struct gpu_resp_resource_uuid uuid;
};

#endif
