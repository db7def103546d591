/* SPDX-License-Identifier: MIT */
/* Loading a state: state.h has the format. The bytes may come from anywhere. */
#include "virtio/gpu/observe.h"
#include "virtio/gpu/resource.h"

#include <string.h>

/* --- resources --- */

static const struct gpu_resource_ops *kind_of(const struct state_resource *record)
{
    return le64_get(record->blob_size) ? &gpu_resource_blob_ops : &gpu_resource_2d_ops;
}

static bool load_backing(struct gpu *gpu, struct blob_in *in, const struct state_resource *record,
                         struct gpu_backing **out)
{
    uint32_t n = le32_get(record->entries), code;
    *out = NULL;
    const uint8_t *list = blob_get_run(in, (uint64_t)n * sizeof(struct gpu_mem_entry));
    if (!list)
        return false;
    if (!le32_get(record->has_backing))
        return blob_check(in, !n, "a list of pages without a backing");
    *out = gpu_backing_make(gpu->dev.mem, list, n, &code);
    return blob_check(in, *out, "a backing that is not in RAM");
}

static bool load_resource(struct gpu *gpu, struct blob_in *in)
{
    struct state_resource record;
    struct gpu_backing *backing;
    if (!blob_get(in, &record, sizeof(record)) || !load_backing(gpu, in, &record, &backing) ||
        !kind_of(&record)->load(gpu, &record, backing, in))
        return false;
    gpu_resource_find(gpu, le32_get(record.id))->serial = le32_get(record.serial);
    return true;
}

/* Reads the bytes of load_resource again, when the scanouts show the resource. */
static bool load_unflushed(struct gpu *gpu, struct blob_in *in)
{
    struct state_resource record;
    if (!blob_get(in, &record, sizeof(record)) ||
        !blob_get_run(in, (uint64_t)le32_get(record.entries) * sizeof(struct gpu_mem_entry)))
        return false;
    struct gpu_resource *res = gpu_resource_find(gpu, le32_get(record.id));
    return res->ops->load_unflushed(res, &record, in);
}

/* --- scanouts --- */

static bool set_scanout(struct gpu *gpu, struct blob_in *in, unsigned scanout,
                        const struct state_scanout_src *src)
{
    struct gpu_resource *res = gpu_resource_find(gpu, le32_get(src->resource));
    struct rect rect = gpu_rect_get(&src->src);
    struct gpu_layout l;
    uint32_t code;
    if (!le32_get(src->resource))
        return true;
    struct image *img = NULL;
    if (res && res->ops->layout(res, le32_get(src->view), &l))
        img = res->ops->image(res, res->ops->shaped ? &l : NULL, &code);
    if (!blob_check(in, img && !rect_empty(&rect) && rect_inside(&rect, l.width, l.height),
                    "a scanout of nothing that there is") ||
        !blob_check(in, gpu_scanout_fits(gpu, scanout, &rect),
                    "more on its scanouts than it has memory for"))
        return false;
    gpu_scanout_set(gpu, scanout, res, img, &rect);
    return true;
}

static bool load_cursor(struct gpu *gpu, struct blob_in *in, unsigned scanout,
                        const struct state_scanout *s)
{
    struct picture pic = {le32_get(s->cursor_width), le32_get(s->cursor_height), 0, NULL};
    if (!blob_check(in,
                    pic.width <= DISPLAY_CURSOR && pic.height <= DISPLAY_CURSOR &&
                        !pic.width == !pic.height,
                    "a cursor too large"))
        return false;
    pic.stride = pic.width * 4;
    pic.data = (uint8_t *)blob_get_run(in, (uint64_t)pic.stride * pic.height); /* only read */
    if (!pic.data)
        return false;
    display_set_cursor(gpu->display, scanout, pic.width ? &pic : NULL,
                       (int32_t)le32_get(s->cursor_x), (int32_t)le32_get(s->cursor_y),
                       le32_get(s->hot_x), le32_get(s->hot_y));
    return true;
}

