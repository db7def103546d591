/* SPDX-License-Identifier: MIT */
#include "ui/viewport.h"

#include "display/input.h"

#include <string.h>

struct viewport viewport_fit(uint32_t width, uint32_t height, int window_w, int window_h)
{
    int64_t w = window_w, h = window_h;
    if (w * height <= h * width) /* the width is the limit */
        h = MAX(1, w * height / width);
    else
        w = MAX(1, h * width / height);
    return (struct viewport){(int)((window_w - w) / 2), (int)((window_h - h) / 2), (int)w, (int)h};
}

struct viewport viewport_scale(enum viewport_scale scale, uint32_t width, uint32_t height,
                               int window_w, int window_h)
{
    int64_t w = width, h = height;
    int64_t times = scale == VIEWPORT_NONE ? 1 : MIN(window_w / w, window_h / h);
    if (scale == VIEWPORT_FIT || !times)
        return viewport_fit(width, height, window_w, window_h);
    w *= times;
    h *= times;
    return (struct viewport){(int)MAX(0, (window_w - w) / 2), (int)MAX(0, (window_h - h) / 2),
                             (int)w, (int)h};
}

bool viewport_contains(const struct viewport *p, int x, int y)
{
    return x >= p->x && y >= p->y && x - p->x < p->w && y - p->y < p->h;
}

int32_t viewport_to_abs(int64_t at, int64_t size)
{
    if (at < 0 || size < 1)
        return 0;
    if (at >= size)
        return INPUT_ABS_MAX;
    return (int32_t)((2 * at + 1) * (INPUT_ABS_MAX + 1) / (2 * size));
}
