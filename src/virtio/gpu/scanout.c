/* SPDX-License-Identifier: MIT */
/* Scanouts and cursors: the commands that touch the display's heads. */
#include "virtio/gpu/edid.h"
#include "virtio/gpu/resource.h"

#include <string.h>

uint32_t gpu_get_display_info(struct gpu_command *cmd)
{
    struct display *d = cmd->gpu->display;
    struct gpu_resp_display_info *info = &cmd->resp.display_info;
    struct head_mode preferred[DISPLAY_MAX_HEADS];
    gpu_events_asked(cmd->gpu);
    display_preferred_all(d, preferred);
    *info = (struct gpu_resp_display_info){0};
    for (unsigned i = 0; i < display_heads(d); i++) {
        if (!preferred[i].connected)
            continue;
        struct rect r = desktop_position(preferred, i);
        info->pmodes[i] = (struct gpu_display_one){
            .r = {le32_make(r.x), le32_make(r.y), le32_make(r.w), le32_make(r.h)},
            .enabled = le32_make(1),
        };
    }
    cmd->resp_size = sizeof(*info);
    return GPU_OK_DISPLAY_INFO;
}

/* The user's own, or one made for the head's preferred mode; bytes. */
static size_t edid_of(const struct gpu *gpu, unsigned head, uint8_t out[EDID_WIRE_SIZE])
{
    struct head_mode preferred[DISPLAY_MAX_HEADS];
    if (gpu->edid_data) {
        memcpy(out, gpu->edid_data, gpu->edid_size);
        return gpu->edid_size;
    }
    display_preferred_all(gpu->display, preferred);
    return edid_make(out, preferred[head].width, preferred[head].height,
                     preferred[head].refresh_mhz, head);
}

uint32_t gpu_get_edid(struct gpu_command *cmd)
{
    struct display *d = cmd->gpu->display;
    uint32_t head = le32_get(cmd->req.get_edid.scanout);
    if (head >= display_heads(d))
        return GPU_ERR_INVALID_SCANOUT_ID;
    struct gpu_resp_edid *resp = &cmd->resp.edid;
    *resp = (struct gpu_resp_edid){0};
    gpu_events_asked(cmd->gpu);
    size_t size = edid_of(cmd->gpu, head, resp->edid);
    resp->size = le32_make((uint32_t)size);
    cmd->resp_size = sizeof(*resp);
    return GPU_OK_EDID;
}

const char gpu_too_much_shown[] =
    "the screens' pictures would take more than the GPU's memory; start with a larger "
    "--gpu ...,memory=SIZE";

static uint64_t picture_bytes(const struct rect *r)
{
    return (uint64_t)r->w * r->h * 4;
}

/* What a head shows, or will at its next flush: the larger. */
static uint64_t head_bytes(const struct display *d, unsigned head)
{
    uint64_t bytes = 0;
    for (int next = 0; next < 2; next++) {
        struct rect src;
        if (display_scanout(d, head, next, &src))
            bytes = MAX(bytes, picture_bytes(&src));
    }
    return bytes;
}

bool gpu_scanout_fits(const struct gpu *gpu, unsigned head, const struct rect *src)
{
    uint64_t bytes = picture_bytes(src);
    for (unsigned i = 0; i < display_heads(gpu->display); i++)
        if (i != head)
            bytes += head_bytes(gpu->display, i);
    return bytes <= gpu->memory;
}

uint32_t gpu_set_scanout(struct gpu_command *cmd)
{
    const struct gpu_set_scanout *req = &cmd->req.set_scanout;
    struct display *d = cmd->gpu->display;
    uint32_t head = le32_get(req->scanout_id), id = le32_get(req->resource_id);
    if (head >= display_heads(d))
        return GPU_ERR_INVALID_SCANOUT_ID;
    if (!id) {
        display_set_scanout(d, head, NULL, NULL);
        return GPU_OK_NODATA;
    }
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, id);
    struct image *img = res ? res->ops->frame(res) : NULL;
    if (!img)
        return GPU_ERR_INVALID_RESOURCE_ID;
    struct rect src = gpu_rect_get(&req->r);
    if (rect_empty(&src) || !rect_inside(&src, image_width(img), image_height(img)))
        return GPU_ERR_INVALID_PARAMETER;
    if (!gpu_scanout_fits(cmd->gpu, head, &src)) {
        cmd->why = gpu_too_much_shown;
        return GPU_ERR_OUT_OF_MEMORY;
    }
    if (!gpu_resource_reserve(res))
        return GPU_ERR_OUT_OF_MEMORY;
    display_set_scanout(d, head, img, &src);
    return GPU_OK_NODATA;
}

uint32_t gpu_resource_flush(struct gpu_command *cmd)
{
    const struct gpu_resource_flush *req = &cmd->req.flush;
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, le32_get(req->resource_id));
    struct rect rect = gpu_rect_get(&req->r);
    struct display_frame frame = {0};
    if (!res)
        return GPU_ERR_INVALID_RESOURCE_ID;
    uint32_t code = res->ops->flush(res, &rect, &frame);
    return code == GPU_OK_NODATA ? gpu_flush_hold(cmd, &frame) : code;
}

/* The display copies a cursor, so its resource may go away or change under it. Its pixels are read
 * here, once. */
static uint32_t cursor_from(struct gpu_command *cmd, uint32_t id, struct picture *pic)
{
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, id);
    if (!res)
        return GPU_ERR_INVALID_RESOURCE_ID;
    cmd->why = res->ops->cursor(res, pic);
    return cmd->why ? GPU_ERR_INVALID_PARAMETER : GPU_OK_NODATA;
}

uint32_t gpu_update_cursor(struct gpu_command *cmd)
{
    const struct gpu_update_cursor *req = &cmd->req.cursor;
    struct display *d = cmd->gpu->display;
    uint32_t head = le32_get(req->pos.scanout_id), id = le32_get(req->resource_id);
    /* the image's top-left corner; two's complement, left of and above the screen too */
    int32_t x = (int32_t)le32_get(req->pos.x), y = (int32_t)le32_get(req->pos.y);
    _Alignas(uint32_t) uint8_t pixels[DISPLAY_CURSOR * DISPLAY_CURSOR * 4];
    struct picture pic = {.data = pixels};
    if (head >= display_heads(d))
        return GPU_ERR_INVALID_SCANOUT_ID;
    if (id) {
        uint32_t code = cursor_from(cmd, id, &pic);
        if (code != GPU_OK_NODATA)
            return code;
    }
    display_set_cursor(d, head, id ? &pic : NULL, x, y, le32_get(req->hot_x), le32_get(req->hot_y));
    return GPU_OK_NODATA;
}

uint32_t gpu_move_cursor(struct gpu_command *cmd)
{
    const struct gpu_cursor_pos *pos = &cmd->req.cursor.pos;
    struct display *d = cmd->gpu->display;
    uint32_t head = le32_get(pos->scanout_id);
    if (head >= display_heads(d))
        return GPU_ERR_INVALID_SCANOUT_ID;
    display_move_cursor(d, head, (int32_t)le32_get(pos->x), (int32_t)le32_get(pos->y));
    return GPU_OK_NODATA;
}
