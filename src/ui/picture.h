/* SPDX-License-Identifier: MIT */
/*
 * Pictures in files: PNG and binary PPM, in and out. What is saved is what a viewer of the screen
 * sees, three colours a pixel; what is loaded keeps its alpha, because a script's reference uses it
 * to say which pixels do not matter. Any thread; nothing here knows a display.
 */
#ifndef UI_PICTURE_H
#define UI_PICTURE_H

#include "base/error.h"
#include "display/image.h"

#include <stdatomic.h>

#define UI_PICTURE_MAX      IMAGE_MAX_SIDE /* pixels a side, at most, of what is loaded */
#define UI_PICTURE_FILE_MAX (256u << 20)   /* bytes of its file */

/* Save as PNG, or as PPM if the path ends in .ppm; the X byte is ignored. 0 or an errno, for
 * host_file_why; pipes and devices as in host/file.h; a file
 * that could not be finished is removed, unless it is a device. */
int ui_save_picture(const struct picture *pic, const char *path);
int ui_save_png(const struct picture *pic, const char *path);
int ui_save_png_fast(const struct picture *pic, const char *path); /* larger, sooner */
int ui_save_ppm(const struct picture *pic, const char *path);

enum ui_picture_format {
    UI_PICTURE_BY_NAME, /* as ui_save_picture */
    UI_PICTURE_PNG,
    UI_PICTURE_PNG_FAST,
    UI_PICTURE_PPM,
};
/* The same, but it gives up with ECANCELED when host_now_ns() has reached *until, which any thread
 * may set meanwhile; looked at after each row. NULL, or HOST_FOREVER in it: it does not. */
int ui_save_until(const struct picture *pic, const char *path, enum ui_picture_format format,
                  const _Atomic uint64_t *until);

/* Loads a PNG (any colour type) or a binary PPM of 8 bits as BGRA, alpha not multiplied in, 0xff
 * where the file has none. NULL with what is wrong in err, without the path. */
struct picture *ui_load_picture(const char *path, struct error *err);

#endif
