/* SPDX-License-Identifier: MIT */
/* Reading the state back. The bytes may come from anywhere. */
#include "virtio/gpu/observe.h"
#include "virtio/gpu/resource.h"
#include "virtio/gpu/state.h"

#include <stdio.h>
#include <string.h>

struct in {
    struct gpu *gpu;
    const uint8_t *at;
    size_t left;
    const char *wrong; /* the first thing that is */
};

static bool fail(struct in *in, const char *why)
{
    if (!in->wrong)
        in->wrong = why;
    return false;
}

/* The next n bytes, or NULL. */
static const uint8_t *take(struct in *in, uint64_t n)
{
    if (n > in->left) {
        fail(in, "it ends too early");
        return NULL;
    }
    const uint8_t *p = in->at;
    in->at += n;
    in->left -= (size_t)n;
    return p;
}

static bool take_into(struct in *in, void *dst, size_t n)
{
    const uint8_t *p = take(in, n);
    if (p)
        memcpy(dst, p, n);
    return p;
}

/* --- resources -------------------------------------------------------------------------------- */

static bool load_backing(struct in *in, const struct state_resource *s, struct gpu_backing **out)
{
    uint32_t n = le32_get(s->entries), code;
    *out = NULL;
    const uint8_t *list = take(in, (uint64_t)n * sizeof(struct gpu_mem_entry));
    if (!list)
        return false;
    if (!le32_get(s->has_backing))
        return !n || fail(in, "a list of pages without a backing");
    *out = gpu_backing_make(in->gpu->dev.mem, list, n, &code);
    return *out || fail(in, "a backing that is not in RAM");
}

/* A rectangle's pixels from `src`, of which each row begins `step` bytes behind the last. */
static bool write_rect(struct in *in, struct image *img, const struct rect *r, const uint8_t *src,
                       size_t step)
{
    uint32_t stride;
    uint8_t *dst = image_write_begin(img, r, &stride);
    if (!dst)
        return fail(in, "no host memory");
    for (uint32_t y = 0; y < r->h; y++)
        memcpy(dst + (size_t)(r->y + y) * stride + (size_t)r->x * 4, src + y * step,
               (size_t)r->w * 4);
    image_write_end(img);
    return true;
}

/*
 * First the flushed picture: what was transferred, and over it the boxes where it differs. When the
 * heads show it load_transferred will add the boxes' other truth; until then *boxes remembers them.
 */
static bool load_pixels(struct in *in, struct gpu_resource *res, const struct state_resource *s)
{
    struct image *img = res->image;
    size_t stride = (size_t)image_width(img) * 4;
    const struct rect all = {0, 0, image_width(img), image_height(img)};
    const uint8_t *pixels = take(in, stride * all.h);
    if (!pixels || !write_rect(in, img, &all, pixels, stride))
        return false;
    for (uint32_t i = 0; i < le32_get(s->boxes); i++) {
        struct gpu_rect wire;
        if (!take_into(in, &wire, sizeof(wire)))
            return false;
        struct rect r = gpu_rect_get(&wire);
        if (rect_empty(&r) || !rect_inside(&r, all.w, all.h))
            return fail(in, "a box outside its picture");
        const uint8_t *kept = take(in, (uint64_t)r.w * r.h * 4);
        if (!kept || !write_rect(in, img, &r, kept, (size_t)r.w * 4))
            return false;
    }
    return true;
}

static bool load_2d(struct in *in, const struct state_resource *s, struct gpu_backing *backing)
{
    uint32_t code;
    struct gpu_resource *res = gpu_resource_create(in->gpu, le32_get(s->id), le32_get(s->format),
                                                   le32_get(s->width), le32_get(s->height), &code);
    if (!res || (backing && res->ops->attach(res, backing) != GPU_OK_NODATA)) {
        gpu_backing_destroy(backing);
        return fail(in, "a resource that the GPU refuses");
    }
    res->serial = le32_get(s->serial);
    if (le32_get(s->reserved) && !gpu_resource_reserve(res))
        return fail(in, "more resources than it has memory for");
    return load_pixels(in, res, s);
}

