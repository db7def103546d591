/* SPDX-License-Identifier: MIT */
/*
 * Two things that SDL does not do well on an X server.
 *
 * Waiting: SDL's own wait is woken by a message through the X server, which the waking thread
 * sends. Here the main thread polls the X connection and a pipe, which is faster, and no other
 * thread uses the connection.
 *
 * The end of the X server: Xlib calls its I/O error handler in the middle of whatever call found
 * the connection closed, and exits the process if the handler returns. Here the handler leaves that
 * call by longjmp, so that the machine can be shut down.
 *
 * Invariant: after the jump the state of SDL and Xlib is undefined (a lock may be held, a list half
 * linked), so no function of either is called again; the process keeps their memory until it exits.
 * From sdl_x11_init on, every call of SDL therefore runs below sdl_x11_guard, on the main thread,
 * and functions that run there keep nothing that only their return would release: no lock of ours
 * held across a call of SDL, no memory or descriptor owned by a local variable alone. (What such a
 * variable owns is leaked once, right before the end.) Breaks if: SDL is called outside of the
 * guard (Xlib exits the process, and disks are not flushed), on another thread (longjmp to another
 * thread's stack), or after `lost` is set.
 *
 * With any other video driver SDL's own functions are used: SDL reports Wayland's end as an event.
 * Main thread only, but for sdl_x11_wake.
 */
#ifndef UI_SDL_X11_H
#define UI_SDL_X11_H

#include "sdl/api.h"

#include <setjmp.h>

struct sdl_x11 {
    bool on;      /* SDL uses an X server; false: the members below are not valid */
    int fd;       /* of the connection */
    int pipe[2];  /* written to end a wait */
    bool lost;    /* the connection was closed: SDL must not be called */
    bool guarded; /* sdl_x11_guard runs, and guard_exit is valid */
    jmp_buf guard_exit;
};

/* window: any that SDL opened. Other drivers, and hosts without the needed functions of Xlib: x->on
 * stays false. */
void sdl_x11_init(struct sdl_x11 *x, const struct sdl_api *sdl, SDL_Window *window);
void sdl_x11_finish(struct sdl_x11 *x);

/* Runs fn(ctx), which may call SDL. False: the connection was closed, now or earlier; then fn did
 * not run to its end. Not to be nested. */
bool sdl_x11_guard(struct sdl_x11 *x, void (*fn)(void *ctx), void *ctx);

/* Blocks until the connection is readable, sdl_x11_wake is called, or ms have passed (-1: no
 * limit). Events that SDL has read already do not end the wait: call SDL_PollEvent first. */
void sdl_x11_wait(struct sdl_x11 *x, int ms);
void sdl_x11_wake(struct sdl_x11 *x); /* any thread */

#endif
