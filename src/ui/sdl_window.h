/* SPDX-License-Identifier: MIT */
/*
 * One window, which shows one head. The guest follows the window: once the user has left its size
 * alone for a moment, that size becomes the preferred mode of the head, and the guest is notified.
 * The window never follows the guest, but for its first mode: another picture is scaled
 * (sdl_screen.h).
 *
 * What has to happen later (the resize, a black picture, a frame consumed) is a deadline that the
 * event loop in sdl.c waits for; while there is none, nothing runs. Main thread only.
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

/* What all windows share. */
struct sdl_env {
    struct ui_env ui;
    struct sdl_api sdl;
    struct viewer *viewer; /* NULL: it left already */
    struct sdl_options options;
    bool x11; /* the video driver: it shows pictures without OpenGL, too */
};

struct sdl_window {
    const struct sdl_env *env;
    unsigned head;
    SDL_Window *window;
    SDL_Renderer *renderer;
    struct sdl_screen screen;
    int width, height; /* physical pixels, as last seen or asked for */
    bool sized;        /* by its user, or by the first mode */
    bool full, redraw;
    bool vsync, pacing;
    /* host_now_ns() values; HOST_FOREVER: not due */
    uint64_t resize_due, consume_due, consumed;
    uint64_t refresh; /* ns */
    char title[256];  /* as last set */
};

/* Opens a window for a head. NULL: SDL_GetError says why, or there is no memory. */
struct sdl_window *sdl_window_create(const struct sdl_env *env, unsigned head);
void sdl_window_destroy(struct sdl_window *w); /* NULL is fine */

uint32_t sdl_window_id(const struct sdl_window *w); /* SDL's, as in events */
/* Minimized or unmapped: nothing is taken, drawn or held back for it. */
bool sdl_window_hidden(const struct sdl_window *w);

/* Its size or what it shows may have changed. */
void sdl_window_event(struct sdl_window *w, const SDL_WindowEvent *e);
/* Takes what is new, does what is due at `now`, draws if it must; does nothing while hidden. */
void sdl_window_update(struct sdl_window *w, uint64_t now);
/* When the next sdl_window_update must come even if nothing else happens; HOST_FOREVER: never. */
uint64_t sdl_window_due(const struct sdl_window *w);
/* Textures are gone: makes them again. */
void sdl_window_restore(struct sdl_window *w);

void sdl_window_set_title(struct sdl_window *w, const char *title);
void sdl_window_toggle_full(struct sdl_window *w);

/* A point of the window as events have it, in physical pixels. */
void sdl_window_point(const struct sdl_window *w, int *x, int *y);

#endif
