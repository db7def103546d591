/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/command.h"

#include "virtio/gpu/resource.h"

#include <string.h>

const struct gpu_row *gpu_row_find(const struct gpu *gpu, uint32_t type, unsigned queue)
{
    for (unsigned t = 0; t < GPU_TABLES; t++) {
        for (size_t i = 0; gpu->table[t] && i < gpu->table[t]->count; i++) {
            const struct gpu_row *row = &gpu->table[t]->row[i];
            if (row->type == type && row->queue == queue)
                return !row->feature || virtio_has(&gpu->dev, row->feature) ? row : NULL;
        }
    }
    return NULL;
}

/* A field of a request; zeros if the row has none. */
static void get_field(const union gpu_request *req, uint16_t at, void *field, size_t size)
{
    memset(field, 0, size);
    if (at)
        memcpy(field, (const uint8_t *)req + at, size);
}

uint32_t gpu_row_resource(const struct gpu_row *row, const union gpu_request *req)
{
    le32 id;
    get_field(req, row->resource, &id, sizeof(id));
    return le32_get(id);
}

uint32_t gpu_row_scanout(const struct gpu_row *row, const union gpu_request *req)
{
    le32 scanout;
    get_field(req, row->scanout, &scanout, sizeof(scanout));
    return le32_get(scanout);
}

struct rect gpu_row_rect(const struct gpu_row *row, const union gpu_request *req)
{
    struct gpu_rect rect;
    get_field(req, row->rect, &rect, sizeof(rect));
    return gpu_rect_get(&rect);
}

uint64_t gpu_row_offset(const struct gpu_row *row, const union gpu_request *req)
{
    le64 offset;
    get_field(req, row->offset, &offset, sizeof(offset));
    return le64_get(offset);
}

enum gpu_effect gpu_command_effect(const struct gpu_command *cmd)
{
    bool whole = cmd->row && cmd->req_size == cmd->row->size;
    return whole ? (enum gpu_effect)cmd->row->effect : GPU_EFFECT_NONE;
}

uint32_t gpu_command_resource(const struct gpu_command *cmd)
{
    return gpu_row_resource(cmd->row, &cmd->req);
}

uint32_t gpu_command_scanout(const struct gpu_command *cmd)
{
    return gpu_row_scanout(cmd->row, &cmd->req);
}

struct rect gpu_command_rect(const struct gpu_command *cmd)
{
    return gpu_row_rect(cmd->row, &cmd->req);
}

uint64_t gpu_command_offset(const struct gpu_command *cmd)
{
    return gpu_row_offset(cmd->row, &cmd->req);
}

bool gpu_command_is_quick(const struct gpu_command *cmd)
{
    if (cmd->row->quick != GPU_QUICK_IF_RESOURCE)
        return cmd->row->quick == GPU_QUICK;
    const struct gpu_resource *res = gpu_resource_find(cmd->gpu, gpu_command_resource(cmd));
    return !res || res->ops->quick;
}
