/* SPDX-License-Identifier: MIT */
#include "monitor/compare.h"

#include <stdlib.h>
#include <string.h>

static unsigned pixel_distance(const uint8_t *a, const uint8_t *b)
{
    unsigned worst = 0;
    for (unsigned c = 0; c < 3; c++)
        worst = MAX(worst, (unsigned)abs(a[c] - b[c]));
    return worst;
}

static void note_difference(struct comparison *r, uint32_t x, uint32_t y)
{
    if (!r->different++) {
        r->x1 = x;
        r->y1 = y;
        r->x2 = x + 1;
        r->y2 = y + 1;
        return;
    }
    r->x1 = MIN(r->x1, x);
    r->y1 = MIN(r->y1, y);
    r->x2 = MAX(r->x2, x + 1);
    r->y2 = MAX(r->y2, y + 1);
}

bool compare_rows(const struct picture *actual, const struct picture *ref, uint32_t first,
                  uint32_t count, unsigned tolerance, struct comparison *result)
{
    struct comparison r = {0};
    for (uint32_t y = first; y < first + count; y++) {
        const uint8_t *a = actual->data + (size_t)y * actual->stride;
        const uint8_t *b = ref->data + (size_t)y * ref->stride;
        for (uint32_t x = 0; x < ref->width; x++, a += 4, b += 4) {
            if (!b[3])
                continue;
            unsigned distance = pixel_distance(a, b);
            r.compared++;
            r.worst = MAX(r.worst, distance);
            if (distance <= tolerance)
                continue;
            if (!result)
                return false;
            note_difference(&r, x, y);
        }
    }
    if (result)
        *result = r;
    return !r.different;
}

struct picture *compare_difference(const struct picture *actual, const struct picture *ref,
                                   unsigned tolerance)
{
    struct picture *out = picture_create(ref->width, ref->height);
    for (uint32_t y = 0; out && y < ref->height; y++) {
        const uint8_t *a = actual->data + (size_t)y * actual->stride;
        const uint8_t *b = ref->data + (size_t)y * ref->stride;
        uint8_t *to = out->data + (size_t)y * out->stride;
        for (uint32_t x = 0; x < ref->width; x++, a += 4, b += 4, to += 4) {
            bool differs = b[3] && pixel_distance(a, b) > tolerance;
            uint8_t grey = (uint8_t)((a[0] + a[1] + a[2]) / 12);
            to[0] = to[1] = differs ? 0 : grey;
            to[2] = differs ? 255 : grey;
            to[3] = 255;
        }
    }
    return out;
}

struct picture *compare_crop(const struct picture *pic, const struct rect *rect)
{
    struct picture *out = picture_create(rect->w, rect->h);
    for (uint32_t y = 0; out && y < rect->h; y++)
        memcpy(out->data + (size_t)y * out->stride,
               pic->data + (size_t)(rect->y + y) * pic->stride + (size_t)rect->x * 4,
               (size_t)rect->w * 4);
    return out;
}
