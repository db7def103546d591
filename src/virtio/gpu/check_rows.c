/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/check_rows.h"

#include <stdlib.h>
#include <string.h>

/* Of a row of whole pixels; never 0. */
static uint64_t row_hash(const uint8_t *row, uint32_t width)
{
    uint64_t h = UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t x = 0; x < width; x++) {
        uint32_t pixel;
        memcpy(&pixel, row + x * 4ul, sizeof(pixel));
        h = (h ^ pixel) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
    }
    return h ? h : 1;
}

static void read_row(const struct check_rows *c, uint32_t y, uint8_t *row)
{
    struct gpu_backing_at at =
        gpu_backing_seek(c->backing, c->layout.offset + (uint64_t)y * c->layout.stride);
    gpu_backing_copy(&at, row, (uint64_t)c->layout.width * 4);
}

/* The picture to compare; false: there is none, or there are several. */
static bool only_layout(const struct gpu_resource *res, struct gpu_layout *l)
{
    struct gpu_layout second;
    if (!res->backing || !res->ops->layout(res, 0, l) || res->ops->layout(res, 1, &second))
        return false;
    uint64_t extent = (uint64_t)l->stride * (l->height - 1) + l->width * 4ul;
    return extent_ok(l->offset, extent, res->backing->size);
}

bool check_rows_match(const struct check_rows *c, const struct gpu_resource *res)
{
    struct gpu_layout l;
    return c->backing && res->ops->layout(res, 0, &l) && l.offset == c->layout.offset &&
           l.stride == c->layout.stride && l.width == c->layout.width &&
           l.height == c->layout.height;
}

void check_rows_init(struct check_rows *c, const struct gpu_resource *res, uint64_t *budget)
{
    check_rows_finish(c, budget);
    if (!only_layout(res, &c->layout))
        return;
    uint32_t height = c->layout.height;
    size_t len = c->layout.width * 4ul;
    uint64_t pixels = res->ops->copies ? 0 : len * height;
    uint64_t bytes = height * sizeof(*c->row) + pixels;
    if (bytes > *budget)
        return;
    c->row = calloc(height, sizeof(*c->row));
    c->shadow = pixels ? malloc(pixels) : NULL;
    uint8_t *row = malloc(len);
    if (c->row && row && (c->shadow || !pixels)) {
        c->backing = res->backing;
        c->bytes = bytes;
        *budget -= bytes;
        for (uint32_t y = 0; y < height; y++) {
            read_row(c, y, row);
            c->row[y].first = row_hash(row, c->layout.width);
            if (c->shadow)
                memcpy(c->shadow + y * len, row, len);
        }
    } else {
        check_rows_finish(c, budget);
    }
    free(row);
}

void check_rows_finish(struct check_rows *c, uint64_t *budget)
{
    *budget += c->bytes;
    free(c->row);
    free(c->shadow);
    *c = (struct check_rows){0};
}

void check_rows_flushed(struct check_rows *c, const struct rect *rect)
{
    struct rect all = {0, 0, c->layout.width, c->layout.height}, r;
    if (!c->shadow || !rect_intersect(rect, &all, &r))
        return;
    for (uint32_t y = r.y; y < r.y + r.h; y++) {
        struct gpu_backing_at at = gpu_backing_seek(
            c->backing, c->layout.offset + (uint64_t)y * c->layout.stride + r.x * 4ul);
        gpu_backing_copy(&at, c->shadow + ((size_t)y * c->layout.width + r.x) * 4, r.w * 4ul);
    }
}

/* What row y should be. */
static const uint8_t *wanted_row(const struct check_rows *c, const struct gpu_resource *res,
                                 uint32_t y)
{
    return c->shadow ? c->shadow + (size_t)y * c->layout.width * 4 : res->ops->row(res, y);
}

/* Has row y differed for as long as the patience? */
static bool is_missed(struct check_rows *c, uint32_t y, const uint8_t *row, const uint8_t *wanted,
                      struct check_time *t)
{
    struct check_row *r = &c->row[y];
    uint64_t is = memcmp(row, wanted, c->layout.width * 4ul) ? row_hash(row, c->layout.width) : 0;
    if (is && is == r->first && !c->shadow)
        is = 0;
    if (is != r->now || !r->since)
        r->since = t->now;
    r->now = is;
    if (!is)
        return false;
    bool missed = t->now - r->since >= t->patience;
    if (!missed)
        t->again = MIN(t->again, r->since + t->patience);
    return missed;
}

/* Makes *found reach over the pixels of row y that differ. */
static void rect_widen(struct rect *found, uint32_t y, const uint8_t *row, const uint8_t *wanted,
                       uint32_t width)
{
    uint32_t left = 0, right = width;
    while (left < right && !memcmp(row + left * 4ul, wanted + left * 4ul, 4))
        left++;
    while (right > left && !memcmp(row + right * 4ul - 4, wanted + right * 4ul - 4, 4))
        right--;
    if (!found->h)
        *found = (struct rect){left, y, 0, 0};
    uint32_t end = MAX(found->x + found->w, right);
    found->x = MIN(found->x, left);
    found->w = end - found->x;
    found->h = y + 1 - found->y;
}

bool check_rows_look(struct check_rows *c, const struct gpu_resource *res, const struct rect *seen,
                     struct check_time *t, struct rect *found)
{
    struct rect all = {0, 0, c->layout.width, c->layout.height}, r;
    if (!c->backing || c->backing != res->backing || !rect_intersect(seen, &all, &r))
        return false;
    uint8_t *row = malloc(c->layout.width * 4ul);
    *found = (struct rect){0};
    for (uint32_t y = r.y; row && y < r.y + r.h; y++) {
        const uint8_t *wanted = wanted_row(c, res, y);
        if (t->patience && worker_stopping(res->gpu->worker)) {
            t->again = t->now;
            found->h = 0;
            break;
        }
        read_row(c, y, row);
        if (is_missed(c, y, row, wanted, t))
            rect_widen(found, y, row, wanted, c->layout.width);
        else if (found->h)
            break; /* the first run of such rows is enough to say it */
    }
    free(row);
    return found->h && rect_intersect(found, &r, found);
}
