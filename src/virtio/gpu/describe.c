/* SPDX-License-Identifier: MIT */
/* Commands and answers as text, for `--log gpu`, for refusals in the log and for the replay. */
#include "virtio/gpu/command.h"

#include <stdio.h>

/* " resource N WxH+X+Y"; returns its length in buf. */
static size_t describe_rect(char *buf, size_t size, uint32_t id, const struct gpu_rect *wire)
{
    struct rect r = gpu_rect_get(wire);
    int n = snprintf(buf, size, " resource %u %ux%u+%u+%u", id, r.w, r.h, r.x, r.y);
    return MIN((size_t)MAX(n, 0), size);
}

void gpu_describe_edid(const union gpu_request *req, char *buf, size_t size)
{
    snprintf(buf, size, " scanout %u", le32_get(req->get_edid.scanout));
}

void gpu_describe_create_2d(const union gpu_request *req, char *buf, size_t size)
{
    const struct gpu_resource_create_2d *q = &req->create_2d;
    snprintf(buf, size, " resource %u %ux%u format %u", le32_get(q->resource_id),
             le32_get(q->width), le32_get(q->height), le32_get(q->format));
}

void gpu_describe_resource(const union gpu_request *req, char *buf, size_t size)
{
    snprintf(buf, size, " resource %u", le32_get(req->unref.resource_id));
}

void gpu_describe_attach(const union gpu_request *req, char *buf, size_t size)
{
    const struct gpu_resource_attach_backing *q = &req->attach;
    snprintf(buf, size, " resource %u entries %u", le32_get(q->resource_id),
             le32_get(q->nr_entries));
}

void gpu_describe_scanout(const union gpu_request *req, char *buf, size_t size)
{
    const struct gpu_set_scanout *q = &req->set_scanout;
    size_t n = describe_rect(buf, size, le32_get(q->resource_id), &q->r);
    snprintf(buf + n, size - n, " on scanout %u", le32_get(q->scanout_id));
}

void gpu_describe_flush(const union gpu_request *req, char *buf, size_t size)
{
    describe_rect(buf, size, le32_get(req->flush.resource_id), &req->flush.r);
}

void gpu_describe_transfer(const union gpu_request *req, char *buf, size_t size)
{
    const struct gpu_transfer_to_host_2d *q = &req->transfer;
    size_t n = describe_rect(buf, size, le32_get(q->resource_id), &q->r);
    snprintf(buf + n, size - n, " from %llu", (unsigned long long)le64_get(q->offset));
}

void gpu_describe_create_blob(const union gpu_request *req, char *buf, size_t size)
{
    const struct gpu_resource_create_blob *q = &req->create_blob;
    snprintf(buf, size, " resource %u memory %u flags %#x entries %u size %llu",
             le32_get(q->resource_id), le32_get(q->blob_mem), le32_get(q->blob_flags),
             le32_get(q->nr_entries), (unsigned long long)le64_get(q->size));
}

void gpu_describe_scanout_blob(const union gpu_request *req, char *buf, size_t size)
{
    const struct gpu_set_scanout_blob *q = &req->scanout_blob;
    size_t n = describe_rect(buf, size, le32_get(q->resource_id), &q->r);
    snprintf(buf + n, size - n, " of %ux%u format %u stride %u from %u on scanout %u",
             le32_get(q->width), le32_get(q->height), le32_get(q->format), le32_get(q->strides[0]),
             le32_get(q->offsets[0]), le32_get(q->scanout_id));
}

void gpu_describe_cursor(const union gpu_request *req, char *buf, size_t size)
{
    const struct gpu_update_cursor *q = &req->cursor;
    snprintf(buf, size, " scanout %u resource %u at %d,%d hot %u,%u", le32_get(q->pos.scanout_id),
             le32_get(q->resource_id), (int32_t)le32_get(q->pos.x), (int32_t)le32_get(q->pos.y),
             le32_get(q->hot_x), le32_get(q->hot_y));
}

void gpu_command_describe(const struct gpu_command *cmd, char *buf, size_t size)
{
    char arguments[192] = "";
    if (!cmd->row)
        snprintf(arguments, sizeof(arguments), " (type %#x)", le32_get(cmd->req.hdr.type));
    else if (cmd->row->describe)
        cmd->row->describe(&cmd->req, arguments, sizeof(arguments));
    snprintf(buf, size, "%s%s", cmd->row ? cmd->row->name : "unknown command", arguments);
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
