/* SPDX-License-Identifier: MIT */
/*
 * What viewers may know beyond the library: keys by their place on the keyboard (QEMU's extended
 * key events), the keyboard's LEDs (QEMU's LED state), and pointers with half-transparent edges
 * (TigerVNC's and VMware's). A viewer names what it knows in SetEncodings, as an encoding that is
 * none; the server answers with rectangles of that encoding, in updates of their own.
 */
#ifndef UI_VNC_EXTRAS_H
#define UI_VNC_EXTRAS_H

#include "display/display.h"
#include "ui/vnc_input.h"

#include <rfb/rfb.h>

struct vnc_extras {
    rfbProtocolExtension extension;
    rfbExtensionData record; /* in the client's list: the library would never free one of its own */
    struct vnc_input *input;
    struct display *display;
    unsigned head;
    /* what the viewer knows */
    bool leds;
    int cursor_encoding; /* the best, or 0 */
    /* what it was told */
    unsigned leds_told; /* a bit each, or LEDS_UNTOLD */
    bool cursor_due;    /* it changed since */
};

void vnc_extras_init(struct vnc_extras *x, struct vnc_input *input, struct display *d,
                     unsigned head);
/* A new viewer, before its first message. */
void vnc_extras_enable(struct vnc_extras *x, rfbClientPtr client);
void vnc_extras_disable(struct vnc_extras *x, rfbClientPtr client);
void vnc_extras_cursor_changed(struct vnc_extras *x);
/* Sends what is due. The viewer has asked for an update. */
void vnc_extras_send(struct vnc_extras *x, rfbClientPtr client, const struct head_state *state);

#endif
