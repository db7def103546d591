/* SPDX-License-Identifier: MIT */
/* Where a picture lies in a window, and where on it a point is. Pure arithmetic; any thread. */
#ifndef UI_VIEWPORT_H
#define UI_VIEWPORT_H

#include "base/util.h"

/* A place in a window, window pixels. */
struct viewport {
    int x, y, w, h;
};

/* The largest place of a width x height picture (not 0) in a window, its shape kept, centred. */
struct viewport viewport_fit(uint32_t width, uint32_t height, int window_w, int window_h);

/*
 * fit: as large as it goes. integer: the largest whole multiple, so that each pixel is a sharp
 * square; a picture larger than the window is made smaller as by fit. none: one to one; of a
 * picture larger than the window the top left part is shown, where menus and prompts begin.
 */
enum viewport_scale { VIEWPORT_FIT, VIEWPORT_INTEGER, VIEWPORT_NONE }; /* as scale= lists them */
struct viewport viewport_scale(enum viewport_scale scale, uint32_t width, uint32_t height,
                               int window_w, int window_h);

/* Is the point inside? */
bool viewport_contains(const struct viewport *p, int x, int y);

/*
 * The absolute position, 0..INPUT_ABS_MAX, of the middle of pixel `at` in `size` pixels, which is
 * what a guest turns back into that same pixel; clamped for an `at` outside.
 */
int32_t viewport_to_abs(int64_t at, int64_t size);

#endif
