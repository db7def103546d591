/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/check_look.h"

#include "host/clock.h"
#include "host/thread.h"

#include <stdarg.h>
#include <stdio.h>

#define LOOKS 8u /* at rows, after the last command, before the pauses grow */

void check_report(struct check *c, struct watched *w, enum check_mistake kind,
                  struct code_location by, const char *fmt, ...)
{
    char what[256], where[64] = "";
    va_list ap;
    if (w->reported & kind)
        return;
    w->reported |= kind;
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    if (by.pc)
        snprintf(where, sizeof(where), " (pc %#llx, ra %#llx)", (unsigned long long)by.pc,
                 (unsigned long long)by.ra);
    log_limited(c->observer.gpu->dev.log, &c->limit, LOG_BY_GUEST, "gpu-check: resource %u: %s%s",
                w->id, what, where);
}

struct watched *check_find(struct check *c, uint32_t id)
{
    struct watched *w = c->bucket[id % CHECK_BUCKETS];
    while (w && w->id != id)
        w = w->next;
    return w;
}

bool check_seen_part(const struct check *c, const struct watched *w, struct rect *seen)
{
    const struct gpu_scanout *scanout = c->observer.gpu->scanout;
    uint32_t x2 = 0, y2 = 0;
    *seen = (struct rect){UINT32_MAX, UINT32_MAX, 0, 0};
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        const struct rect *r = &scanout[i].set.rect;
        if (scanout[i].set.resource != w->id)
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

/* --- pictures that stay wrong --- */

uint64_t check_seconds(const struct check *c, uint64_t since)
{
    return (c->now - since) / NS_PER_SEC;
}

void check_look_at_flushes(struct check *c, struct watched *w)
{
    uint64_t patience = c->config.patience_ns;
    struct rect seen;
    if (!check_seen_part(c, w, &seen))
        return;
    if (w->shown && c->now - w->shown >= patience)
        check_report(
            c, w, NEVER_FLUSHED, check_location(c),
            "scanned out for %llu s and never flushed: it is not seen before RESOURCE_FLUSH",
            (unsigned long long)check_seconds(c, w->shown));
    if (w->shown || !pixman_region32_not_empty(&w->unflushed) || c->now - w->since < patience)
        return;
    pixman_region32_t lost;
    pixman_region32_init_rect(&lost, (int)seen.x, (int)seen.y, seen.w, seen.h);
    pixman_region32_intersect(&lost, &lost, &w->unflushed);
    const pixman_box32_t *e = pixman_region32_extents(&lost);
    if (pixman_region32_not_empty(&lost))
        check_report(c, w, NOT_FLUSHED, w->transferred_by,
                     "%dx%d+%d+%d was transferred and not flushed for %llu s: it is not seen",
                     e->x2 - e->x1, e->y2 - e->y1, e->x1, e->y1,
                     (unsigned long long)check_seconds(c, w->since));
    pixman_region32_fini(&lost);
}

/* Are the rows of the resource compared, and none reported yet? */
static bool rows_compared(const struct watched *w)
{
    return w->rows.backing && !(w->reported & NOT_TRANSFERRED) && !w->packed;
}

static void look_at_rows(struct check *c, struct watched *w, struct check_time *t)
{
    const struct gpu_resource *res = gpu_resource_find(c->observer.gpu, w->id);
    struct rect seen, found;
    if (!rows_compared(w) || !check_seen_part(c, w, &seen) ||
        !check_rows_look(&w->rows, res, &seen, t, &found))
        return;
    check_report(
        c, w, NOT_TRANSFERRED, check_location(c),
        "%ux%u+%u+%u changed in the guest's memory and no %s has covered it: it is not seen",
        CHECK_RECT(found), res->ops->copies ? "TRANSFER_TO_HOST_2D" : "RESOURCE_FLUSH");
}

/* The resource that a scanout was set to; NULL: none that is watched. */
static struct watched *scanned_out(struct check *c, unsigned head)
{
    uint32_t id = c->observer.gpu->scanout[head].set.resource;
    return id ? check_find(c, id) : NULL;
}

void check_look_around(struct check *c)
{
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        struct watched *w = scanned_out(c, i);
        if (w)
            check_look_at_flushes(c, w);
    }
}

/* --- the time --- */

/* Time does not pass while the machine is stopped: the guest cannot flush then. */
void check_take_time(struct check *c)
{
    uint64_t host = host_now_ns();
    if (c->config.running && !c->config.running(c->config.ctx))
        c->stood += host - c->host_now;
    c->host_now = host;
    c->now = host - c->stood;
}

/*
 * When to look at rows next. While commands come rows are compared some times in each patience, so
 * a mistake that a later update covers is seen before. After the last command that goes on for two
 * patiences, since the last missed update was mostly drawn with it. Then each pause is twice the
 * one before: a day of stillness costs some fifteen looks.
 */
static uint64_t next_look(const struct check *c)
{
    uint64_t step = MAX(c->config.patience_ns / 4, 1000);
    return c->now + (c->looks <= LOOKS ? step : step * LOOKS << MIN(c->looks - LOOKS - 1, 20));
}

void check_look_soon(struct check *c)
{
    c->looks = 0;
    c->look_at = MIN(c->look_at, next_look(c));
}

static void look_at_all_rows(struct check *c)
{
    struct check_time t = {c->now, c->config.patience_ns, HOST_FOREVER};
    bool any = false;
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        struct watched *w = scanned_out(c, i);
        if (!w || w->shown)
            continue;
        look_at_rows(c, w, &t);
        any |= rows_compared(w);
    }
    c->looks++;
    c->look_at = any ? MIN(next_look(c), t.again) : HOST_FOREVER;
}

/* The time at which something is to be reported if no command comes before. */
static uint64_t next_report(struct check *c)
{
    uint64_t next = c->look_at, patience = c->config.patience_ns;
    struct rect seen;
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        struct watched *w = scanned_out(c, i);
        if (!w || !check_seen_part(c, w, &seen))
            continue;
        if (w->shown && !(w->reported & NEVER_FLUSHED))
            next = MIN(next, w->shown + patience);
        else if (!w->shown && pixman_region32_not_empty(&w->unflushed) &&
                 c->now < w->since +
                              patience) /* else it was reported, or lies outside of all scanouts */
            next = MIN(next, w->since + patience);
    }
    return next;
}

uint64_t check_due(struct check *c)
{
    check_take_time(c);
    check_look_around(c);
    if (c->now >= c->look_at)
        look_at_all_rows(c);
    uint64_t next = next_report(c);
    return next == HOST_FOREVER ? next : next + c->stood;
}

void check_look_last(struct check *c)
{
    struct check_time t = {c->now, 0, HOST_FOREVER};
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        struct watched *w = scanned_out(c, i);
        if (w && !w->shown)
            look_at_rows(c, w, &t);
    }
}
