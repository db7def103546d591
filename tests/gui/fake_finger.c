/* SPDX-License-Identifier: MIT */
#include "fake_finger.h"

#include "sdl/api.h"

#include <string.h>

void fake_finger(const char *what, int id, int x, int y)
{
    struct sdl_api sdl;
    struct error err;
    SDL_Event event = {.tfinger = {
                           .type = !strcmp(what, "down") ? SDL_FINGERDOWN
                                   : !strcmp(what, "up") ? SDL_FINGERUP
                                                         : SDL_FINGERMOTION,
                           .touchId = 7,
                           .fingerId = id,
                           .x = (float)x / 1000,
                           .y = (float)y / 1000,
                           .windowID = 1,
                       }};
    if (sdl_api_load(&sdl, &err))
        sdl.PushEvent(&event);
}
