/* SPDX-License-Identifier: MIT */
/* The cursor, by the legacy cursor ioctls and by those for planes. */
#include "kms.h"

#include <errno.h>
#include <string.h>

/* A property of an object by its name: its id, or 0; value gets what it is set to. */
static uint32_t property(struct client *c, uint32_t object, const char *name, uint64_t *value)
{
    uint32_t ids[64];
    uint64_t values[64];
    struct drm_mode_obj_get_properties get = {.props_ptr = (uintptr_t)ids,
                                              .prop_values_ptr = (uintptr_t)values,
                                              .count_props = 64,
                                              .obj_id = object,
                                              .obj_type = DRM_MODE_OBJECT_PLANE};
    if (kms_ioctl(c, DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &get))
        return 0;
    for (uint32_t i = 0; i < get.count_props && i < 64; i++) {
        struct drm_mode_get_property prop = {.prop_id = ids[i]};
        if (!kms_ioctl(c, DRM_IOCTL_MODE_GETPROPERTY, &prop) && !strcmp(prop.name, name)) {
            *value = values[i];
            return ids[i];
        }
    }
    return 0;
}

void cursor_find_plane(struct client *c)
{
    uint32_t planes[64];
    struct drm_mode_get_plane_res res = {.plane_id_ptr = (uintptr_t)planes, .count_planes = 64};
    c->cursor_plane = 0;
    if (kms_ioctl(c, DRM_IOCTL_MODE_GETPLANERESOURCES, &res))
        return;
    for (uint32_t i = 0; i < res.count_planes && i < 64; i++) {
        struct drm_mode_get_plane plane = {.plane_id = planes[i]};
        uint64_t type = 0;
        if (!kms_ioctl(c, DRM_IOCTL_MODE_GETPLANE, &plane) &&
            plane.possible_crtcs & 1u << c->head && property(c, planes[i], "type", &type) &&
            type == 2) /* cursor */
            c->cursor_plane = planes[i];
    }
}

int kms_plane(struct kms *k, const struct words *w)
{
    struct client *c = k->now;
    struct drm_mode_set_plane set = {.plane_id = c->cursor_plane};
    if (!c->cursor_plane)
        return ENODEV;
    if (w->count != 2 || strcmp(w->word[1], "off")) {
        struct buffer *b = kms_buffer(k, w, 1);
        if (!b || w->count < 4)
            return EINVAL;
        set.crtc_id = c->crtc;
        set.fb_id = b->fb;
        set.crtc_x = kms_number(w, 2, 0);
        set.crtc_y = kms_number(w, 3, 0);
        set.crtc_w = b->width;
        set.crtc_h = b->height;
        set.src_w = b->width << 16;
        set.src_h = b->height << 16;
    }
    return kms_ioctl(c, DRM_IOCTL_MODE_SETPLANE, &set);
}

int kms_cursor(struct kms *k, const struct words *w)
{
    struct buffer *b = kms_buffer(k, w, 1);
    if (!b || !b->pixels || w->count < 4)
        return EINVAL;
    struct drm_mode_cursor old = {.flags = DRM_MODE_CURSOR_BO | DRM_MODE_CURSOR_MOVE,
                                  .crtc_id = k->now->crtc,
                                  .x = kms_number(w, 2, 0),
                                  .y = kms_number(w, 3, 0),
                                  .width = b->width,
                                  .height = b->height,
                                  .handle = b->handle};
    if (w->count < 6)
        return kms_ioctl(k->now, DRM_IOCTL_MODE_CURSOR, &old);
    struct drm_mode_cursor2 next = {.flags = old.flags,
                                    .crtc_id = old.crtc_id,
                                    .x = old.x,
                                    .y = old.y,
                                    .width = old.width,
                                    .height = old.height,
                                    .handle = old.handle,
                                    .hot_x = kms_number(w, 4, 0),
                                    .hot_y = kms_number(w, 5, 0)};
    return kms_ioctl(k->now, DRM_IOCTL_MODE_CURSOR2, &next);
}

int kms_move(struct kms *k, const struct words *w)
{
    struct drm_mode_cursor move = {.flags = DRM_MODE_CURSOR_MOVE,
                                   .crtc_id = k->now->crtc,
                                   .x = kms_number(w, 1, 0),
                                   .y = kms_number(w, 2, 0)};
    return kms_ioctl(k->now, DRM_IOCTL_MODE_CURSOR, &move);
}

int kms_hide(struct kms *k, const struct words *w)
{
    (void)w;
    struct drm_mode_cursor hide = {.flags = DRM_MODE_CURSOR_BO, .crtc_id = k->now->crtc};
    return kms_ioctl(k->now, DRM_IOCTL_MODE_CURSOR, &hide);
}

int kms_hotspot(struct kms *k, const struct words *w)
{
    static const char *const names[] = {"HOTSPOT_X", "HOTSPOT_Y"};
    struct client *c = k->now;
    for (int i = 0; i < 2; i++) {
        uint64_t old;
        struct drm_mode_obj_set_property set = {.value = (uint64_t)(int64_t)kms_number(w, 1 + i, 0),
                                                .prop_id =
                                                    property(c, c->cursor_plane, names[i], &old),
                                                .obj_id = c->cursor_plane,
                                                .obj_type = DRM_MODE_OBJECT_PLANE};
        int error = set.prop_id ? kms_ioctl(c, DRM_IOCTL_MODE_OBJ_SETPROPERTY, &set) : ENODEV;
        if (error)
            return error;
    }
    return 0;
}