/* First all scanouts show what they showed, since the flush that does this concerns each scanout
 * that is set to the image; then they are set to what was not flushed yet. */
static bool load_scanouts(struct gpu *gpu, struct blob_in *in)
{
    struct state_scanout s[DISPLAY_MAX_HEADS];
    unsigned n = display_heads(gpu->display);
    for (unsigned i = 0; i < n; i++) {
        if (!blob_get(in, &s[i], sizeof(s[i])) || !set_scanout(gpu, in, i, &s[i].shown) ||
            !load_cursor(gpu, in, i, &s[i]))
            return false;
        if (gpu->scanout[i].set.image)
            gpu_scanout_flush(gpu, gpu->scanout[i].set.image, &(struct rect){0}, NULL);
    }
    for (unsigned i = 0; i < n; i++)
        if (!set_scanout(gpu, in, i, &s[i].next))
            return false;
    return true;
}

/* --- commands --- */

static bool load_waiting(struct gpu *gpu, struct blob_in *in)
{
    struct state_waiting w;
    blob_get(in, &w, sizeof(w));
    uint32_t queue = le32_get(w.queue), head = le32_get(w.head), size = le32_get(w.size);
    if (!blob_check(in,
                    queue < GPU_QUEUES && head <= UINT16_MAX && size >= sizeof(w.hdr) &&
                        size <= sizeof(union gpu_response),
                    "a command that can not be"))
        return false;
    const uint8_t *body = blob_get_run(in, size - sizeof(w.hdr));
    if (!body)
        return false;
    struct gpu_command *cmd = gpu_command_again(gpu, queue, (uint16_t)head, &w.hdr);
    if (!cmd)
        return true; /* its queue or its chain is not what it was: the guest's own loss */
    memcpy((uint8_t *)&cmd->resp + sizeof(w.hdr), body, size - sizeof(w.hdr));
    cmd->resp_size = size;
    cmd->code = le32_get(w.code);
    if (!cmd->code) { /* a held flush: no viewer of this display has its frame, so it is due */
        cmd->deadline = 1;
        gpu->held++;
    }
    gpu_waiting_add(gpu, cmd);
    return true;
}

static bool load_head(struct gpu *gpu, struct blob_in *in, struct state_head *head)
{
    blob_get(in, head, sizeof(*head));
    return blob_check(in,
                      !memcmp(head->magic, STATE_MAGIC, sizeof(head->magic)) &&
                          le32_get(head->version) == STATE_VERSION,
                      "no state of this version") &&
           blob_check(in, le32_get(head->heads) == display_heads(gpu->display),
                      "another number of scanouts") &&
           blob_check(in, le64_get(head->features) == gpu->dev.features,
                      "other features were negotiated");
}

static bool load_all(struct gpu *gpu, struct blob_in *in)
{
    struct state_head head;
    if (!load_head(gpu, in, &head))
        return false;
    struct blob_in again = *in;
    for (uint32_t i = 0; i < le32_get(head.resources); i++)
        if (!load_resource(gpu, in))
            return false;
    if (!load_scanouts(gpu, in))
        return false;
    for (uint32_t i = 0; i < le32_get(head.resources); i++)
        if (!load_unflushed(gpu, &again))
            return blob_fail(in, again.error);
    for (uint32_t i = 0; i < le32_get(head.waiting); i++)
        if (!load_waiting(gpu, in))
            return false;
    memcpy(gpu->uuid, head.uuid, sizeof(gpu->uuid));
    gpu->serial = le32_get(head.serial);
    atomic_store(&gpu->events, le32_get(head.events));
    return blob_in_done(in);
}

bool gpu_load(struct gpu *gpu, struct blob_in *in)
{
    if (!load_all(gpu, in))
        return false;
    gpu_observe_loaded(gpu);
    worker_kick(gpu->worker, GPU_KICK_CONTINUE); /* answers the commands that waited */
    return true;
}
