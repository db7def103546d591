/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/check.h"

#include "host/clock.h"
#include "virtio/gpu/check_rows.h"
#include "virtio/gpu/observe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PATIENCE  (2 * NS_PER_SEC)
#define BUDGET    (UINT64_C(256) << 20) /* bytes for looking at rows */
#define BUCKETS   256u
#define MAX_BOXES 64
#define MANY      32u /* resources that nobody uses are a leak */

/* What can be said, once for each resource. */
enum kind {
    NOT_FLUSHED = 1,     /* transferred */
    NOT_TRANSFERRED = 2, /* drawn; of a blob: not flushed */
    NEVER_FLUSHED = 4,   /* scanned out */
    NOTHING_THERE = 8,   /* flushed, but never transferred */
    WRONG_OFFSET = 16,
    FREED_IN_USE = 32,
    DETACHED_IN_USE = 64,
    LEAKED = 128,
};

struct place {
    uint64_t pc, ra; /* 0, 0: not known */
};

struct watched {
    struct watched *next; /* in its bucket */
    uint32_t id;
    uint32_t said;               /* kinds */
    uint64_t used;               /* when a command last named it */
    bool moved, flushed, packed; /* packed: its memory does not hold the picture row by row */
    pixman_region32_t unflushed; /* transferred */
    uint64_t since;              /* unflushed is not empty, */
    struct place by;             /* and who transferred it */
    uint64_t shown;              /* when it was scanned out and not flushed since; 0: it was */
    struct check_rows rows;
};

struct check {
    struct gpu_observer observer;
    struct gpu_check_config config;
    struct log_limit limit;
    _Atomic uint64_t pc, ra; /* of the last doorbell */
    struct watched *bucket[BUCKETS];
    uint32_t count;
    uint64_t budget;                    /* for check_rows */
    uint64_t now;                       /* when the command began */
    uint32_t cursor[DISPLAY_MAX_HEADS]; /* resources */
    bool leak_said;
};

static struct check *check_of(struct gpu_observer *o)
{
    return container_of(o, struct check, observer);
}

/* --- saying ----------------------------------------------------------------------------------- */

static struct place here(const struct check *c)
{
    return (struct place){atomic_load(&c->pc), atomic_load(&c->ra)};
}

static void PRINTF_LIKE(5, 6)
    say(struct check *c, struct watched *w, enum kind kind, struct place by, const char *fmt, ...)
{
    char what[256], where[64] = "";
    va_list ap;
    if (w->said & kind)
        return;
    w->said |= kind;
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    if (by.pc)
        snprintf(where, sizeof(where), " (pc %#llx, ra %#llx)", (unsigned long long)by.pc,
                 (unsigned long long)by.ra);
    log_limited(c->observer.gpu->dev.log, &c->limit, "gpu-check: resource %u: %s%s", w->id, what,
                where);
}

/* For "%ux%u+%u+%u". */
#define RECT(r) (r).w, (r).h, (r).x, (r).y

/* --- what is watched -------------------------------------------------------------------------- */

static struct watched *find(struct check *c, uint32_t id)
{
    struct watched *w = c->bucket[id % BUCKETS];
    while (w && w->id != id)
        w = w->next;
    return w;
}

static void watch(struct check *c, uint32_t id)
{
    struct watched *w = calloc(1, sizeof(*w));
    if (!w) /* then it is not watched */
        return;
    w->id = id;
    w->used = c->now;
    w->next = c->bucket[id % BUCKETS];
    pixman_region32_init(&w->unflushed);
    c->bucket[id % BUCKETS] = w;
    c->count++;
}

static void unwatch(struct check *c, uint32_t id)
{
    struct watched **p = &c->bucket[id % BUCKETS], *w;
    while (*p && (*p)->id != id)
        p = &(*p)->next;
    if (!(w = *p))
        return;
    *p = w->next;
    c->count--;
    check_rows_finish(&w->rows, &c->budget);
    pixman_region32_fini(&w->unflushed);
    free(w);
}

