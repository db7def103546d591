/* SPDX-License-Identifier: MIT */
/*
 * A screen of the library for one viewer: a framebuffer with the last picture read, the guest's
 * pointer as a cursor that the viewer draws, sizes that follow the guest's mode, and the viewer's
 * input. The viewer's thread only, except init and finish.
 *
 * The library has one lock for all screens of a process and initialises it again whenever a screen
 * is made. So all screens are made before the first viewer runs, and are reused by later viewers.
 */
#ifndef UI_VNC_SCREEN_H
#define UI_VNC_SCREEN_H

#include "host/loop.h"
#include "ui/vnc_extensions.h"
#include "ui/vnc_viewer.h"

#include <rfb/rfb.h>

struct vnc_screen {
    const struct vnc_config *config;
    rfbScreenInfoPtr rfb;
    struct vnc_extensions extensions;
    struct vnc_input input;
    /* from begin to end */
    struct loop_timer *blank;  /* armed while the old picture of an inactive head is shown */
    struct loop_timer *resize; /* armed while a requested size is not yet passed to the guest */
    uint32_t wanted_width, wanted_height; /* requested by the viewer; 0: none */
    uint32_t asked_width, asked_height;   /* passed to the guest; 0: none, or it has followed */
    void (*update)(void *ctx);
    void *ctx;
    /* from open to end */
    struct viewer *viewer;
    struct input_watch *watch;
    uint8_t *pixels; /* BGRX, width * 4 bytes a row */
    struct head_state state;
    uint64_t blank_due; /* what the timer `blank` is set to */
    pixman_region32_t damage;
    rfbPixelFormat mapped; /* the true-colour format made of one with a colour map; zero: none */
    bool changed;          /* vnc_screen_changed was called since the last take */
    bool dark;             /* pixels are black because the head is inactive */
};

/* The config must outlive the screen. False: out of memory. */
bool vnc_screen_init(struct vnc_screen *s, const struct vnc_config *config);
void vnc_screen_finish(struct vnc_screen *s);

/* Around a connection. The timers are armed when vnc_screen_blank and _resize are due; update(ctx)
 * is called on any thread when vnc_screen_changed is due. */
void vnc_screen_begin(struct vnc_screen *s, struct loop_timer *blank, struct loop_timer *resize,
                      void (*update)(void *ctx), void *ctx);
void vnc_screen_end(struct vnc_screen *s);
/* Allocates the framebuffer and reads the picture: the client may see it. False: out of memory. */
bool vnc_screen_open(struct vnc_screen *s, rfbClientPtr client);
/* Prepares a new client, before its first message. */
void vnc_screen_welcome(struct vnc_screen *s, rfbClientPtr client);
/* Releases the client's keys, closes and frees it. */
void vnc_screen_farewell(struct vnc_screen *s, rfbClientPtr client);

void vnc_screen_changed(struct vnc_screen *s); /* the display or the guest's LEDs changed */
void vnc_screen_blank(struct vnc_screen *s);   /* the timer `blank` fired */
void vnc_screen_resize(struct vnc_screen *s);  /* the timer `resize` fired */
/* If the viewer has requested an update: takes from the display and sends it. May close the
 * client. */
void vnc_screen_update(struct vnc_screen *s, rfbClientPtr client);

#endif
