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

/* Copies the user's EDID, or makes one for the head's preferred mode; returns its bytes. */
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

/* --- what scanouts show --- */

static bool same_src(const struct gpu_scanout_src *a, const struct gpu_scanout_src *b)
{
    return a->image == b->image && a->rect.x == b->rect.x && a->rect.y == b->rect.y &&
           a->rect.w == b->rect.w && a->rect.h == b->rect.h;
}

bool gpu_scanout_pending(const struct gpu_scanout *s)
{
    return s->set.image && !same_src(&s->set, &s->shown);
}

void gpu_scanout_set(struct gpu *gpu, unsigned scanout, const struct gpu_resource *res,
                     struct image *img, const struct rect *rect)
{
    struct gpu_scanout *s = &gpu->scanout[scanout];
    if (img)
        s->set = (struct gpu_scanout_src){res->id, img, *rect};
    else
        *s = (struct gpu_scanout){0};
    display_set_scanout(gpu->display, scanout, img, rect);
}

void gpu_scanout_flush(struct gpu *gpu, struct image *img, const struct rect *rect,
                       struct display_frame *frame)
{
    display_flush(gpu->display, img, rect);
    for (unsigned i = 0; i < display_heads(gpu->display); i++)
        if (gpu->scanout[i].set.image == img)
            gpu->scanout[i].shown = gpu->scanout[i].set;
    if (frame)
        display_frame(gpu->display, img, frame);
}

/* A scanout that was set to another image meanwhile goes dark and shows that at its flush. */
void gpu_scanout_drop_image(struct gpu *gpu, struct image *img)
{
    for (unsigned i = 0; i < display_heads(gpu->display); i++) {
        struct gpu_scanout *s = &gpu->scanout[i];
        if (s->set.image == img)
            *s = (struct gpu_scanout){0};
        else if (s->shown.image == img)
            s->shown = (struct gpu_scanout_src){0};
    }
    display_forget(gpu->display, img);
}

void gpu_scanout_reset(struct gpu *gpu)
{
    memset(gpu->scanout, 0, sizeof(gpu->scanout));
    display_reset(gpu->display);
}

bool gpu_scanout_uses(const struct gpu *gpu, const struct image *img)
{
    for (unsigned i = 0; i < display_heads(gpu->display); i++)
        if (gpu->scanout[i].set.image == img || gpu->scanout[i].shown.image == img)
            return true;
    return false;
}

static uint64_t picture_bytes(const struct rect *r)
{
    return (uint64_t)r->w * r->h * 4;
}

bool gpu_scanout_fits(const struct gpu *gpu, unsigned scanout, const struct rect *rect)
{
    uint64_t bytes = picture_bytes(rect);
    for (unsigned i = 0; i < display_heads(gpu->display); i++) {
        const struct gpu_scanout *s = &gpu->scanout[i];
        if (i != scanout)
            bytes += MAX(picture_bytes(&s->set.rect), picture_bytes(&s->shown.rect));
    }
    return bytes <= gpu->memory;
}

/* --- commands --- */

/* layout: SET_SCANOUT_BLOB's; NULL: SET_SCANOUT, of a resource that has its own. */
static uint32_t set_scanout(struct gpu_command *cmd, const struct gpu_layout *layout)
{
    struct gpu *gpu = cmd->gpu;
    uint32_t scanout = gpu_command_scanout(cmd), id = gpu_command_resource(cmd), code;
    struct rect rect = gpu_command_rect(cmd);
    if (scanout >= display_heads(gpu->display))
        return GPU_ERR_INVALID_SCANOUT_ID;
    if (!id) {
        gpu_scanout_set(gpu, scanout, NULL, NULL, NULL);
        return GPU_OK_NODATA;
    }
    struct gpu_resource *res = gpu_resource_find(gpu, id);
    struct gpu_layout own;
    if (!res || res->ops->shaped != (layout != NULL) ||
        (!layout && !res->ops->layout(res, 0, &own)))
        return GPU_ERR_INVALID_RESOURCE_ID;
    const struct gpu_layout *picture = layout ? layout : &own;
    if (rect_empty(&rect) || !rect_inside(&rect, picture->width, picture->height))
        return GPU_ERR_INVALID_PARAMETER;
    code = GPU_ERR_OUT_OF_MEMORY;
    bool fits = gpu_scanout_fits(gpu, scanout, &rect);
    struct image *img = fits ? res->ops->image(res, layout, &code) : NULL;
    if (img)
        gpu_scanout_set(gpu, scanout, res, img, &rect);
    else if (code == GPU_ERR_OUT_OF_MEMORY)
        cmd->why = "the screens' pictures would take more than the GPU's memory; start with a "
                   "larger --gpu ...,memory=SIZE";
    return code;
}

uint32_t gpu_set_scanout(struct gpu_command *cmd)
{
    return set_scanout(cmd, NULL);
}

uint32_t gpu_set_scanout_blob(struct gpu_command *cmd)
{
    const struct gpu_set_scanout_blob *req = &cmd->req.scanout_blob;
    const struct gpu_layout layout = {
        .width = le32_get(req->width),
        .height = le32_get(req->height),
        .format = le32_get(req->format),
        .stride = le32_get(req->strides[0]),
        .offset = le32_get(req->offsets[0]),
    };
    return set_scanout(cmd, &layout);
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

/* Reads the pixels of a cursor, once: the display keeps a copy, so the resource may change or be
 * destroyed later. */
static uint32_t cursor_from(struct gpu_command *cmd, uint32_t id, struct picture *pic)
{
    struct gpu_resource *res = gpu_resource_find(cmd->gpu, id);
    if (!res)
        return GPU_ERR_INVALID_RESOURCE_ID;
    cmd->why = res->ops->cursor_size(res, &pic->width, &pic->height);
    if (cmd->why)
        return GPU_ERR_INVALID_PARAMETER;
    pic->stride = pic->width * 4;
    res->ops->cursor_read(res, pic);
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
