/* SPDX-License-Identifier: MIT */
/* Sends the guest's pointer as a cursor that the viewer draws, so that it moves without a round
 * trip. */
#ifndef UI_VNC_CURSOR_H
#define UI_VNC_CURSOR_H

#include "display/display.h"

#include <rfb/rfb.h>

/* Sets the screen's cursor to the head's, or to none if that is hidden. The viewer's thread. */
void vnc_cursor_set(rfbScreenInfoPtr rfb, struct display *d, unsigned head,
                    const struct head_state *state);

/* Converts a cursor (BGRA, colours premultiplied by alpha) to RGBA rows without padding; with
 * straight_alpha, the colours are divided by alpha. */
void vnc_cursor_rgba(const struct picture *pic, uint8_t *to, bool straight_alpha);

#endif
