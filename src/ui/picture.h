/* SPDX-License-Identifier: MIT */
/*
 * Saves and loads pictures as PNG and binary PPM. Pictures are saved without alpha, as a viewer
 * shows them. Loading keeps alpha, which marks pixels that a script's comparison ignores. Any
 * thread; independent of the display.
 */
#ifndef UI_PICTURE_H
#define UI_PICTURE_H

#include "base/error.h"
#include "display/image.h"

#include <stdatomic.h>

#define UI_PICTURE_MAX      IMAGE_MAX_SIDE /* pixels a side, at most, of what is loaded */
#define UI_PICTURE_FILE_MAX (256u << 20)   /* bytes of its file */

/* Saves as PNG, or as PPM if the path ends in .ppm; the X byte is ignored. Returns 0 or an errno
 * for host_file_why. Pipes and devices: see host/file.h. A regular file that could not be completed
 * is removed. */
int ui_save_picture(const struct picture *pic, const char *path);
int ui_save_png(const struct picture *pic, const char *path);
int ui_save_png_fast(const struct picture *pic, const char *path); /* less compressed */
int ui_save_ppm(const struct picture *pic, const char *path);

enum ui_picture_format {
    UI_PICTURE_BY_NAME, /* as ui_save_picture */
    UI_PICTURE_PNG,
    UI_PICTURE_PNG_FAST,
    UI_PICTURE_PPM,
};
/* The same with a time limit: returns ECANCELED when host_now_ns() has reached *until, which any
 * thread may set meanwhile and which is checked for each row. NULL or HOST_FOREVER: no limit. */
int ui_save_until(const struct picture *pic, const char *path, enum ui_picture_format format,
                  const _Atomic uint64_t *until);

/* Loads a PNG (any colour type) or a binary PPM of 8 bits as BGRA with straight alpha, 0xff where
 * the file has none. Returns NULL with the reason, without the path, in err. */
struct picture *ui_load_picture(const char *path, struct error *err);

#endif
