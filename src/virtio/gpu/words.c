/* SPDX-License-Identifier: MIT */
/* Commands and answers in words, for `--log gpu` and for complaints about the guest. */
#include "virtio/gpu/gpu.h"

#include <stdio.h>

static int describe_rect(char *buf, size_t size, const char *what, uint32_t id,
                         const struct gpu_rect *wire)
{
    struct rect r = gpu_rect_get(wire);
    return snprintf(buf, size, "%s resource %u %ux%u+%u+%u", what, id, r.w, r.h, r.x, r.y);
}

static void describe_cursor(char *buf, size_t size, const char *what,
                            const struct gpu_update_cursor *req)
{
    snprintf(buf, size, "%s scanout %u resource %u at %d,%d hot %u,%u", what,
             le32_get(req->pos.scanout_id), le32_get(req->resource_id),
             (int32_t)le32_get(req->pos.x), (int32_t)le32_get(req->pos.y), le32_get(req->hot_x),
             le32_get(req->hot_y));
}

static void describe_transfer(char *buf, size_t size, const char *what,
                              const struct gpu_transfer_to_host_2d *req)
{
    int n = describe_rect(buf, size, what, le32_get(req->resource_id), &req->r);
    if (n >= 0 && (size_t)n < size)
        snprintf(buf + n, size - (size_t)n, " from %llu",
                 (unsigned long long)le64_get(req->offset));
}

static void describe_scanout(char *buf, size_t size, const char *what,
                             const struct gpu_set_scanout *req)
{
    int n = describe_rect(buf, size, what, le32_get(req->resource_id), &req->r);
    if (n >= 0 && (size_t)n < size)
        snprintf(buf + n, size - (size_t)n, " on scanout %u", le32_get(req->scanout_id));
}

static void describe_blob(char *buf, size_t size, const char *what,
                          const struct gpu_resource_create_blob *req)
{
    snprintf(buf, size, "%s resource %u memory %u flags %#x entries %u size %llu", what,
             le32_get(req->resource_id), le32_get(req->blob_mem), le32_get(req->blob_flags),
             le32_get(req->nr_entries), (unsigned long long)le64_get(req->size));
}

static void describe_scanout_blob(char *buf, size_t size, const char *what,
                                  const struct gpu_set_scanout_blob *req)
{
    int n = describe_rect(buf, size, what, le32_get(req->resource_id), &req->r);
    if (n >= 0 && (size_t)n < size)
        snprintf(buf + n, size - (size_t)n, " of %ux%u format %u stride %u from %u on scanout %u",
                 le32_get(req->width), le32_get(req->height), le32_get(req->format),
                 le32_get(req->strides[0]), le32_get(req->offsets[0]), le32_get(req->scanout_id));
}

void gpu_command_describe(const struct gpu_command *cmd, char *buf, size_t size)
{
    const union gpu_request *q = &cmd->req;
    const char *name = cmd->row ? cmd->row->name : "unknown command";
    uint32_t type = le32_get(q->hdr.type);
    switch (cmd->row ? type : 0) {
    case GPU_GET_EDID:
        snprintf(buf, size, "%s scanout %u", name, le32_get(q->get_edid.scanout));
        break;
    case GPU_RESOURCE_CREATE_2D:
        snprintf(buf, size, "%s resource %u %ux%u format %u", name,
                 le32_get(q->create_2d.resource_id), le32_get(q->create_2d.width),
                 le32_get(q->create_2d.height), le32_get(q->create_2d.format));
        break;
    case GPU_RESOURCE_CREATE_BLOB: describe_blob(buf, size, name, &q->create_blob); break;
    case GPU_SET_SCANOUT_BLOB: describe_scanout_blob(buf, size, name, &q->scanout_blob); break;
    case GPU_RESOURCE_ASSIGN_UUID:
    case GPU_RESOURCE_UNREF:
    case GPU_RESOURCE_DETACH_BACKING:
        snprintf(buf, size, "%s resource %u", name, le32_get(q->unref.resource_id));
        break;
    case GPU_RESOURCE_ATTACH_BACKING:
        snprintf(buf, size, "%s resource %u entries %u", name, le32_get(q->attach.resource_id),
                 le32_get(q->attach.nr_entries));
        break;
    case GPU_SET_SCANOUT: describe_scanout(buf, size, name, &q->set_scanout); break;
    case GPU_RESOURCE_FLUSH:
        describe_rect(buf, size, name, le32_get(q->flush.resource_id), &q->flush.r);
        break;
    case GPU_TRANSFER_TO_HOST_2D: describe_transfer(buf, size, name, &q->transfer); break;
    case GPU_UPDATE_CURSOR:
    case GPU_MOVE_CURSOR: describe_cursor(buf, size, name, &q->cursor); break;
    case 0: snprintf(buf, size, "%s (type %#x)", name, type); break;
    default: snprintf(buf, size, "%s", name); break;
    }
}

const char *gpu_resp_name(uint32_t code)
{
    switch (code) {
    case GPU_DEFERRED: return "deferred";
    case GPU_AGAIN: return "interrupted";
    case GPU_OK_NODATA: return "OK_NODATA";
    case GPU_OK_DISPLAY_INFO: return "OK_DISPLAY_INFO";
    case GPU_OK_EDID: return "OK_EDID";
    case GPU_OK_RESOURCE_UUID: return "OK_RESOURCE_UUID";
    case GPU_ERR_UNSPEC: return "ERR_UNSPEC";
    case GPU_ERR_OUT_OF_MEMORY: return "ERR_OUT_OF_MEMORY";
    case GPU_ERR_INVALID_SCANOUT_ID: return "ERR_INVALID_SCANOUT_ID";
    case GPU_ERR_INVALID_RESOURCE_ID: return "ERR_INVALID_RESOURCE_ID";
    case GPU_ERR_INVALID_CONTEXT_ID: return "ERR_INVALID_CONTEXT_ID";
    case GPU_ERR_INVALID_PARAMETER: return "ERR_INVALID_PARAMETER";
    default: return "?";
    }
}
