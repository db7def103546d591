/* SPDX-License-Identifier: MIT */
#include "sdl/api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t offset; /* of its pointer in struct sdl_api */
} functions[] = {
#define SDL_ROW(name) {"SDL_" #name, offsetof(struct sdl_api, name)},
    SDL_API(SDL_ROW)
#undef SDL_ROW
};

/* Names of the library file: on Linux and the BSDs, on macOS. */
static const char *const names[] = {"libSDL2-2.0.so.0", "libSDL2-2.0.0.dylib"};

bool sdl_api_load(struct sdl_api *api, struct error *err)
{
    void *library = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(names) && !library; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return error_set(err, "the library SDL2 is not installed");
    for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
        void *function = dlsym(library, functions[i].name);
        if (!function)
            return error_set(err, "the library SDL2 is too old, it has no %s", functions[i].name);
        memcpy((char *)api + functions[i].offset, &function, sizeof(function));
    }
    return true;
}
