/* SPDX-License-Identifier: MIT */
#include "ui/sdl_icon.h"

#include <png.h>
#include <stdlib.h>

/* made by tools/embed */
extern const unsigned char sdl_icon_png[];
extern const unsigned sdl_icon_png_size;

static uint8_t *decode_icon(png_image *image)
{
    *image = (png_image){.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(image, sdl_icon_png, sdl_icon_png_size))
        return NULL;
    image->format = PNG_FORMAT_BGRA;
    uint8_t *pixels = malloc(PNG_IMAGE_SIZE(*image));
    if (pixels && png_image_finish_read(image, NULL, pixels, 0, NULL))
        return pixels;
    png_image_free(image);
    free(pixels);
    return NULL;
}

void sdl_icon_set(const struct sdl_api *sdl, SDL_Window *window)
{
    png_image image;
    uint8_t *pixels = decode_icon(&image);
    if (!pixels)
        return;
    SDL_Surface *icon = sdl->CreateRGBSurfaceFrom(pixels, (int)image.width, (int)image.height, 32,
                                                  (int)PNG_IMAGE_ROW_STRIDE(image), 0x00ff0000,
                                                  0x0000ff00, 0x000000ff, 0xff000000);
    if (icon)
        sdl->SetWindowIcon(window, icon);
    sdl->FreeSurface(icon);
    free(pixels);
}