/* The part of it that scanouts show, as one box; false: none does. */
static bool seen_part(const struct check *c, const struct watched *w, struct rect *seen)
{
    const struct gpu_account *a = &c->observer.gpu->account;
    uint32_t x2 = 0, y2 = 0;
    *seen = (struct rect){UINT32_MAX, UINT32_MAX, 0, 0};
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        const struct rect *r = &a->scanout[i].rect;
        if (a->scanout[i].resource != w->id)
            continue;
        seen->x = MIN(seen->x, r->x);
        seen->y = MIN(seen->y, r->y);
        x2 = MAX(x2, r->x + r->w);
        y2 = MAX(y2, r->y + r->h);
    }
    if (!x2)
        return false;
    seen->w = x2 - seen->x;
    seen->h = y2 - seen->y;
    return true;
}

static bool is_cursor(const struct check *c, uint32_t id)
{
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        if (c->cursor[i] == id)
            return true;
    return false;
}

/* --- pictures that stay wrong ----------------------------------------------------------------- */

static uint64_t seconds(const struct check *c, uint64_t since)
{
    return (c->now - since) / NS_PER_SEC;
}

/* What was transferred, is scanned out, and waits for a flush; or was never flushed at all. */
static void look_at_flushes(struct check *c, struct watched *w, uint64_t patience)
{
    struct rect seen;
    if (!seen_part(c, w, &seen))
        return;
    if (w->shown && c->now - w->shown >= patience)
        say(c, w, NEVER_FLUSHED, here(c),
            "scanned out for %llu s and never flushed: it is not seen before RESOURCE_FLUSH",
            (unsigned long long)seconds(c, w->shown));
    if (w->shown || !pixman_region32_not_empty(&w->unflushed) || c->now - w->since < patience)
        return;
    pixman_region32_t lost;
    pixman_region32_init_rect(&lost, (int)seen.x, (int)seen.y, seen.w, seen.h);
    pixman_region32_intersect(&lost, &lost, &w->unflushed);
    const pixman_box32_t *e = pixman_region32_extents(&lost);
    if (pixman_region32_not_empty(&lost))
        say(c, w, NOT_FLUSHED, w->by,
            "%dx%d+%d+%d was transferred and not flushed for %llu s: it is not seen", e->x2 - e->x1,
            e->y2 - e->y1, e->x1, e->y1, (unsigned long long)seconds(c, w->since));
    pixman_region32_fini(&lost);
}

static void look_at_rows(struct check *c, struct watched *w, uint64_t patience)
{
    const struct gpu_resource *res = gpu_resource_find(c->observer.gpu, w->id);
    struct rect seen, found;
    if ((w->said & NOT_TRANSFERRED) || w->packed || !seen_part(c, w, &seen) ||
        !check_rows_look(&w->rows, res, &seen, c->now, patience, &found))
        return;
    say(c, w, NOT_TRANSFERRED, here(c),
        "%ux%u+%u+%u changed in the guest's memory and no %s has covered it: it is not seen",
        RECT(found), res->blob_size ? "RESOURCE_FLUSH" : "TRANSFER_TO_HOST_2D");
}

/* Each command looks at what is scanned out: few resources, and none costs more than a compare. */
static void look_around(struct check *c, uint64_t patience)
{
    const struct gpu_account *a = &c->observer.gpu->account;
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        struct watched *w = a->scanout[i].resource ? find(c, a->scanout[i].resource) : NULL;
        if (w)
            look_at_flushes(c, w, patience);
    }
}

/* --- commands --------------------------------------------------------------------------------- */

