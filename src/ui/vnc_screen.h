/* SPDX-License-Identifier: MIT */
/*
 * What one viewer sees and does, in the library's terms: a framebuffer that keeps the last picture
 * read, the guest's pointer as the viewer's own cursor, sizes that follow the guest's mode, and
 * input on its way back. The viewer's thread only, but init and finish.
 *
 * The library keeps a lock for all screens of a process, which making a screen resets, so screens
 * are made before the first viewer may come, and used by one viewer after another.
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
    struct loop_timer *blank;  /* armed while a screen that went dark still shows its picture */
    struct loop_timer *resize; /* armed while the viewer's preferred is not passed on */
    uint32_t wanted_width, wanted_height; /* 0: it has none */
    uint32_t asked_width, asked_height;   /* what the guest was asked for; 0: nothing, or it came */
    void (*update)(void *ctx);
    void *ctx;
    /* from open to end */
    struct viewer *viewer;
    struct input_watch *watch;
    uint8_t *pixels; /* BGRX, width * 4 bytes a row */
    struct head_state state;
    uint64_t blank_due; /* what the timer `blank` is set to */
    pixman_region32_t damage;
    rfbPixelFormat mapped; /* what became of a format with a colour map; zero: none */
    bool changed;          /* there is something to take */
    bool dark;             /* pixels are black because the head shows nothing */
};

/* The config outlives the screen. False: out of memory. */
bool vnc_screen_init(struct vnc_screen *s, const struct vnc_config *config);
void vnc_screen_finish(struct vnc_screen *s);

/* Around a connection. The timers are armed when vnc_screen_blank and _resize are due; update(ctx)
 * is called on any thread when vnc_screen_changed is due. */
void vnc_screen_begin(struct vnc_screen *s, struct loop_timer *blank, struct loop_timer *resize,
                      void (*update)(void *ctx), void *ctx);
void vnc_screen_end(struct vnc_screen *s);
/* The client may see the picture: makes it. Until then a stranger costs no pixels. False: out of
 * memory. */
bool vnc_screen_open(struct vnc_screen *s, rfbClientPtr client);
/* A new client, before its first message. */
void vnc_screen_welcome(struct vnc_screen *s, rfbClientPtr client);
/* It is gone or must go: lets go of its keys, closes and frees it. */
void vnc_screen_farewell(struct vnc_screen *s, rfbClientPtr client);

void vnc_screen_changed(struct vnc_screen *s); /* display or keyboard have something new */
void vnc_screen_blank(struct vnc_screen *s);   /* the timer's time has come */
void vnc_screen_resize(struct vnc_screen *s);  /* the same */
/* Reads what is new, if the viewer has asked for an update, and sends it. May close the client. */
void vnc_screen_update(struct vnc_screen *s, rfbClientPtr client);

#endif
