/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/check.h"

#include "host/clock.h"
#include "host/thread.h"
#include "virtio/gpu/check_look.h"

#include <stdlib.h>

#define PATIENCE  (2 * NS_PER_SEC)
#define BUDGET    (UINT64_C(256) << 20) /* bytes for check_rows */
#define MAX_BOXES 64
#define MANY      32u /* more unused resources than this are a leak */

/* --- what is watched --- */

static void watched_add(struct check *c, uint32_t id)
{
    struct watched *w = calloc(1, sizeof(*w));
    if (!w) /* no host memory: the resource is not watched */
        return;
    w->id = id;
    w->used = c->now;
    w->next = c->bucket[id % CHECK_BUCKETS];
    pixman_region32_init(&w->unflushed);
    c->bucket[id % CHECK_BUCKETS] = w;
    c->count++;
}

static void watched_remove(struct check *c, uint32_t id)
{
    struct watched **p = &c->bucket[id % CHECK_BUCKETS], *w;
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

static bool is_cursor(const struct check *c, uint32_t id)
{
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        if (c->cursor[i] == id)
            return true;
    return false;
}

/* --- commands --- */

static void on_transfer(struct check *c, struct watched *w, const struct gpu_command *cmd,
                        uint32_t code)
{
    const struct gpu_resource *res = gpu_resource_find(c->observer.gpu, w->id);
    struct rect r = gpu_command_rect(cmd);
    struct gpu_layout l;
    if (!res || !res->ops->copies || !res->backing || rect_empty(&r) ||
        !res->ops->layout(res, 0, &l) || !rect_inside(&r, l.width, l.height))
        return;
    uint64_t pitch = l.stride, frame = pitch * l.height;
    uint64_t offset = gpu_command_offset(cmd), right = r.y * pitch + r.x * 4ul;
    if (offset != right) {
        w->packed = true;
        if (res->backing->size >= frame && res->backing->size < 2 * frame)
            check_report(
                c, w, WRONG_OFFSET, check_location(c),
                "TRANSFER_TO_HOST_2D of %ux%u+%u+%u reads from offset %llu; these pixels lie at "
                "%llu (y * %llu + x * 4)",
                CHECK_RECT(r), (unsigned long long)offset, (unsigned long long)right,
                (unsigned long long)pitch);
    }
    if (code != GPU_OK_NODATA)
        return;
    w->moved = true;
    if (!pixman_region32_not_empty(&w->unflushed))
        w->since = c->now;
    w->transferred_by = check_location(c);
    pixman_region32_union_rect(&w->unflushed, &w->unflushed, (int)r.x, (int)r.y, r.w, r.h);
    region_limit(&w->unflushed, MAX_BOXES);
}

static void on_flush(struct check *c, struct watched *w, const struct gpu_command *cmd)
{
    const struct gpu_resource *res = gpu_resource_find(c->observer.gpu, w->id);
    struct rect r = gpu_command_rect(cmd);
    if (!res || rect_empty(&r))
        return;
    /* The rectangle of a blob may be larger than it: those have no unflushed region. */
    if (res->ops->copies) {
        pixman_region32_t flushed;
        pixman_region32_init_rect(&flushed, (int)r.x, (int)r.y, r.w, r.h);
        pixman_region32_subtract(&w->unflushed, &w->unflushed, &flushed);
        pixman_region32_fini(&flushed);
    }
    w->flushed = true;
    w->shown = 0;
    check_rows_flushed(&w->rows, &r);
    if (res->ops->copies && !w->moved)
        check_report(c, w, NOTHING_THERE, check_location(c),
                     "flushed, but nothing was ever transferred: TRANSFER_TO_HOST_2D comes first");
}

static void on_scanout(struct check *c, struct watched *w)
{
    const struct gpu_resource *res = gpu_resource_find(c->observer.gpu, w->id);
    if (!w->shown && !w->flushed)
        w->shown = c->now;
    if (res && !res->ops->copies && !check_rows_match(&w->rows, res))
        check_rows_init(&w->rows, res, &c->budget);
}

static void on_attach(struct check *c, struct watched *w)
{
    const struct gpu_resource *res = gpu_resource_find(c->observer.gpu, w->id);
    if (res && res->ops->copies && res->backing)
        check_rows_init(&w->rows, res, &c->budget);
}

static void on_cursor(struct check *c, const struct gpu_command *cmd)
{
    uint32_t head = gpu_command_scanout(cmd);
    if (head < DISPLAY_MAX_HEADS)
        c->cursor[head] = gpu_command_resource(cmd);
}

/* From now on the resource's pixels are others than its transfers say. */
static void on_opaque(struct check *c, struct watched *w, const struct gpu_command *cmd)
{
    check_report(c, w, NOT_COVERED, check_location(c),
                 "%s is not covered: it is not watched any more", cmd->row->name);
    watched_remove(c, w->id);
}

/* Before the resource is destroyed. */
static void on_unref(struct check *c, struct watched *w)
{
    struct rect seen;
    check_look_at_flushes(c, w);
    if (check_seen_part(c, w, &seen))
        check_report(c, w, FREED_IN_USE, check_location(c),
                     "freed by RESOURCE_UNREF while a scanout shows it: set another one first");
    else if (is_cursor(c, w->id))
        check_report(c, w, FREED_IN_USE, check_location(c),
                     "freed by RESOURCE_UNREF while it is the cursor: UPDATE_CURSOR first");
}

static void on_detach(struct check *c, struct watched *w)
{
    struct rect seen;
    if (check_seen_part(c, w, &seen))
        check_report(c, w, DETACHED_IN_USE, check_location(c),
                     "its memory is detached while a scanout shows it");
    check_rows_finish(&w->rows, &c->budget);
}

/* Reports a leak when too many resources are neither shown nor named by commands. */
static void on_create(struct check *c, uint32_t id)
{
    struct watched *oldest = NULL;
    uint32_t idle = 0;
    watched_add(c, id);
    if (c->leak_reported || c->count <= MANY)
        return;
    for (unsigned b = 0; b < CHECK_BUCKETS; b++) {
        for (struct watched *w = c->bucket[b]; w; w = w->next) {
            struct rect seen;
            if (c->now - w->used < c->config.patience_ns || check_seen_part(c, w, &seen) ||
                is_cursor(c, w->id))
                continue;
            idle++;
            if (!oldest || w->used < oldest->used)
                oldest = w;
        }
    }
    if (idle <= MANY)
        return;
    c->leak_reported = true;
    check_report(c, oldest, LEAKED, check_location(c),
                 "not used for %llu s, like %u others: is RESOURCE_UNREF missing?",
                 (unsigned long long)check_seconds(c, oldest->used), idle - 1);
}

/* --- the observer --- */

static void on_kick(struct gpu_observer *o, unsigned queue)
{
    struct check *c = check_of(o);
    uint64_t pc, ra;
    (void)queue;
    if (!c->config.location || !c->config.location(c->config.ctx, &pc, &ra))
        return;
    atomic_store(&c->pc, pc);
    atomic_store(&c->ra, ra);
}

static bool is_whole(const struct gpu_command *cmd)
{
    return cmd->row && cmd->req_size == cmd->row->size;
}

static void on_begin(struct gpu_observer *o, const struct gpu_command *cmd)
{
    struct check *c = check_of(o);
    check_take_time(c);
    check_look_around(c); /* before the command covers a missed update */
    enum gpu_effect effect = gpu_command_effect(cmd);
    struct watched *w = is_whole(cmd) ? check_find(c, gpu_command_resource(cmd)) : NULL;
    if (!w)
        return;
    w->used = c->now;
    if (effect == GPU_EFFECT_UNREF)
        on_unref(c, w);
    else if (effect == GPU_EFFECT_DETACH)
        on_detach(c, w);
}

/* A command on a watched resource that succeeded, or will. */
static void on_success(struct check *c, struct watched *w, const struct gpu_command *cmd)
{
    switch (gpu_command_effect(cmd)) {
    case GPU_EFFECT_UNREF: watched_remove(c, w->id); break;
    case GPU_EFFECT_FLUSH: on_flush(c, w, cmd); break;
    case GPU_EFFECT_ATTACH: on_attach(c, w); break;
    case GPU_EFFECT_SCANOUT: on_scanout(c, w); break;
    case GPU_EFFECT_OPAQUE: on_opaque(c, w, cmd); break;
    default: break;
    }
}

static void on_ran(struct gpu_observer *o, const struct gpu_command *cmd, uint32_t code)
{
    struct check *c = check_of(o);
    enum gpu_effect effect = gpu_command_effect(cmd);
    if (code == GPU_AGAIN || !is_whole(cmd))
        return;
    struct watched *w = check_find(c, gpu_command_resource(cmd));
    if (w && effect == GPU_EFFECT_TRANSFER)
        on_transfer(c, w, cmd, code);
    if (code < GPU_ERR_UNSPEC) {
        if (effect == GPU_EFFECT_CREATE)
            on_create(c, gpu_command_resource(cmd));
        else if (effect == GPU_EFFECT_CURSOR)
            on_cursor(c, cmd);
        else if (w)
            on_success(c, w, cmd);
    }
    check_look_soon(c);
    check_look_around(c);
}

/* Drawings that a loaded state left in memory are not this driver's doing: they are not reported. */
static void watch_loaded(struct check *c, const struct gpu_resource *res)
{
    watched_add(c, res->id);
    struct watched *w = check_find(c, res->id);
    if (!w)
        return;
    w->moved = w->flushed = true;
    w->since = c->now;
    if (res->ops->copies)
        res->ops->unflushed(res, &w->unflushed);
    check_rows_init(&w->rows, res, &c->budget);
}

static void on_loaded(struct gpu_observer *o)
{
    struct check *c = check_of(o);
    check_take_time(c);
    for (struct gpu_resource *res = NULL; (res = gpu_resource_each(o->gpu, res));)
        watch_loaded(c, res);
}

/* A driver destroys its resources before it resets the device, except those that are shown. */
static void look_at_leaks(struct check *c)
{
    struct rect seen;
    for (unsigned b = 0; b < CHECK_BUCKETS; b++)
        for (struct watched *w = c->bucket[b]; w; w = w->next)
            if (!check_seen_part(c, w, &seen) && !is_cursor(c, w->id))
                check_report(c, w, LEAKED, check_location(c),
                             "not shown, and not freed before the driver reset the device");
}

/* The last look, before a reset or the end: a picture that is wrong now stays wrong. */
static void look_at_the_end(struct check *c)
{
    uint64_t last = 0;
    check_take_time(c);
    for (unsigned b = 0; b < CHECK_BUCKETS; b++)
        for (const struct watched *w = c->bucket[b]; w; w = w->next)
            last = MAX(last, w->used);
    if (c->now - last < c->config.patience_ns) /* busy: the missing command may be about to come */
        return;
    check_look_around(c);
    check_look_last(c);
}

static void watched_clear(struct check *c)
{
    for (unsigned b = 0; b < CHECK_BUCKETS; b++)
        while (c->bucket[b])
            watched_remove(c, c->bucket[b]->id);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        c->cursor[i] = 0;
    c->leak_reported = false;
}

static void on_reset(struct gpu_observer *o)
{
    struct check *c = check_of(o);
    uint64_t pc, ra;
    look_at_the_end(c);
    if (c->config.location && c->config.location(c->config.ctx, &pc, &ra)) {
        atomic_store(&c->pc, pc); /* the guest itself, not the host's reset button */
        atomic_store(&c->ra, ra);
        look_at_leaks(c);
    }
    watched_clear(c);
}

static void on_destroy(struct gpu_observer *o)
{
    struct check *c = check_of(o);
    look_at_the_end(c);
    watched_clear(c);
    free(c);
}

static uint64_t on_due(struct gpu_observer *o)
{
    return check_due(check_of(o));
}

static const struct gpu_observer_ops check_ops = {
    .kick = on_kick,
    .begin = on_begin,
    .ran = on_ran,
    .due = on_due,
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
    c->host_now = host_now_ns();
    c->look_at = HOST_FOREVER;
    virtio_gpu_observe(dev, &c->observer);
    return true;
}