static void on_transfer(struct check *c, struct watched *w,
                        const struct gpu_transfer_to_host_2d *req, uint32_t code)
{
    const struct gpu_resource *res = gpu_resource_find(c->observer.gpu, w->id);
    struct rect r = gpu_rect_get(&req->r);
    if (!res || !res->image || !res->backing || rect_empty(&r) ||
        !rect_inside(&r, image_width(res->image), image_height(res->image)))
        return;
    uint64_t pitch = image_width(res->image) * 4ul, frame = pitch * image_height(res->image);
    uint64_t offset = le64_get(req->offset), right = r.y * pitch + r.x * 4ul;
    if (offset != right) {
        w->packed = true;
        if (res->backing->size >= frame && res->backing->size < 2 * frame)
            say(c, w, WRONG_OFFSET, here(c),
                "TRANSFER_TO_HOST_2D of %ux%u+%u+%u reads from offset %llu; these pixels lie at "
                "%llu (y * %llu + x * 4)",
                RECT(r), (unsigned long long)offset, (unsigned long long)right,
                (unsigned long long)pitch);
    }
    if (code != GPU_OK_NODATA)
        return;
    w->moved = true;
    if (!pixman_region32_not_empty(&w->unflushed))
        w->since = c->now;
    w->by = here(c);
    pixman_region32_union_rect(&w->unflushed, &w->unflushed, (int)r.x, (int)r.y, r.w, r.h);
    if (pixman_region32_n_rects(&w->unflushed) > MAX_BOXES) {
        pixman_box32_t e = *pixman_region32_extents(&w->unflushed);
        pixman_region32_fini(&w->unflushed);
        pixman_region32_init_rect(&w->unflushed, e.x1, e.y1, (unsigned)(e.x2 - e.x1),
                                  (unsigned)(e.y2 - e.y1));
    }
}

static void on_flush(struct check *c, struct watched *w, const struct gpu_resource_flush *req)
{
    const struct gpu_resource *res = gpu_resource_find(c->observer.gpu, w->id);
    struct rect r = gpu_rect_get(&req->r);
    if (!res || rect_empty(&r))
        return;
    if (res->image) { /* so the rectangle lies in it; one of a blob that no head shows may not */
        pixman_region32_t flushed;
        pixman_region32_init_rect(&flushed, (int)r.x, (int)r.y, r.w, r.h);
        pixman_region32_subtract(&w->unflushed, &w->unflushed, &flushed);
        pixman_region32_fini(&flushed);
    }
    w->flushed = true;
    w->shown = 0;
    check_rows_flushed(&w->rows, &r);
    if (res->image && !w->moved)
        say(c, w, NOTHING_THERE, here(c),
            "flushed, but nothing was ever transferred: TRANSFER_TO_HOST_2D comes first");
    look_at_rows(c, w, c->config.patience_ns);
}

static void on_scanout(struct check *c, struct watched *w, bool blob)
{
    const struct gpu_resource *res = gpu_resource_find(c->observer.gpu, w->id);
    if (!w->shown && !w->flushed)
        w->shown = c->now;
    const struct gpu_view *v = blob && res ? res->view : NULL;
    if (v && (!w->rows.backing || w->rows.offset != v->offset || w->rows.stride != v->stride ||
              w->rows.width != image_width(v->image) || w->rows.height != image_height(v->image)))
        check_rows_init(&w->rows, res, &c->budget);
}

static void on_attach(struct check *c, struct watched *w)
{
    const struct gpu_resource *res = gpu_resource_find(c->observer.gpu, w->id);
    if (res && res->image && res->backing)
        check_rows_init(&w->rows, res, &c->budget);
}

static void on_cursor(struct check *c, const struct gpu_update_cursor *req)
{
    uint32_t head = le32_get(req->pos.scanout_id);
    if (head < DISPLAY_MAX_HEADS)
        c->cursor[head] = le32_get(req->resource_id);
}

/* It is about to go. */
static void on_unref(struct check *c, struct watched *w)
{
    struct rect seen;
    look_at_flushes(c, w, c->config.patience_ns);
    if (seen_part(c, w, &seen))
        say(c, w, FREED_IN_USE, here(c),
            "freed by RESOURCE_UNREF while a scanout shows it: set another one first");
    else if (is_cursor(c, w->id))
        say(c, w, FREED_IN_USE, here(c),
            "freed by RESOURCE_UNREF while it is the cursor: UPDATE_CURSOR first");
}

static void on_detach(struct check *c, struct watched *w)
{
    struct rect seen;
    if (seen_part(c, w, &seen))
        say(c, w, DETACHED_IN_USE, here(c), "its memory is detached while a scanout shows it");
    check_rows_finish(&w->rows, &c->budget);
}

