/* SPDX-License-Identifier: MIT */
/* The 2D command table, and the commands that create, fill and destroy resources. */
#include "host/entropy.h"
#include "virtio/gpu/resource.h"

#include <stdlib.h>
#include <string.h>

/* A row's name and type, its request and its handler. */
#define COMMAND(name_, request, fn)                                                                \
    .type = GPU_##name_, .name = #name_, .size = sizeof(struct request), .handler = fn
/* Where a field is in a request. */
#define AT(request, field) offsetof(struct request, field)
#define FEATURE(bit)       (UINT64_C(1) << GPU_F_##bit)

static const struct gpu_row rows[] = {
    {COMMAND(GET_DISPLAY_INFO, gpu_ctrl_hdr, gpu_get_display_info), .quick = GPU_QUICK},
    {COMMAND(RESOURCE_CREATE_2D, gpu_resource_create_2d, gpu_create_2d),
     .effect = GPU_EFFECT_CREATE, .resource = AT(gpu_resource_create_2d, resource_id),
     .describe = gpu_describe_create_2d},
    {COMMAND(RESOURCE_UNREF, gpu_resource_unref, gpu_unref), .effect = GPU_EFFECT_UNREF,
     .resource = AT(gpu_resource_unref, resource_id), .describe = gpu_describe_resource},
    {COMMAND(SET_SCANOUT, gpu_set_scanout, gpu_set_scanout), .effect = GPU_EFFECT_SCANOUT,
     .resource = AT(gpu_set_scanout, resource_id), .scanout = AT(gpu_set_scanout, scanout_id),
     .rect = AT(gpu_set_scanout, r), .describe = gpu_describe_scanout},
    {COMMAND(RESOURCE_FLUSH, gpu_resource_flush, gpu_resource_flush), .effect = GPU_EFFECT_FLUSH,
     .quick = GPU_QUICK_IF_RESOURCE, .resource = AT(gpu_resource_flush, resource_id),
     .rect = AT(gpu_resource_flush, r), .describe = gpu_describe_flush},
    {COMMAND(TRANSFER_TO_HOST_2D, gpu_transfer_to_host_2d, gpu_transfer_to_host_2d),
     .effect = GPU_EFFECT_TRANSFER, .quick = GPU_QUICK_IF_RESOURCE,
     .resource = AT(gpu_transfer_to_host_2d, resource_id), .rect = AT(gpu_transfer_to_host_2d, r),
     .offset = AT(gpu_transfer_to_host_2d, offset), .describe = gpu_describe_transfer},
    {COMMAND(RESOURCE_ATTACH_BACKING, gpu_resource_attach_backing, gpu_attach_backing),
     .effect = GPU_EFFECT_ATTACH, .resource = AT(gpu_resource_attach_backing, resource_id),
     .describe = gpu_describe_attach},
    {COMMAND(RESOURCE_DETACH_BACKING, gpu_resource_unref, gpu_detach_backing),
     .effect = GPU_EFFECT_DETACH, .resource = AT(gpu_resource_unref, resource_id),
     .describe = gpu_describe_resource},
    {COMMAND(GET_EDID, gpu_get_edid, gpu_get_edid), .quick = GPU_QUICK,
     .scanout = AT(gpu_get_edid, scanout), .feature = FEATURE(EDID), .describe = gpu_describe_edid},
    {COMMAND(RESOURCE_ASSIGN_UUID, gpu_resource_unref, gpu_assign_uuid),
     .resource = AT(gpu_resource_unref, resource_id), .feature = FEATURE(RESOURCE_UUID),
     .describe = gpu_describe_resource},
    {COMMAND(RESOURCE_CREATE_BLOB, gpu_resource_create_blob, gpu_create_blob),
     .effect = GPU_EFFECT_CREATE, .resource = AT(gpu_resource_create_blob, resource_id),
     .feature = FEATURE(RESOURCE_BLOB), .describe = gpu_describe_create_blob},
    {COMMAND(SET_SCANOUT_BLOB, gpu_set_scanout_blob, gpu_set_scanout_blob),
     .effect = GPU_EFFECT_SCANOUT, .quick = GPU_QUICK,
     .resource = AT(gpu_set_scanout_blob, resource_id),
     .scanout = AT(gpu_set_scanout_blob, scanout_id), .rect = AT(gpu_set_scanout_blob, r),
     .feature = FEATURE(RESOURCE_BLOB), .describe = gpu_describe_scanout_blob},
    {COMMAND(UPDATE_CURSOR, gpu_update_cursor, gpu_update_cursor), .queue = GPU_QUEUE_CURSOR,
     .effect = GPU_EFFECT_CURSOR, .quick = GPU_QUICK, /* reads 16 KiB at most */
     .resource = AT(gpu_update_cursor, resource_id),
     .scanout = AT(gpu_update_cursor, pos.scanout_id), .describe = gpu_describe_cursor},
    {COMMAND(MOVE_CURSOR, gpu_update_cursor, gpu_move_cursor), .queue = GPU_QUEUE_CURSOR,
     .effect = GPU_EFFECT_CURSOR_MOVE, .quick = GPU_QUICK,
     .scanout = AT(gpu_update_cursor, pos.scanout_id), .describe = gpu_describe_cursor},
};

const struct gpu_table gpu_table_2d = {rows, ARRAY_SIZE(rows)};

uint32_t gpu_create_2d(struct gpu_command *cmd)
{
    const struct gpu_resource_create_2d *req = &cmd->req.create_2d;
    return gpu_resource_2d_create(cmd->gpu, le32_get(req->resource_id), le32_get(req->format),
                                  le32_get(req->width), le32_get(req->height));
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
        memset(gpu->uuid, 'R', sizeof(gpu->uuid)); /* no entropy: unique within the machine */
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
