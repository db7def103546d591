/* SPDX-License-Identifier: MIT */
/* The 2D command table, and the commands that make, fill and drop resources. */
#include "host/entropy.h"
#include "virtio/gpu/resource.h"

#include <stdlib.h>
#include <string.h>

#define CONTROL(type, req, fn)                                                                     \
    {                                                                                              \
        GPU_##type, sizeof(struct req), GPU_QUEUE_CONTROL, fn, #type, 0                            \
    }
/* Only with a feature bit negotiated. */
#define FEATURE(type, req, fn, bit)                                                                \
    {                                                                                              \
        GPU_##type, sizeof(struct req), GPU_QUEUE_CONTROL, fn, #type, UINT64_C(1) << GPU_F_##bit   \
    }
#define CURSOR(type, req, fn)                                                                      \
    {                                                                                              \
        GPU_##type, sizeof(struct req), GPU_QUEUE_CURSOR, fn, #type, 0                             \
    }

static const struct gpu_row rows[] = {
    CONTROL(GET_DISPLAY_INFO, gpu_ctrl_hdr, gpu_get_display_info),
    CONTROL(RESOURCE_CREATE_2D, gpu_resource_create_2d, gpu_create_2d),
    CONTROL(RESOURCE_UNREF, gpu_resource_unref, gpu_unref),
    CONTROL(SET_SCANOUT, gpu_set_scanout, gpu_set_scanout),
    CONTROL(RESOURCE_FLUSH, gpu_resource_flush, gpu_resource_flush),
    CONTROL(TRANSFER_TO_HOST_2D, gpu_transfer_to_host_2d, gpu_transfer_to_host_2d),
    CONTROL(RESOURCE_ATTACH_BACKING, gpu_resource_attach_backing, gpu_attach_backing),
    CONTROL(RESOURCE_DETACH_BACKING, gpu_resource_unref, gpu_detach_backing),
    FEATURE(GET_EDID, gpu_get_edid, gpu_get_edid, EDID),
    FEATURE(RESOURCE_ASSIGN_UUID, gpu_resource_unref, gpu_assign_uuid, RESOURCE_UUID),
    FEATURE(RESOURCE_CREATE_BLOB, gpu_resource_create_blob, gpu_create_blob, RESOURCE_BLOB),
    FEATURE(SET_SCANOUT_BLOB, gpu_set_scanout_blob, gpu_set_scanout_blob, RESOURCE_BLOB),
    CURSOR(UPDATE_CURSOR, gpu_update_cursor, gpu_update_cursor),
    CURSOR(MOVE_CURSOR, gpu_update_cursor, gpu_move_cursor),
};

const struct gpu_table gpu_table_2d = {rows, ARRAY_SIZE(rows)};

uint32_t gpu_create_2d(struct gpu_command *cmd)
{
    const struct gpu_resource_create_2d *req = &cmd->req.create_2d;
    uint32_t code;
    gpu_resource_create(cmd->gpu, le32_get(req->resource_id), le32_get(req->format),
                        le32_get(req->width), le32_get(req->height), &code);
    return code;
}

uint32_t gpu_unref(struct gpu_command *cmd)
{
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, le32_get(cmd->req.unref.resource_id));
    if (!res)
        return GPU_ERR_INVALID_RESOURCE_ID;
    gpu_resource_destroy(res);
    return GPU_OK_NODATA;
}

struct gpu_backing *gpu_command_backing(struct gpu_command *cmd, uint32_t entries, uint32_t *code)
{
    size_t size = (size_t)entries * sizeof(struct gpu_mem_entry);
    *code = GPU_ERR_INVALID_PARAMETER;
    if (entries > GPU_MAX_ENTRIES || cmd->chain->in.left < size)
        return NULL;
    cmd->list = malloc(MAX(size, 1));
    if (!cmd->list) {
        *code = GPU_ERR_OUT_OF_MEMORY;
        return NULL;
    }
    cmd->list_size = (uint32_t)vq_read(cmd->chain, cmd->list, size);
    return gpu_backing_make(cmd->gpu->dev.mem, cmd->list, entries, code);
}

uint32_t gpu_attach_backing(struct gpu_command *cmd)
{
    const struct gpu_resource_attach_backing *req = &cmd->req.attach;
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, le32_get(req->resource_id));
    if (!res)
        return GPU_ERR_INVALID_RESOURCE_ID;
    if (res->backing)
        return GPU_ERR_UNSPEC;
    uint32_t code;
    struct gpu_backing *backing = gpu_command_backing(cmd, le32_get(req->nr_entries), &code);
    if (!backing)
        return code;
    code = res->ops->attach(res, backing);
    if (code != GPU_OK_NODATA)
        gpu_backing_destroy(backing);
    return code;
}

uint32_t gpu_detach_backing(struct gpu_command *cmd)
{
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, le32_get(cmd->req.unref.resource_id));
    if (!res)
        return GPU_ERR_INVALID_RESOURCE_ID;
    if (!res->backing)
        return GPU_ERR_UNSPEC;
    return res->ops->attach(res, NULL);
}

uint32_t gpu_transfer_to_host_2d(struct gpu_command *cmd)
{
    const struct gpu_transfer_to_host_2d *req = &cmd->req.transfer;
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, le32_get(req->resource_id));
    if (!res)
        return GPU_ERR_INVALID_RESOURCE_ID;
    struct rect rect = gpu_rect_get(&req->r);
    return res->ops->transfer(res, &rect, le64_get(req->offset));
}

void gpu_uuid_init(struct gpu *gpu, struct entropy *entropy)
{
    if (!entropy_fill(entropy, gpu->uuid, sizeof(gpu->uuid)))
        memset(gpu->uuid, 'R', sizeof(gpu->uuid)); /* a host without: told apart in one machine */
}

/* A random one of the device (RFC 9562, version 4) in which the resource's serial number stands:
 * always the same for a resource, and never used for another. */
uint32_t gpu_assign_uuid(struct gpu_command *cmd)
{
    const struct gpu *gpu = cmd->gpu;
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, le32_get(cmd->req.unref.resource_id));
    if (!res)
        return GPU_ERR_INVALID_RESOURCE_ID;
    struct gpu_resp_resource_uuid *resp = &cmd->resp.uuid;
    *resp = (struct gpu_resp_resource_uuid){0};
    memcpy(resp->uuid, gpu->uuid, sizeof(resp->uuid));
    for (unsigned i = 0; i < 4; i++)
        resp->uuid[i] = (uint8_t)(res->serial >> (8 * i));
    resp->uuid[6] = (resp->uuid[6] & 0x0f) | 0x40;
    resp->uuid[8] = (resp->uuid[8] & 0x3f) | 0x80;
    cmd->resp_size = sizeof(*resp);
    return GPU_OK_RESOURCE_UUID;
}
