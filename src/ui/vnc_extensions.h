/* SPDX-License-Identifier: MIT */
/*
 * Protocol extensions that the library has not got: keys by their position on the keyboard (QEMU's
 * extended key events), the keyboard's LEDs (QEMU's LED state), cursors with partly transparent
 * pixels (TigerVNC's and VMware's), and immediate answers to requests for another size
 * (ExtendedDesktopSize). A viewer lists those that it supports in SetEncodings, as
 * pseudo-encodings; the server sends rectangles of that encoding, in updates of their own.
 */
#ifndef UI_VNC_EXTENSIONS_H
#define UI_VNC_EXTENSIONS_H

#include "display/display.h"
#include "ui/vnc_input.h"

#include <rfb/rfb.h>

#define VNC_QEMU_MESSAGE 255 /* the type of QEMU's client messages: extended key events */

struct vnc_extensions {
    rfbProtocolExtension extension;
    /* in the client's list; not allocated, since the library never frees such an entry */
    rfbExtensionData record;
    struct vnc_input *input;
    struct display *display;
    unsigned head;
    /* what the viewer supports */
    bool leds;
    int cursor_encoding; /* the best one; 0: none */
    /* what was sent */
    unsigned leds_sent; /* bits as in input_leds, or LEDS_NOT_SENT */
    bool cursor_due;    /* the cursor has changed since it was sent */
};

void vnc_extensions_init(struct vnc_extensions *x, struct vnc_input *input, struct display *d,
                         unsigned head);
/* Adds the extensions to a new client, before its first message. */
void vnc_extensions_enable(struct vnc_extensions *x, rfbClientPtr client);
void vnc_extensions_disable(struct vnc_extensions *x, rfbClientPtr client);
void vnc_extensions_cursor_changed(struct vnc_extensions *x);
/* Answers a viewer's request for a size with a status (rfbExtDesktopSize_ or VNC_SIZE_FORWARDED)
 * and the size that its screen has now. Does nothing if the viewer does not support such
 * answers. */
enum { VNC_SIZE_FORWARDED = 4 }; /* the guest was notified and may follow */
void vnc_extensions_answer_size(rfbClientPtr client, unsigned status);
/* Sends LEDs and cursor if they have changed. To be called when the viewer has requested an
 * update. */
void vnc_extensions_send(struct vnc_extensions *x, rfbClientPtr client,
                         const struct head_state *state);

#endif
