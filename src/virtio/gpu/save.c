/* SPDX-License-Identifier: MIT */
/* Saving the state: state.h has the format. */
#include "virtio/gpu/resource.h"

#include <string.h>

/* --- resources --- */

/* Most bytes in one entry: its length has 32 bits, spans may be longer. */
#define MAX_ENTRY (UINT64_C(1) << 31)

static uint32_t count_entries(const struct gpu_backing *b)
{
    uint32_t n = 0;
    for (uint32_t i = 0; b && i < b->count; i++)
        n += (uint32_t)((b->span[i + 1].start - b->span[i].start + MAX_ENTRY - 1) / MAX_ENTRY);
    return n;
}

static void save_backing(struct blob_out *out, const struct gmem *mem, const struct gpu_backing *b)
{
    const uint8_t *ram = gmem_span(mem, gmem_base(mem), 1);
    for (uint32_t i = 0; b && i < b->count; i++) {
        uint64_t len = b->span[i + 1].start - b->span[i].start;
        uint64_t pa = gmem_base(mem) + (uint64_t)(b->span[i].host - ram);
        for (uint64_t n; len; pa += n, len -= n) {
            n = MIN(len, MAX_ENTRY);
            struct gpu_mem_entry e = {le64_make(pa), le32_make((uint32_t)n), le32_make(0)};
            blob_put(out, &e, sizeof(e));
        }
    }
}

static void save_resource(struct blob_out *out, const struct gpu_resource *res)
{
    size_t at = out->size;
    struct state_resource record = {
        .id = le32_make(res->id),
        .serial = le32_make(res->serial),
        .has_backing = le32_make(res->backing != NULL),
        .entries = le32_make(count_entries(res->backing)),
    };
    blob_put(out, &record, sizeof(record));
    save_backing(out, res->gpu->dev.mem, res->backing);
    res->ops->save(res, &record, out);
    blob_patch(out, at, &record, sizeof(record));
}

/* --- scanouts --- */

static struct state_scanout_src save_src(struct gpu *gpu, const struct gpu_scanout_src *src)
{
    const struct gpu_resource *res = gpu_resource_find(gpu, src->resource);
    const struct image *img = NULL;
    unsigned n = 0;
    if (!res || !src->image)
        return (struct state_scanout_src){0};
    while ((img = res->ops->image_at(res, n)) && img != src->image)
        n++;
    if (!img) /* the resource no longer lists it */
        return (struct state_scanout_src){0};
    return (struct state_scanout_src){le32_make(res->id), le32_make(n), gpu_rect_make(&src->rect)};
}

static void save_scanout(struct blob_out *out, struct gpu *gpu, unsigned i)
{
    const struct gpu_scanout *scanout = &gpu->scanout[i];
    struct head_state s;
    display_state(gpu->display, i, &s);
    struct picture *cursor = display_cursor(gpu->display, i);
    out->failed |= s.cursor_visible && !cursor;
    struct state_scanout record = {
        .shown = save_src(gpu, &scanout->shown),
        .cursor_width = le32_make(cursor ? cursor->width : 0),
        .cursor_height = le32_make(cursor ? cursor->height : 0),
        .cursor_x = le32_make((uint32_t)s.cursor_x),
        .cursor_y = le32_make((uint32_t)s.cursor_y),
        .hot_x = le32_make(cursor ? s.hot_x : 0),
        .hot_y = le32_make(cursor ? s.hot_y : 0),
    };
    if (gpu_scanout_pending(scanout))
        record.next = save_src(gpu, &scanout->set);
    blob_put(out, &record, sizeof(record));
    if (cursor)
        blob_put(out, cursor->data, (size_t)cursor->stride * cursor->height);
    picture_destroy(cursor);
}

/* --- commands --- */

static void save_waiting(struct blob_out *out, const struct gpu *gpu, const struct gpu_command *cmd)
{
    const struct state_waiting record = {
        .queue = le32_make((uint32_t)(cmd->chain->vq - gpu->dev.queue)),
        .head = le32_make(cmd->chain->head),
        .code = le32_make(cmd->code),
        .size = le32_make(cmd->resp_size),
        .hdr = cmd->req.hdr,
    };
    blob_put(out, &record, sizeof(record));
    /* the header of an answer is written when it is sent */
    blob_put(out, (const uint8_t *)&cmd->resp + sizeof(record.hdr),
             cmd->resp_size - sizeof(record.hdr));
}

void gpu_save(struct gpu *gpu, bool waiting, struct blob_out *out)
{
    size_t at = out->size;
    uint32_t resources = 0, commands = 0;
    struct state_head head = {
        .magic = STATE_MAGIC,
        .version = le32_make(STATE_VERSION),
        .heads = le32_make(display_heads(gpu->display)),
        .features = le64_make(gpu->dev.features),
        .events = le32_make(atomic_load(&gpu->events)),
        .serial = le32_make(gpu->serial),
    };
    memcpy(head.uuid, gpu->uuid, sizeof(head.uuid));
    blob_put(out, &head, sizeof(head));
    for (struct gpu_resource *res = NULL; (res = gpu_resource_each(gpu, res)); resources++)
        save_resource(out, res);
    for (unsigned i = 0; i < display_heads(gpu->display); i++)
        save_scanout(out, gpu, i);
    for (const struct gpu_command *cmd = waiting ? gpu->waiting : NULL; cmd;
         cmd = cmd->next, commands++)
        save_waiting(out, gpu, cmd);
    head.resources = le32_make(resources);
    head.waiting = le32_make(commands);
    blob_patch(out, at, &head, sizeof(head));
}
