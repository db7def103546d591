/* SPDX-License-Identifier: MIT */
/* Reading what heads show: rectangles, cursors, whole pictures. */
#include "display/internal.h"

#include <string.h>

/* Copies what the head shows, and keeps the image shown until scanout_put. False: it is
 * inactive. */
static bool scanout_get(struct display *d, unsigned head, struct scanout_src *scanout)
{
    pthread_mutex_lock(&d->lock);
    *scanout = d->head[head].shown;
    if (scanout->img) {
        image_ref(scanout->img);
        image_show(scanout->img); /* never blocks: the head shows it already */
    }
    pthread_mutex_unlock(&d->lock);
    return scanout->img;
}

static void scanout_put(const struct scanout_src *scanout)
{
    image_hide(scanout->img);
    image_unref(scanout->img);
}

/* Copies rect of the picture; dst is where the first pixel of rect belongs. False: the image was
 * revoked meanwhile. */
static bool scanout_read(const struct scanout_src *scanout, const struct rect *rect, uint8_t *dst,
                         uint32_t stride)
{
    struct rect part, all = {0, 0, scanout->src.w, scanout->src.h};
    if (!rect_intersect(rect, &all, &part))
        return true;
    dst += (size_t)(part.y - rect->y) * stride + (size_t)(part.x - rect->x) * 4;
    part.x += scanout->src.x;
    part.y += scanout->src.y;
    return image_read(scanout->img, &part, dst, stride, false);
}

bool display_read(struct display *d, unsigned head, const struct rect *rect, uint8_t *dst,
                  uint32_t dst_stride)
{
    struct scanout_src scanout;
    if (!scanout_get(d, head, &scanout))
        return false;
    bool there = scanout_read(&scanout, rect, dst, dst_stride);
    scanout_put(&scanout);
    return there;
}

struct picture *display_cursor(struct display *d, unsigned head)
{
    struct picture *p = picture_create(DISPLAY_CURSOR, DISPLAY_CURSOR);
    if (!p)
        return NULL;
    pthread_mutex_lock(&d->lock);
    const struct head *h = &d->head[head];
    bool visible = h->state.cursor_visible;
    if (visible) {
        p->width = h->cursor_width;
        p->height = h->cursor_height;
        p->stride = p->width * 4;
        memcpy(p->data, h->cursor, (size_t)p->stride * p->height);
    }
    pthread_mutex_unlock(&d->lock);
    if (visible)
        return p;
    picture_destroy(p);
    return NULL;
}

/* Colours of a cursor are premultiplied, as in DRM's cursor planes. */
static void blend_cursor(struct picture *pic, const struct picture *cursor, int32_t x, int32_t y)
{
    pixman_image_t *dst =
        pixman_image_create_bits(PIXMAN_a8r8g8b8, (int)pic->width, (int)pic->height,
                                 (uint32_t *)pic->data, (int)pic->stride);
    pixman_image_t *src =
        pixman_image_create_bits(PIXMAN_a8r8g8b8, (int)cursor->width, (int)cursor->height,
                                 (uint32_t *)cursor->data, (int)cursor->stride);
    if (dst && src)
        pixman_image_composite32(PIXMAN_OP_OVER, src, NULL, dst, 0, 0, 0, 0, x, y,
                                 (int)cursor->width, (int)cursor->height);
    if (src)
        pixman_image_unref(src);
    if (dst)
        pixman_image_unref(dst);
}

static void fill_black(struct picture *pic)
{
    uint32_t *p = (uint32_t *)pic->data;
    for (size_t i = 0, n = (size_t)pic->width * pic->height; i < n; i++)
        p[i] = 0xff000000;
}

struct picture *display_snapshot(struct display *d, unsigned head, bool cursor)
{
    struct scanout_src scanout;
    struct head_state state;
    display_state(d, head, &state);
    bool active = scanout_get(d, head, &scanout);
    struct rect all = {0, 0, active ? scanout.src.w : state.width,
                       active ? scanout.src.h : state.height};
    struct picture *pic = picture_create(all.w, all.h);
    if (pic && !(active && scanout_read(&scanout, &all, pic->data, pic->stride)))
        fill_black(pic);
    if (active)
        scanout_put(&scanout);
    struct picture *cur = pic && active && cursor ? display_cursor(d, head) : NULL;
    if (cur)
        blend_cursor(pic, cur, state.cursor_x, state.cursor_y);
    picture_destroy(cur);
    return pic;
}
