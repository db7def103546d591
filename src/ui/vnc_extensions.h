/* SPDX-License-Identifier: MIT */
/*
 * What viewers may know beyond the library: keys by their place on the keyboard (QEMU's extended
 * key events), the keyboard's LEDs (QEMU's LED state), pointers with half-transparent edges
 * (TigerVNC's and VMware's), and the answer to a request for another size, at once
 * (ExtendedDesktopSize). A viewer names what it knows in SetEncodings, as an encoding that is
 * none; the server answers with rectangles of that encoding, in updates of their own.
 */
#ifndef UI_VNC_EXTENSIONS_H
#define UI_VNC_EXTENSIONS_H

#include "display/display.h"
#include "ui/vnc_input.h"

#include <rfb/rfb.h>

#define VNC_QEMU_MESSAGE 255 /* a type of message from a viewer: extended key events */

struct vnc_extensions {
    rfbProtocolExtension extension;
    rfbExtensionData record; /* in the client's list: the library would never free one of its own */
    struct vnc_input *input;
    struct display *display;
    unsigned head;
    /* what the viewer knows */
    bool leds;
    int cursor_encoding; /* the best, or 0 */
    /* what it was told */
    unsigned leds_sent; /* a bit each, or LEDS_NOT_SENT */
    bool cursor_due;    /* it changed since */
};

void vnc_extensions_init(struct vnc_extensions *x, struct vnc_input *input, struct display *d,
                         unsigned head);
/* A new viewer, before its first message. */
void vnc_extensions_enable(struct vnc_extensions *x, rfbClientPtr client);
void vnc_extensions_disable(struct vnc_extensions *x, rfbClientPtr client);
void vnc_extensions_cursor_changed(struct vnc_extensions *x);
/* Answers a viewer's request for a size, with an rfbExtDesktopSize_ status or VNC_SIZE_FORWARDED,
 * and with the size that its screen has now. Nothing, if it knows no such answers. */
enum { VNC_SIZE_FORWARDED = 4 }; /* the guest has been asked and will follow, or not */
void vnc_extensions_answer_size(rfbClientPtr client, unsigned status);
/* Sends what is due. The viewer has asked for an update. */
void vnc_extensions_send(struct vnc_extensions *x, rfbClientPtr client,
                         const struct head_state *state);

#endif
