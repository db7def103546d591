/* SPDX-License-Identifier: MIT */
/* The viewport is the part of a window that a picture is drawn in. Pure arithmetic; any thread. */
#ifndef UI_VIEWPORT_H
#define UI_VIEWPORT_H

#include "base/util.h"

/* In pixels of the window. */
struct viewport {
    int x, y, w, h;
};

/* Returns the largest viewport of a width x height picture (not 0) with its aspect ratio,
 * centred. */
struct viewport viewport_fit(uint32_t width, uint32_t height, int window_w, int window_h);

/*
 * Returns the viewport in one of three ways. fit: as viewport_fit. integer: the largest multiple of
 * the picture's size, so that each pixel is a sharp square; as fit if the picture is larger than
 * the window. none: the picture's size; of a picture larger than the window the top left part is
 * visible.
 */
enum viewport_scale { VIEWPORT_FIT, VIEWPORT_INTEGER, VIEWPORT_NONE }; /* as scale= lists them */
struct viewport viewport_scale(enum viewport_scale scale, uint32_t width, uint32_t height,
                               int window_w, int window_h);

bool viewport_contains(const struct viewport *p, int x, int y);

/*
 * Returns the absolute position, 0..INPUT_ABS_MAX, of the middle of pixel `at` of `size` pixels,
 * which guests convert back to the same pixel. An `at` outside is clamped.
 */
int32_t viewport_to_abs(int64_t at, int64_t size);

#endif
