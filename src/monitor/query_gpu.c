/* SPDX-License-Identifier: MIT */
/* query-gpu: what the guest made of the GPU, as JSON. */
#include "monitor/qmp.h"

#include "base/error.h"
#include "display/gpu_info.h"

#include <stdlib.h>

struct format {
    uint32_t number;
    const char *name;
};

static const char *format_name(uint32_t format)
{
    static const struct format formats[] = {
        {PIXEL_BGRA, "BGRA"}, {PIXEL_BGRX, "BGRX"}, {PIXEL_ARGB, "ARGB"}, {PIXEL_XRGB, "XRGB"},
        {PIXEL_RGBA, "RGBA"}, {PIXEL_XBGR, "XBGR"}, {PIXEL_ABGR, "ABGR"}, {PIXEL_RGBX, "RGBX"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
        if (formats[i].number == format)
            return formats[i].name;
    return NULL;
}

static void add(struct json_object *obj, const char *name, uint64_t value)
{
    json_object_object_add(obj, name, json_object_new_int64((int64_t)value));
}

static void add_flag(struct json_object *obj, const char *name, bool value)
{
    json_object_object_add(obj, name, json_object_new_boolean(value));
}

/* {first: a, second: b}, as a member of obj. */
static void add_pair(struct json_object *obj, const char *name, const char *first, uint64_t a,
                     const char *second, uint64_t b)
{
    struct json_object *pair = json_object_new_object();
    add(pair, first, a);
    add(pair, second, b);
    json_object_object_add(obj, name, pair);
}

static struct json_object *tell_scanout(unsigned head, const struct gpu_info_scanout *s)
{
    struct json_object *obj = json_object_new_object();
    add(obj, "head", head);
    add_flag(obj, "connected", s->preferred.connected);
    add_flag(obj, "active", s->state.active);
    add(obj, "width", s->state.width);
    add(obj, "height", s->state.height);
    add(obj, "frames", s->frames);
    add(obj, "damage", s->damage);
    add_flag(obj, "cursor", s->state.cursor_visible);
    if (!s->resource)
        return obj;
    struct json_object *rect = json_object_new_object();
    add(rect, "x", s->rect.x);
    add(rect, "y", s->rect.y);
    add(rect, "width", s->rect.w);
    add(rect, "height", s->rect.h);
    add(obj, "resource", s->resource);
    json_object_object_add(obj, "rectangle", rect);
    return obj;
}

static struct json_object *tell_resource(const struct gpu_info_resource *r)
{
    struct json_object *obj = json_object_new_object();
    const char *format = format_name(r->format);
    add(obj, "id", r->id);
    json_object_object_add(obj, "kind", json_object_new_string(r->kind));
    if (format) {
        add(obj, "width", r->width);
        add(obj, "height", r->height);
        json_object_object_add(obj, "format", json_object_new_string(format));
    }
    add(obj, "bytes", r->bytes);
    add(obj, "backing", r->backing);
    add_flag(obj, "scanout", r->scanout);
    return obj;
}

static struct json_object *tell(const struct gpu_info *info)
{
    struct json_object *obj = json_object_new_object();
    struct json_object *scanouts = json_object_new_array(), *resources = json_object_new_array();
    add_pair(obj, "memory", "used", info->used, "limit", info->memory);
    add_pair(obj, "commands", "count", info->commands, "errors", info->errors);
    add_pair(obj, "transfers", "count", info->transfers, "bytes", info->transferred);
    add_pair(obj, "flushes", "count", info->flushes, "pixels", info->flushed);
    add_pair(obj, "cursor", "updates", info->cursor_updates, "moves", info->cursor_moves);
    add(obj, "resets", info->resets);
    for (unsigned i = 0; i < info->scanouts; i++)
        json_object_array_add(scanouts, tell_scanout(i, &info->scanout[i]));
    for (unsigned i = 0; i < info->listed; i++)
        json_object_array_add(resources, tell_resource(&info->resource[i]));
    json_object_object_add(obj, "scanouts", scanouts);
    add(obj, "resource-count", info->resources);
    json_object_object_add(obj, "resources", resources);
    return obj;
}

struct json_object *qmp_query_gpu(struct qmp *q, struct json_object *args, struct qmp_error *err)
{
    (void)args;
    struct gpu_info *info = malloc(sizeof(*info));
    struct json_object *obj = NULL;
    if (!info)
        qmp_fail(err, ERROR_NO_MEMORY);
    else if (!machine_gpu_info(q->target->machine, info))
        qmp_fail(err, "There is no GPU");
    else
        obj = tell(info);
    free(info);
    return obj;
}
