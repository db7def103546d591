/* SPDX-License-Identifier: MIT */
/* Scanouts and cursors: the commands that touch the display's heads. */
#include "virtio/gpu/edid.h"
#include "virtio/gpu/resource.h"

uint32_t gpu_get_display_info(struct gpu_command *cmd)
{
    struct display *d = cmd->gpu->display;
    struct gpu_resp_display_info *info = &cmd->resp.display_info;
    struct head_wish wish[DISPLAY_MAX_HEADS];
    display_wishes(d, wish);
    *info = (struct gpu_resp_display_info){0};
    for (unsigned i = 0; i < display_heads(d); i++) {
        if (!wish[i].connected)
            continue;
        struct rect r = desktop_place(wish, i);
        info->pmodes[i] = (struct gpu_display_one){
            .r = {le32_make(r.x), le32_make(r.y), le32_make(r.w), le32_make(r.h)},
            .enabled = le32_make(1),
        };
    }
    cmd->resp_size = sizeof(*info);
    return GPU_OK_DISPLAY_INFO;
}

uint32_t gpu_get_edid(struct gpu_command *cmd)
{
    struct display *d = cmd->gpu->display;
    uint32_t head = le32_get(cmd->req.get_edid.scanout);
    if (!virtio_has(&cmd->gpu->dev, UINT64_C(1) << GPU_F_EDID))
        return GPU_ERR_UNSPEC;
    if (head >= display_heads(d))
        return GPU_ERR_INVALID_SCANOUT_ID;
    struct gpu_resp_edid *resp = &cmd->resp.edid;
    struct head_wish wish[DISPLAY_MAX_HEADS];
    display_wishes(d, wish);
    *resp = (struct gpu_resp_edid){0};
    size_t size = edid_make(resp->edid, wish[head].width, wish[head].height, wish[head].refresh_mhz,
                            head + 1);
    resp->size = le32_make((uint32_t)size);
    cmd->resp_size = sizeof(*resp);
    return GPU_OK_EDID;
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
    if (!gpu_resource_reserve(res))
        return GPU_ERR_OUT_OF_MEMORY;
    display_set_scanout(d, head, img, &src);
    return GPU_OK_NODATA;
}

uint32_t gpu_resource_flush(struct gpu_command *cmd)
{
    const struct gpu_resource_flush *req = &cmd->req.flush;
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, le32_get(req->resource_id));
    struct image *img = res ? res->ops->frame(res) : NULL;
    if (!img)
        return GPU_ERR_INVALID_RESOURCE_ID;
    struct rect rect = gpu_rect_get(&req->r);
    if (!rect_inside(&rect, image_width(img), image_height(img)))
        return GPU_ERR_INVALID_PARAMETER;
    display_flush(cmd->gpu->display, img, &rect);
    return GPU_OK_NODATA;
}

/* The display copies a cursor, so its resource may go away or change under it. */
static uint32_t cursor_from(struct gpu *gpu, uint32_t id, struct picture *pic)
{
    struct gpu_resource *res = gpu_resource_find(gpu, id);
    struct image *img = res ? res->ops->frame(res) : NULL;
    if (!img)
        return GPU_ERR_INVALID_RESOURCE_ID;
    struct rect all = {0, 0, image_width(img), image_height(img)};
    if (all.w > DISPLAY_CURSOR || all.h > DISPLAY_CURSOR)
        return GPU_ERR_INVALID_PARAMETER;
    pic->width = all.w;
    pic->height = all.h;
    pic->stride = all.w * 4;
    image_read(img, &all, pic->data, pic->stride, true);
    return GPU_OK_NODATA;
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
        uint32_t code = cursor_from(cmd->gpu, id, &pic);
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
