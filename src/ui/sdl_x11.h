/* SPDX-License-Identifier: MIT */
/*
 * SDL on an X server, where two things are better done without it. SDL wakes its own wait through
 * the X server, from the thread that has the news; here the main thread waits for the X connection
 * and a pipe, which is faster, and no other thread ever talks to the server. And when the server
 * goes away, Xlib ends the program in the middle of whatever call noticed; here the call is left
 * by a long jump and SDL is not called again, so that the machine can end as it should. With any
 * other video driver (Wayland, which tells SDL of its end) SDL's ways are used. Main thread only,
 * but for sdl_x11_wake.
 */
#ifndef UI_SDL_X11_H
#define UI_SDL_X11_H

#include "sdl/api.h"

#include <setjmp.h>

struct sdl_x11 {
    bool on;     /* SDL uses an X server, and all below is valid */
    int fd;      /* the connection */
    int pipe[2]; /* wakes the wait */
    bool lost;   /* the server went away: SDL must not be called */
    bool guarded;
    jmp_buf way_out;
};

/* window: any that SDL opened. */
void sdl_x11_init(struct sdl_x11 *x, const struct sdl_api *sdl, SDL_Window *window);
void sdl_x11_finish(struct sdl_x11 *x);

/* Runs fn(ctx), which may call SDL; false: the server went away meanwhile. No two at a time, and
 * SDL is called nowhere else from now on. */
bool sdl_x11_guard(struct sdl_x11 *x, void (*fn)(void *ctx), void *ctx);

/* Sleeps until the connection has something to read, a wake, or ms have passed (-1: however long).
 * Events that SDL has read already do not wake it: ask SDL first. */
void sdl_x11_wait(struct sdl_x11 *x, int ms);
void sdl_x11_wake(struct sdl_x11 *x); /* any thread */

#endif
