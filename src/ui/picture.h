/* SPDX-License-Identifier: MIT */
/*
 * Pictures in files: PNG and binary PPM, in and out. What is saved is what a viewer of the screen
 * sees, three colours a pixel; what is loaded keeps its alpha, because a script's reference uses it
 * to say which pixels do not matter. Any thread; nothing here knows a display.
 */
#ifndef UI_PICTURE_H
#define UI_PICTURE_H

#include "display/pixels.h"

#define UI_PICTURE_MAX      16384        /* pixels a side, at most, of what is loaded */
#define UI_PICTURE_FILE_MAX (256u << 20) /* bytes of its file */

/* Save as PNG, or as PPM if the path ends in .ppm; the X byte is ignored. 0 or an errno, for
 * host_file_why; pipes and devices as in host/file.h; a file
 * that could not be finished is removed, unless it is a device. */
int ui_save_picture(const struct picture *pic, const char *path);
int ui_save_png(const struct picture *pic, const char *path);
int ui_save_png_fast(const struct picture *pic, const char *path); /* larger, sooner */
int ui_save_ppm(const struct picture *pic, const char *path);

/* Loads a PNG (any colour type) or a binary PPM of 8 bits as BGRA, alpha not multiplied in, 0xff
 * where the file has none. NULL with what is wrong in err, without the path. */
struct picture *ui_load_picture(const char *path, char *err, size_t err_size);

#endif
