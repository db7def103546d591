/* SPDX-License-Identifier: MIT */
/* Dumb buffers, and what is drawn in them. */
#include "kms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void buffer_destroy(struct client *c, struct buffer *b)
{
    if (b->pixels)
        munmap(b->pixels, b->size);
    if (b->fb)
        kms_ioctl(c, DRM_IOCTL_MODE_RMFB, &b->fb);
    struct drm_mode_destroy_dumb destroy = {b->handle};
    if (b->handle)
        kms_ioctl(c, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
    *b = (struct buffer){0};
}

static int buffer_map(struct client *c, struct buffer *b)
{
    struct drm_mode_map_dumb map = {.handle = b->handle};
    int error = kms_ioctl(c, DRM_IOCTL_MODE_MAP_DUMB, &map);
    if (error)
        return error;
    void *p = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, (off_t)map.offset);
    if (p == MAP_FAILED)
        return errno;
    b->pixels = p;
    return 0;
}

int buffer_create(struct client *c, struct buffer *b, uint32_t width, uint32_t height,
                  uint32_t format)
{
    struct drm_mode_create_dumb dumb = {.width = width, .height = height, .bpp = 32};
    int error = kms_ioctl(c, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);
    if (error)
        return error;
    *b = (struct buffer){.handle = dumb.handle,
                         .width = width,
                         .height = height,
                         .pitch = dumb.pitch,
                         .size = dumb.size};
    struct drm_mode_fb_cmd2 fb = {.width = width,
                                  .height = height,
                                  .pixel_format = format,
                                  .handles = {b->handle},
                                  .pitches = {b->pitch}};
    error = kms_ioctl(c, DRM_IOCTL_MODE_ADDFB2, &fb);
    b->fb = fb.fb_id;
    if (!error)
        error = buffer_map(c, b);
    if (error)
        buffer_destroy(c, b);
    return error;
}

int kms_new(struct kms *k, const struct words *w)
{
    struct buffer *b = kms_buffer(k, w, 1);
    if (!b || w->count < 4)
        return EINVAL;
    bool argb = w->count > 4 && !strcmp(w->word[4], "argb");
    buffer_destroy(k->now, b);
    return buffer_create(k->now, b, (uint32_t)kms_number(w, 2, 0), (uint32_t)kms_number(w, 3, 0),
                         argb ? DRM_FORMAT_ARGB8888 : DRM_FORMAT_XRGB8888);
}

int kms_free(struct kms *k, const struct words *w)
{
    struct buffer *b = kms_buffer(k, w, 1);
    if (!b || !b->pixels)
        return EINVAL;
    buffer_destroy(k->now, b);
    return 0;
}

/* Clips a rectangle to the buffer. */
static void clip(const struct buffer *b, int32_t *from_x, int32_t *from_y, int32_t *to_x,
                 int32_t *to_y)
{
    if (*from_x < 0)
        *from_x = 0;
    if (*from_y < 0)
        *from_y = 0;
    if (*to_x > (int32_t)b->width)
        *to_x = (int32_t)b->width;
    if (*to_y > (int32_t)b->height)
        *to_y = (int32_t)b->height;
}

void buffer_pattern(struct buffer *b, uint32_t seed, int32_t x, int32_t y, int32_t width,
                    int32_t height)
{
    int32_t x2 = x + width, y2 = y + height;
    clip(b, &x, &y, &x2, &y2);
    for (uint32_t v = (uint32_t)y; (int32_t)v < y2; v++)
        for (uint32_t u = (uint32_t)x; (int32_t)u < x2; u++) {
            uint32_t red = (u * 3 + seed * 40) & 255, green = (v * 5 + seed * 90) & 255;
            b->pixels[v * (b->pitch / 4) + u] =
                red << 16 | green << 8 | (((u ^ v) + seed * 7) & 255);
        }
}

int kms_pattern(struct kms *k, const struct words *w)
{
    struct buffer *b = kms_buffer(k, w, 1);
    if (!b || !b->pixels)
        return EINVAL;
    buffer_pattern(b, (uint32_t)kms_number(w, 2, 0), kms_number(w, 3, 0), kms_number(w, 4, 0),
                   kms_number(w, 5, (int32_t)b->width), kms_number(w, 6, (int32_t)b->height));
    return 0;
}

int kms_rect(struct kms *k, const struct words *w)
{
    struct buffer *b = kms_buffer(k, w, 1);
    if (!b || !b->pixels || w->count < 7)
        return EINVAL;
    int32_t x = kms_number(w, 2, 0), y = kms_number(w, 3, 0);
    int32_t x2 = x + kms_number(w, 4, 0), y2 = y + kms_number(w, 5, 0);
    uint32_t colour = (uint32_t)strtoul(w->word[6], NULL, 16);
    clip(b, &x, &y, &x2, &y2);
    for (int32_t v = y; v < y2; v++)
        for (int32_t u = x; u < x2; u++)
            b->pixels[(uint32_t)v * (b->pitch / 4) + (uint32_t)u] = colour;
    return 0;
}
