/* SPDX-License-Identifier: MIT */
#include "display/image.h"

#include "display/image_kind.h"

bool image_init(struct image *img, const struct image_ops *ops, uint32_t width, uint32_t height,
                uint32_t format)
{
    if (!width || !height || width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE ||
        !pixel_format_pixman(format))
        return false;
    img->ops = ops;
    img->width = width;
    img->height = height;
    img->format = format;
    atomic_init(&img->refs, 1);
    atomic_init(&img->shown, 0);
    pthread_mutex_init(&img->lock, NULL);
    return true;
}

void image_finish(struct image *img)
{
    pthread_mutex_destroy(&img->lock);
}

struct image *image_ref(struct image *img)
{
    atomic_fetch_add_explicit(&img->refs, 1, memory_order_relaxed);
    return img;
}

void image_unref(struct image *img)
{
    if (img && atomic_fetch_sub_explicit(&img->refs, 1, memory_order_acq_rel) == 1)
        img->ops->destroy(img);
}

uint32_t image_width(const struct image *img)
{
    return img->width;
}

uint32_t image_height(const struct image *img)
{
    return img->height;
}

uint32_t image_format(const struct image *img)
{
    return img->format;
}

bool image_reserve(struct image *img)
{
    return !img->ops->reserve || img->ops->reserve(img);
}

void image_flush(struct image *img, const struct rect *rect)
{
    if (img->ops->flush && !rect_empty(rect))
        img->ops->flush(img, rect);
}

void image_show(struct image *img)
{
    unsigned n = atomic_load_explicit(&img->shown, memory_order_relaxed);
    while (n)
        if (atomic_compare_exchange_weak(&img->shown, &n, n + 1))
            return;
    pthread_mutex_lock(&img->lock);
    if (img->ops->show)
        img->ops->show(img);
    atomic_fetch_add(&img->shown, 1);
    pthread_mutex_unlock(&img->lock);
}

void image_hide(struct image *img)
{
    atomic_fetch_sub_explicit(&img->shown, 1, memory_order_release);
}

bool image_read(struct image *img, const struct rect *rect, uint8_t *dst, uint32_t dst_stride,
                bool alpha)
{
    const struct image_target target = {rect, dst, dst_stride, alpha};
    return rect_empty(rect) || img->ops->read(img, &target);
}
