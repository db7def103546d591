/* SPDX-License-Identifier: MIT */
/* The window's icon: data/riscreen.png, which is compiled in. Main thread. */
#ifndef UI_SDL_ICON_H
#define UI_SDL_ICON_H

#include "sdl/api.h"

void sdl_icon_set(const struct sdl_api *sdl, SDL_Window *window);

#endif