/* More and more resources that are neither shown nor named. */
static void on_create(struct check *c, uint32_t id)
{
    struct watched *oldest = NULL;
    uint32_t idle = 0;
    watch(c, id);
    if (c->leak_said || c->count <= MANY)
        return;
    for (unsigned b = 0; b < BUCKETS; b++) {
        for (struct watched *w = c->bucket[b]; w; w = w->next) {
            struct rect seen;
            if (c->now - w->used < c->config.patience_ns || seen_part(c, w, &seen) ||
                is_cursor(c, w->id))
                continue;
            idle++;
            if (!oldest || w->used < oldest->used)
                oldest = w;
        }
    }
    if (idle <= MANY)
        return;
    c->leak_said = true;
    say(c, oldest, LEAKED, here(c),
        "not used for %llu s, like %u others: is RESOURCE_UNREF missing?",
        (unsigned long long)seconds(c, oldest->used), idle - 1);
}

/* --- the observer ----------------------------------------------------------------------------- */

static void on_kick(struct gpu_observer *o, unsigned queue)
{
    struct check *c = check_of(o);
    uint64_t pc, ra;
    (void)queue;
    if (!c->config.place || !c->config.place(c->config.ctx, &pc, &ra))
        return;
    atomic_store(&c->pc, pc);
    atomic_store(&c->ra, ra);
}

/* The resource that a command names, whatever the command. */
static uint32_t named(const struct gpu_command *cmd)
{
    const union gpu_request *q = &cmd->req;
    switch (cmd->row->type) {
    case GPU_RESOURCE_CREATE_2D: return le32_get(q->create_2d.resource_id);
    case GPU_RESOURCE_CREATE_BLOB: return le32_get(q->create_blob.resource_id);
    case GPU_SET_SCANOUT: return le32_get(q->set_scanout.resource_id);
    case GPU_SET_SCANOUT_BLOB: return le32_get(q->scanout_blob.resource_id);
    case GPU_TRANSFER_TO_HOST_2D: return le32_get(q->transfer.resource_id);
    case GPU_RESOURCE_FLUSH: return le32_get(q->flush.resource_id);
    case GPU_RESOURCE_ATTACH_BACKING: return le32_get(q->attach.resource_id);
    case GPU_RESOURCE_UNREF:
    case GPU_RESOURCE_DETACH_BACKING: return le32_get(q->unref.resource_id);
    case GPU_UPDATE_CURSOR: return le32_get(q->cursor.resource_id);
    default: return 0;
    }
}

static bool is_whole(const struct gpu_command *cmd)
{
    return cmd->row && cmd->req_size == cmd->row->size;
}

static void on_begin(struct gpu_observer *o, const struct gpu_command *cmd)
{
    struct check *c = check_of(o);
    c->now = host_now_ns();
    struct watched *w = is_whole(cmd) ? find(c, named(cmd)) : NULL;
    if (!w)
        return;
    w->used = c->now;
    if (cmd->row->type == GPU_RESOURCE_UNREF)
        on_unref(c, w);
    else if (cmd->row->type == GPU_RESOURCE_DETACH_BACKING)
        on_detach(c, w);
}

/* A command that succeeded, or will. */
static void on_success(struct check *c, const struct gpu_command *cmd)
{
    struct watched *w = find(c, named(cmd));
    switch (cmd->row->type) {
    case GPU_RESOURCE_CREATE_2D:
    case GPU_RESOURCE_CREATE_BLOB: on_create(c, named(cmd)); break;
    case GPU_RESOURCE_UNREF: unwatch(c, named(cmd)); break;
    case GPU_UPDATE_CURSOR: on_cursor(c, &cmd->req.cursor); break;
    case GPU_RESOURCE_FLUSH:
        if (w)
            on_flush(c, w, &cmd->req.flush);
        break;
    case GPU_RESOURCE_ATTACH_BACKING:
        if (w)
            on_attach(c, w);
        break;
    case GPU_SET_SCANOUT:
    case GPU_SET_SCANOUT_BLOB:
        if (w)
            on_scanout(c, w, cmd->row->type == GPU_SET_SCANOUT_BLOB);
        break;
    default: break;
    }
}

