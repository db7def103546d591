/* SPDX-License-Identifier: MIT */
/*
 * What the SDL window shows: a texture that keeps the last flushed picture, and one for the guest's
 * pointer. Only what a viewer's damage names is read into the texture; an expose is answered from
 * it alone, so a window that is uncovered shows what was flushed, never what is half drawn.
 *
 * SDL's software renderer draws on the window's surface, in memory that the X server maps. There a
 * picture that is not scaled needs no texture: damage is read straight into the surface, which
 * keeps it as the texture would, and a change costs what changed. Main thread only.
 */
#ifndef UI_SDL_SCREEN_H
#define UI_SDL_SCREEN_H

#include "display/display.h"
#include "ui/viewport.h"
#include "sdl/api.h"

struct sdl_screen {
    const struct sdl_api *sdl;
    struct display *display;
    struct viewer *viewer;
    unsigned head;
    enum viewport_scale scale;
    SDL_Renderer *renderer;
    SDL_Window *soft;    /* SDL's software renderer draws on its surface; NULL: another renderer */
    SDL_Texture *frame;  /* holds the picture but for damage; NULL: the surface does, or none is */
    SDL_Texture *cursor; /* NULL: the guest shows none */
    uint32_t frame_w, frame_h; /* of the picture; 0 until there was one */
    int cursor_w, cursor_h;
    struct head_state state;  /* as last taken */
    uint64_t blank_due;       /* when the picture of a head that shows nothing goes black */
    pixman_region32_t damage; /* of the picture: to be read */
    pixman_region32_t moved;  /* of the picture: where the pointer is and was, to be drawn */
    SDL_Surface *surface;     /* the window's, if it keeps the picture */
    bool all;                 /* to be read again: everything, as the surface was lost */
};

void sdl_screen_init(struct sdl_screen *s, const struct sdl_api *sdl, struct display *d,
                     struct viewer *v, unsigned head, SDL_Renderer *renderer);
void sdl_screen_finish(struct sdl_screen *s);

/*
 * Takes what is new; returns true if the window must be drawn again. *mode: its size changed. Linux
 * shows nothing for a moment before each mode set: the old picture stays until blank_due, at which
 * take must be called again, so that no mode set flashes.
 */
bool sdl_screen_take(struct sdl_screen *s, uint64_t now, bool *mode);
/* The renderer lost its textures: they are made again from what is flushed now. */
void sdl_screen_restore(struct sdl_screen *s);
/* Draws and presents what was taken since; expose: and everything else. */
void sdl_screen_draw(struct sdl_screen *s, bool expose);
/* Where the picture is in the window; false while there is none. */
bool sdl_screen_viewport(const struct sdl_screen *s, struct viewport *viewport);

#endif
