/* SPDX-License-Identifier: MIT */
/*
 * One window, which shows one head. The guest follows the window: a size that the user has not
 * changed for a moment becomes the preferred mode of the head, and the guest is notified. The
 * window follows only the guest's first mode: pictures of other sizes are scaled (sdl_screen.h).
 *
 * What happens later (a resize, a black picture, a frame presented) is a deadline that the event
 * loop in sdl.c waits for; while there is none, nothing runs. Main thread only.
 */
#ifndef UI_SDL_WINDOW_H
#define UI_SDL_WINDOW_H

#include "ui/keyboard_layout.h"
#include "ui/sdl_screen.h"
#include "ui/ui.h"

/* --display sdl,... */
struct sdl_options {
    enum viewport_scale scale;
    const struct keyboard_layout *layout; /* of the guest's keyboard, for typing the clipboard */
};

/* Shared by all windows. */
struct sdl_env {
    struct ui_env ui;
    struct sdl_api sdl;
    struct viewer *viewer; /* NULL: detached */
    struct sdl_options options;
    bool x11; /* the video driver is X11 */
};

struct sdl_window {
    const struct sdl_env *env;
    unsigned head;
    SDL_Window *window;
    SDL_Renderer *renderer;
    struct sdl_screen screen;
    int width, height; /* physical pixels, as last seen or asked for */
    bool sized;        /* the user or the first mode has set the size */
    bool full, redraw;
    bool vsync, pacing;
    /* host_now_ns() values; HOST_FOREVER: not due */
    uint64_t resize_due, present_due;
    uint64_t presented; /* when the last frame was reported as presented */
    uint64_t refresh;   /* ns */
    char title[256];    /* as last set */
};

/* Opens a window for a head. NULL: SDL_GetError() has the reason, or out of memory. */
struct sdl_window *sdl_window_create(const struct sdl_env *env, unsigned head);
void sdl_window_destroy(struct sdl_window *w); /* NULL is fine */

uint32_t sdl_window_id(const struct sdl_window *w); /* SDL's number of it, as in events */
/* True while it is minimized or unmapped: then nothing is taken or drawn, and no frame is paced. */
bool sdl_window_hidden(const struct sdl_window *w);

/* Handles an event that may change its size or require drawing. */
void sdl_window_event(struct sdl_window *w, const SDL_WindowEvent *e);
/* Takes from the display, does what is due at `now`, and draws if anything changed. While hidden it
 * only passes a new size to the guest. */
void sdl_window_update(struct sdl_window *w, uint64_t now);
/* Returns the time by which sdl_window_update must be called; HOST_FOREVER: none. */
uint64_t sdl_window_due(const struct sdl_window *w);
/* The renderer lost its textures: makes them again. */
void sdl_window_restore(struct sdl_window *w);

void sdl_window_set_title(struct sdl_window *w, const char *title);
void sdl_window_toggle_full(struct sdl_window *w);

/* Converts a point from an event's units to physical pixels. */
void sdl_window_point(const struct sdl_window *w, int *x, int *y);

#endif