static bool load_views(struct in *in, struct gpu_resource *res, uint32_t n)
{
    struct gpu_view *list = NULL, **end = &list;
    for (uint32_t i = 0; i < n; i++) {
        struct state_view s;
        uint32_t code;
        if (!take_into(in, &s, sizeof(s)))
            break;
        struct gpu_set_scanout_blob shape = {
            .width = s.width,
            .height = s.height,
            .format = s.format,
            .strides = {s.stride},
            .offsets = {le32_make((uint32_t)le64_get(s.offset))},
        };
        /* One at a time: making a view drops those that no head shows, and none does yet. */
        struct gpu_view *v = gpu_blob_view(res, &shape, &code);
        if (!v) {
            fail(in, "a shape that does not lie in its blob");
            break;
        }
        res->view = v->next;
        v->next = NULL;
        *end = v;
        end = &v->next;
    }
    *end = res->view;
    res->view = list;
    return !in->wrong;
}

static bool load_blob(struct in *in, const struct state_resource *s, struct gpu_backing *backing)
{
    uint32_t id = le32_get(s->id);
    uint64_t size = le64_get(s->blob_size);
    struct gpu_backing *none = NULL;
    uint32_t code;
    if (!backing) /* detached: it has none but its size counts */
        backing = none = gpu_backing_make(in->gpu->dev.mem, NULL, 0, &code);
    code =
        !id || !backing ? GPU_ERR_UNSPEC : gpu_blob_create(in->gpu, id, none ? 0 : size, backing);
    if (code != GPU_OK_NODATA) {
        gpu_backing_destroy(backing);
        return fail(in, "a blob that the GPU refuses");
    }
    struct gpu_resource *res = gpu_resource_find(in->gpu, id);
    res->serial = le32_get(s->serial);
    res->blob_size = size;
    const struct rect whole = {0, 0, le32_get(s->width), le32_get(s->height)};
    res->ops->transfer(res, &whole, 0);
    if (none)
        res->ops->attach(res, NULL);
    return load_views(in, res, le32_get(s->views));
}

static bool load_resource(struct in *in)
{
    struct state_resource s;
    struct gpu_backing *backing;
    if (!take_into(in, &s, sizeof(s)) || !load_backing(in, &s, &backing))
        return false;
    return le64_get(s.blob_size) ? load_blob(in, &s, backing) : load_2d(in, &s, backing);
}

/* --- heads ------------------------------------------------------------------------------------ */

/* What a scanout shows; *img NULL: nothing. */
static bool find_scanout(struct in *in, unsigned head, const struct state_scanout_src *scanout,
                         struct image **img, struct rect *src)
{
    uint32_t id = le32_get(scanout->resource), view = le32_get(scanout->view);
    *img = NULL;
    *src = gpu_rect_get(&scanout->src);
    if (!id)
        return true;
    struct gpu_resource *res = gpu_resource_find(in->gpu, id);
    if (res && res->image && gpu_resource_reserve(res))
        *img = res->image;
    struct gpu_view *v = res && !res->image ? res->view : NULL;
    while (v && view--)
        v = v->next;
    if (v)
        *img = v->image;
    if (!*img || rect_empty(src) || !rect_inside(src, image_width(*img), image_height(*img)))
        return fail(in, "a scanout of nothing that there is");
    return gpu_scanout_fits(in->gpu, head, src) ||
           fail(in, "more on its scanouts than it has memory for");
}

static bool load_cursor(struct in *in, unsigned head, const struct state_scanout *s)
{
    struct picture pic = {le32_get(s->cursor_width), le32_get(s->cursor_height), 0, NULL};
    if (pic.width > DISPLAY_CURSOR || pic.height > DISPLAY_CURSOR || !pic.width != !pic.height)
        return fail(in, "a cursor too large");
    pic.stride = pic.width * 4;
    pic.data = (uint8_t *)take(in, (uint64_t)pic.stride * pic.height); /* only read */
    if (!pic.data)
        return false;
    display_set_cursor(in->gpu->display, head, pic.width ? &pic : NULL,
                       (int32_t)le32_get(s->cursor_x), (int32_t)le32_get(s->cursor_y),
                       le32_get(s->hot_x), le32_get(s->hot_y));
    return true;
}

static void account_head(struct gpu *gpu, unsigned head, const struct state_scanout_src *scanout)
{
    struct rect src = gpu_rect_get(&scanout->src);
    gpu_stats_scanout(&gpu->stats, head, le32_get(scanout->resource), &src);
}

/* Shows at once what was shown; notes what comes next. */
static bool load_head(struct in *in, unsigned head)
{
    struct display *d = in->gpu->display;
    struct state_scanout s;
    struct image *img;
    struct rect src;
    if (!take_into(in, &s, sizeof(s)) || !find_scanout(in, head, &s.shown, &img, &src))
        return false;
    if (img) {
        display_set_scanout(d, head, img, &src);
        display_flush(d, img, &(struct rect){0});
    }
    if (!find_scanout(in, head, &s.next, &img, &src) || !load_cursor(in, head, &s))
        return false;
    if (img)
        display_set_scanout(d, head, img, &src);
    account_head(in->gpu, head, img ? &s.next : &s.shown);
    return true;
}

