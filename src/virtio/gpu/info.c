/* SPDX-License-Identifier: MIT */
/* The GPU's answer to a query. */
#include "virtio/gpu/info.h"

#include "virtio/gpu/gpu.h"

#include <stdlib.h>

/* NULL: no format. */
static const char *format_name(uint32_t format)
{
    static const struct {
        uint32_t number;
        const char *name;
    } formats[] = {
        {PIXEL_BGRA, "BGRA"}, {PIXEL_BGRX, "BGRX"}, {PIXEL_ARGB, "ARGB"}, {PIXEL_XRGB, "XRGB"},
        {PIXEL_RGBA, "RGBA"}, {PIXEL_XBGR, "XBGR"}, {PIXEL_ABGR, "ABGR"}, {PIXEL_RGBX, "RGBX"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
        if (formats[i].number == format)
            return formats[i].name;
    return NULL;
}

/* {first: a, second: b} */
static void visit_pair(struct visitor *v, const char *name, const char *first, uint64_t a,
                       const char *second, uint64_t b)
{
    v->begin_object(v, name);
    v->number(v, first, a);
    v->number(v, second, b);
    v->end(v);
}

static void visit_scanout(struct visitor *v, unsigned head, const struct gpu_info_scanout *s)
{
    v->begin_object(v, NULL);
    v->number(v, "head", head);
    v->flag(v, "connected", s->preferred.connected);
    v->flag(v, "active", s->state.active);
    v->number(v, "width", s->state.width);
    v->number(v, "height", s->state.height);
    v->number(v, "frames", s->frames);
    v->number(v, "damage", s->damage);
    v->flag(v, "cursor", s->state.cursor_visible);
    if (s->resource) {
        v->number(v, "resource", s->resource);
        v->begin_object(v, "rectangle");
        v->number(v, "x", s->rect.x);
        v->number(v, "y", s->rect.y);
        v->number(v, "width", s->rect.w);
        v->number(v, "height", s->rect.h);
        v->end(v);
    }
    v->end(v);
}

static void visit_resource(struct visitor *v, const struct gpu_info_resource *r)
{
    const char *format = format_name(r->format);
    v->begin_object(v, NULL);
    v->number(v, "id", r->id);
    v->text(v, "kind", r->kind);
    if (format) {
        v->number(v, "width", r->width);
        v->number(v, "height", r->height);
        v->text(v, "format", format);
    }
    v->number(v, "bytes", r->bytes);
    v->number(v, "backing", r->backing);
    v->flag(v, "scanout", r->scanout);
    v->end(v);
}

void gpu_info_visit(const struct gpu_info *info, struct visitor *v)
{
    visit_pair(v, "memory", "used", info->used, "limit", info->memory);
    visit_pair(v, "commands", "count", info->commands, "errors", info->errors);
    visit_pair(v, "transfers", "count", info->transfers, "bytes", info->transferred);
    visit_pair(v, "flushes", "count", info->flushes, "pixels", info->flushed);
    visit_pair(v, "cursor", "updates", info->cursor_updates, "moves", info->cursor_moves);
    v->number(v, "resets", info->resets);
    v->begin_list(v, "scanouts");
    for (unsigned i = 0; i < info->scanouts; i++)
        visit_scanout(v, i, &info->scanout[i]);
    v->end(v);
    v->number(v, "resource-count", info->resources);
    v->begin_list(v, "resources");
    for (unsigned i = 0; i < info->listed; i++)
        visit_resource(v, &info->resource[i]);
    v->end(v);
}

bool gpu_query(struct virtio_dev *dev, struct visitor *v)
{
    struct gpu_info *info = malloc(sizeof(*info));
    if (!info)
        return false;
    virtio_gpu_info(dev, info);
    gpu_info_visit(info, v);
    free(info);
    return true;
}