static void on_ran(struct gpu_observer *o, const struct gpu_command *cmd, uint32_t code)
{
    struct check *c = check_of(o);
    if (code == GPU_AGAIN || !is_whole(cmd))
        return;
    struct watched *w = find(c, named(cmd));
    if (w && cmd->row->type == GPU_TRANSFER_TO_HOST_2D)
        on_transfer(c, w, &cmd->req.transfer, code);
    if (code < GPU_ERR_UNSPEC)
        on_success(c, cmd);
    look_around(c, c->config.patience_ns);
}

/* What was in memory before, drawn or not, is not this driver's doing: nothing is said of it. */
static void know(struct check *c, struct gpu_resource *res)
{
    watch(c, res->id);
    struct watched *w = find(c, res->id);
    if (!w)
        return;
    w->moved = w->flushed = true;
    w->since = c->now;
    if (res->image)
        image_unflushed(res->image, &w->unflushed);
    if (res->backing && (res->image || res->view))
        check_rows_init(&w->rows, res, &c->budget);
}

static void on_loaded(struct gpu_observer *o)
{
    struct check *c = check_of(o);
    c->now = host_now_ns();
    for (unsigned b = 0; b < GPU_BUCKETS; b++)
        for (struct gpu_resource *res = o->gpu->bucket[b]; res; res = res->next)
            know(c, res);
}

/* A driver that resets the device lets go of what it made first; but what it showed may stay. */
static void look_at_leaks(struct check *c)
{
    struct rect seen;
    for (unsigned b = 0; b < BUCKETS; b++)
        for (struct watched *w = c->bucket[b]; w; w = w->next)
            if (!seen_part(c, w, &seen) && !is_cursor(c, w->id))
                say(c, w, LEAKED, here(c),
                    "not shown, and not freed before the driver reset the device");
}

/* The last look: a picture that is wrong now stays so. */
static void look_at_the_end(struct check *c)
{
    uint64_t last = 0;
    c->now = host_now_ns();
    for (unsigned b = 0; b < BUCKETS; b++)
        for (const struct watched *w = c->bucket[b]; w; w = w->next)
            last = MAX(last, w->used);
    if (c->now - last < c->config.patience_ns) /* it is busy: what is missing may be on its way */
        return;
    look_around(c, c->config.patience_ns);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        uint32_t id = c->observer.gpu->account.scanout[i].resource;
        struct watched *w = id ? find(c, id) : NULL;
        if (w && !w->shown)
            look_at_rows(c, w, 0);
    }
}

static void forget_all(struct check *c)
{
    for (unsigned b = 0; b < BUCKETS; b++)
        while (c->bucket[b])
            unwatch(c, c->bucket[b]->id);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        c->cursor[i] = 0;
    c->leak_said = false;
}

static void on_reset(struct gpu_observer *o)
{
    struct check *c = check_of(o);
    uint64_t pc, ra;
    look_at_the_end(c);
    if (c->config.place && c->config.place(c->config.ctx, &pc, &ra)) {
        atomic_store(&c->pc, pc); /* the guest itself, not the host's reset button */
        atomic_store(&c->ra, ra);
        look_at_leaks(c);
    }
    forget_all(c);
}

static void on_destroy(struct gpu_observer *o)
{
    struct check *c = check_of(o);
    look_at_the_end(c);
    forget_all(c);
    free(c);
}

static const struct gpu_observer_ops check_ops = {
    .kick = on_kick,
    .begin = on_begin,
    .ran = on_ran,
    .loaded = on_loaded,
    .reset = on_reset,
    .destroy = on_destroy,
};

bool virtio_gpu_check(struct virtio_dev *dev, const struct gpu_check_config *config)
{
    struct check *c = calloc(1, sizeof(*c));
    if (!c)
        return false;
    c->observer.ops = &check_ops;
    c->config = *config;
    if (!c->config.patience_ns)
        c->config.patience_ns = PATIENCE;
    c->budget = BUDGET;
    virtio_gpu_observe(dev, &c->observer);
    return true;
}
