/* SPDX-License-Identifier: MIT */
/*
 * The content of an SDL window: a texture that holds the last flushed picture, and one for the
 * guest's pointer. Only damage is read into the texture; an expose is drawn from it alone, so a
 * window that is uncovered shows what was flushed, never a half-drawn frame.
 *
 * SDL's software renderer draws on the window's surface, in memory that the X server maps, too.
 * There a picture that is not scaled needs no texture: damage is read straight into the surface,
 * which holds the picture as the texture would, so a change costs one copy of the pixels that
 * changed. Main thread only.
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
    SDL_Window *soft;   /* the window, if SDL's software renderer draws on its surface; else NULL */
    SDL_Texture *frame; /* holds the picture except the damage; NULL: the surface holds it, or
                          * there is no picture */
    SDL_Texture *cursor;       /* NULL: the guest shows no pointer */
    uint32_t frame_w, frame_h; /* of the picture; 0 before the first */
    int cursor_w, cursor_h;
    struct head_state state;  /* as last taken */
    uint64_t blank_due;       /* when an inactive head is drawn black: viewer_blank_deadline */
    pixman_region32_t damage; /* in picture pixels: to be read */
    pixman_region32_t moved;  /* in picture pixels: where the pointer is and was drawn */
    SDL_Surface *surface;     /* the window's, if it holds the picture; else NULL */
    bool all;                 /* the surface was lost: the whole picture is to be read again */
};

void sdl_screen_init(struct sdl_screen *s, const struct sdl_api *sdl, struct display *d,
                     struct viewer *v, unsigned head, SDL_Renderer *renderer);
void sdl_screen_finish(struct sdl_screen *s);

/*
 * Takes the head's state and damage; returns true if the window must be drawn again. *mode: the
 * size of the picture changed. The old picture of an inactive head stays until blank_due, when take
 * must be called again.
 */
bool sdl_screen_take(struct sdl_screen *s, uint64_t now, bool *mode);
/* The renderer lost its textures: makes the cursor's again, and the frame's at the next draw. */
void sdl_screen_restore(struct sdl_screen *s);
/* Draws and presents what was taken since the last draw; with expose, the whole window. */
void sdl_screen_draw(struct sdl_screen *s, bool expose);
/* Returns where the picture lies in the window, in physical pixels; false: there is no picture. */
bool sdl_screen_viewport(const struct sdl_screen *s, struct viewport *viewport);

#endif