/* --- what was transferred and not flushed ------------------------------------------------------
 */

/* `at` is the resource's record, which was read before: nothing here can be wrong. */
static void transfer_boxes(struct in *in)
{
    struct state_resource s;
    take_into(in, &s, sizeof(s));
    take(in, (uint64_t)le32_get(s.entries) * sizeof(struct gpu_mem_entry));
    if (le64_get(s.blob_size)) {
        take(in, (uint64_t)le32_get(s.views) * sizeof(struct state_view));
        return;
    }
    struct image *img = gpu_resource_find(in->gpu, le32_get(s.id))->image;
    size_t stride = (size_t)image_width(img) * 4;
    const uint8_t *pixels = take(in, stride * image_height(img));
    for (uint32_t i = 0; i < le32_get(s.boxes); i++) {
        struct gpu_rect wire;
        take_into(in, &wire, sizeof(wire));
        struct rect r = gpu_rect_get(&wire);
        take(in, (uint64_t)r.w * r.h * 4);
        write_rect(in, img, &r, pixels + r.y * stride + (size_t)r.x * 4, stride);
    }
}

/* --- commands --------------------------------------------------------------------------------- */

static bool load_waiting(struct in *in)
{
    struct gpu *gpu = in->gpu;
    struct state_waiting w;
    if (!take_into(in, &w, sizeof(w)))
        return false;
    uint32_t queue = le32_get(w.queue), head = le32_get(w.head), size = le32_get(w.size);
    if (queue >= GPU_QUEUES || head > UINT16_MAX || size < sizeof(w.hdr) ||
        size > sizeof(union gpu_response))
        return fail(in, "a command that can not be");
    const uint8_t *body = take(in, size - sizeof(w.hdr));
    if (!body)
        return false;
    struct gpu_command *cmd = gpu_command_again(gpu, queue, (uint16_t)head, &w.hdr);
    if (!cmd)
        return true; /* its queue or its chain is not what it was: the guest's own loss */
    memcpy((uint8_t *)&cmd->resp + sizeof(w.hdr), body, size - sizeof(w.hdr));
    cmd->resp_size = size;
    cmd->code = le32_get(w.code) ? le32_get(w.code) : GPU_OK_NODATA;
    gpu_waiting_add(gpu, cmd);
    return true;
}

static bool load_all(struct in *in)
{
    struct gpu *gpu = in->gpu;
    struct state_head head;
    if (!take_into(in, &head, sizeof(head)))
        return false;
    if (memcmp(head.magic, STATE_MAGIC, sizeof(head.magic)) ||
        le32_get(head.version) != STATE_VERSION)
        return fail(in, "no state of this version");
    if (le32_get(head.heads) != display_heads(gpu->display))
        return fail(in, "another number of scanouts");
    if (le64_get(head.features) != gpu->dev.features)
        return fail(in, "other features were negotiated");
    struct in again = *in;
    for (uint32_t i = 0; i < le32_get(head.resources); i++)
        if (!load_resource(in))
            return false;
    for (unsigned i = 0; i < display_heads(gpu->display); i++)
        if (!load_head(in, i))
            return false;
    for (uint32_t i = 0; i < le32_get(head.resources); i++)
        transfer_boxes(&again);
    for (uint32_t i = 0; i < le32_get(head.waiting); i++)
        if (!load_waiting(in))
            return false;
    memcpy(gpu->uuid, head.uuid, sizeof(gpu->uuid));
    gpu->serial = le32_get(head.serial);
    atomic_store(&gpu->events, le32_get(head.events));
    return !in->left || fail(in, "there is more behind it");
}

bool virtio_gpu_load(struct virtio_dev *dev, const uint8_t *bytes, size_t size, struct error *err)
{
    struct in in = {container_of(dev, struct gpu, dev), bytes, size, NULL};
    if (load_all(&in)) {
        gpu_observe_loaded(in.gpu);
        worker_kick(in.gpu->worker, GPU_KICK_CONTINUE); /* to answer the waiting commands */
        return true;
    }
    dev->ops->reset(dev);
    return error_set(err, "the GPU's state is wrong: %s", in.wrong);
}
