/* SPDX-License-Identifier: MIT */
#include "display/pixels.h"

#include <stdlib.h>
#include <string.h>

bool rect_intersect(const struct rect *a, const struct rect *b, struct rect *out)
{
    /* 64 bits: x + w of a guest's rectangle need not fit 32. */
    uint64_t x0 = MAX(a->x, b->x), x1 = MIN((uint64_t)a->x + a->w, (uint64_t)b->x + b->w);
    uint64_t y0 = MAX(a->y, b->y), y1 = MIN((uint64_t)a->y + a->h, (uint64_t)b->y + b->h);
    if (x0 >= x1 || y0 >= y1)
        return false;
    *out = (struct rect){(uint32_t)x0, (uint32_t)y0, (uint32_t)(x1 - x0), (uint32_t)(y1 - y0)};
    return true;
}

void region_limit(pixman_region32_t *region, int max_boxes)
{
    pixman_box32_t extents = *pixman_region32_extents(region);
    if (pixman_region32_n_rects(region) > max_boxes)
        pixman_region32_reset(region, &extents);
}

pixman_format_code_t pixel_format_pixman(uint32_t format)
{
    switch (format) { /* pixman names the bits of a word, highest first */
    case PIXEL_BGRA: return PIXMAN_a8r8g8b8;
    case PIXEL_BGRX: return PIXMAN_x8r8g8b8;
    case PIXEL_ARGB: return PIXMAN_b8g8r8a8;
    case PIXEL_XRGB: return PIXMAN_b8g8r8x8;
    case PIXEL_RGBA: return PIXMAN_a8b8g8r8;
    case PIXEL_XBGR: return PIXMAN_r8g8b8x8;
    case PIXEL_ABGR: return PIXMAN_r8g8b8a8;
    case PIXEL_RGBX: return PIXMAN_x8b8g8r8;
    default: return (pixman_format_code_t)0;
    }
}

/* One loop per byte order, written so that the compiler turns it into vector code. */

static void row_from_bgra(uint32_t *dst, const uint32_t *src, size_t n, uint32_t alpha)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = src[i] | alpha;
}

static void row_from_argb(uint32_t *dst, const uint32_t *src, size_t n, uint32_t alpha)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = __builtin_bswap32(src[i]) | alpha;
}

static void row_from_rgba(uint32_t *dst, const uint32_t *src, size_t n, uint32_t alpha)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t p = src[i];
        dst[i] = (p & 0xff00ff00) | (p >> 16 & 0xff) | (p & 0xff) << 16 | alpha;
    }
}

static void row_from_abgr(uint32_t *dst, const uint32_t *src, size_t n, uint32_t alpha)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (src[i] >> 8 | src[i] << 24) | alpha;
}

void pixel_row_to_bgra(uint32_t format, uint8_t *dst, const uint8_t *src, size_t n, bool alpha)
{
    uint32_t *d = (uint32_t *)dst;
    const uint32_t *s = (const uint32_t *)src;
    uint32_t set = alpha ? 0 : 0xff000000;
    switch (format) {
    case PIXEL_ARGB:
    case PIXEL_XRGB: row_from_argb(d, s, n, set); break;
    case PIXEL_RGBA:
    case PIXEL_RGBX: row_from_rgba(d, s, n, set); break;
    case PIXEL_ABGR:
    case PIXEL_XBGR: row_from_abgr(d, s, n, set); break;
    default: row_from_bgra(d, s, n, set); break;
    }
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1 /* gcc's name for it */
#endif
#endif
#if defined(__SANITIZE_THREAD__)
enum { SANITIZED = true };
/* The sanitizer would intercept memcpy; this loop is not instrumented. */
__attribute__((no_sanitize("thread"), noinline)) void
pixels_copy_racy(uint8_t *dst, const uint8_t *src, size_t len)
{
    for (const volatile uint8_t *s = src; len; len--)
        *dst++ = *s++;
}
#else
enum { SANITIZED = false };
void pixels_copy_racy(uint8_t *dst, const uint8_t *src, size_t len)
{
    memcpy(dst, src, len);
}
#endif

void pixels_to_bgra_racy(uint32_t format, uint8_t *dst, const uint8_t *src, size_t n, bool alpha)
{
    _Alignas(16) uint8_t some[256];
    if (!SANITIZED && (uintptr_t)src % 4 == 0) {
        pixel_row_to_bgra(format, dst, src, n, alpha);
        return;
    }
    while (n) { /* by way of aligned words, some at a time */
        size_t part = MIN(n, sizeof(some) / 4);
        pixels_copy_racy(some, src, part * 4);
        pixel_row_to_bgra(format, dst, some, part, alpha);
        dst += part * 4;
        src += part * 4;
        n -= part;
    }
}

struct picture *picture_create(uint32_t width, uint32_t height)
{
    struct picture *p = malloc(sizeof(*p));
    uint64_t stride = (uint64_t)width * 4;
    if (!p || stride > UINT32_MAX) {
        free(p);
        return NULL;
    }
    *p = (struct picture){width, height, (uint32_t)stride, NULL};
    p->data = calloc(MAX(height, 1), MAX(stride, 1)); /* checks the product */
    if (!p->data) {
        free(p);
        return NULL;
    }
    return p;
}

void picture_destroy(struct picture *p)
{
    if (p)
        free(p->data);
    free(p);
}
