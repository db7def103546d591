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
#include "ui/ui.h"
#include "ui/vnc_input.h"

#include <rfb/rfb.h>

struct vnc_screen {
    struct ui_env env;
    rfbScreenInfoPtr rfb;
    rfbProtocolExtension extension;
    struct vnc_input input;
    /* while a viewer is there */
    struct viewer *viewer;
    struct loop_timer *blank; /* armed while a screen that went dark still shows its picture */
    uint8_t *pixels;          /* BGRX, width * 4 bytes a row */
    struct head_state state;
    pixman_region32_t damage;
    bool changed; /* there is something to take */
    bool dark;    /* pixels are black because the head shows nothing */
};

/* passwords: as for vnc_viewer_create. false: out of memory. */
bool vnc_screen_init(struct vnc_screen *s, const struct ui_env *env, char **passwords);
void vnc_screen_finish(struct vnc_screen *s);

/* Before a viewer: takes the picture as it is now. `blank` is armed when vnc_screen_blank is to be
 * called. false: out of memory; close is called in any case. */
bool vnc_screen_open(struct vnc_screen *s, struct viewer *viewer, struct loop_timer *blank);
void vnc_screen_close(struct vnc_screen *s);
/* A new viewer in the screen: before its first message. */
bool vnc_screen_welcome(struct vnc_screen *s, rfbClientPtr client);
/* It is gone or must go: lets go of its keys, closes and frees it. */
void vnc_screen_farewell(struct vnc_screen *s, rfbClientPtr client);

void vnc_screen_changed(struct vnc_screen *s); /* the display has something new */
void vnc_screen_blank(struct vnc_screen *s);   /* the timer's time has come */
/* Reads what is new, if the viewer has asked for an update, and sends it. May close the client. */
void vnc_screen_update(struct vnc_screen *s, rfbClientPtr client);

#endif
