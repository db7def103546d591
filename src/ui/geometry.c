/* SPDX-License-Identifier: MIT */
#include "ui/geometry.h"

#include "display/input.h"

struct ui_place ui_fit(uint32_t width, uint32_t height, int window_w, int window_h)
{
    int64_t w = window_w, h = window_h;
    if (w * height <= h * width) /* the width binds */
        h = MAX(1, w * height / width);
    else
        w = MAX(1, h * width / height);
    return (struct ui_place){(int)((window_w - w) / 2), (int)((window_h - h) / 2), (int)w, (int)h};
}

int32_t ui_abs(int64_t at, int64_t size)
{
    if (at < 0 || size < 1)
        return 0;
    if (at >= size)
        return INPUT_ABS_MAX;
    return (int32_t)((2 * at + 1) * (INPUT_ABS_MAX + 1) / (2 * size));
}
