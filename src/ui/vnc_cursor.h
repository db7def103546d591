/* SPDX-License-Identifier: MIT */
/* The guest's pointer as the viewer's own, so that it moves without a round trip. */
#ifndef UI_VNC_CURSOR_H
#define UI_VNC_CURSOR_H

#include "display/display.h"

#include <rfb/rfb.h>

/* Shows the head's cursor in the screen, or none if it is hidden. The viewer's thread. */
void vnc_cursor_set(rfbScreenInfoPtr rfb, struct display *d, unsigned head,
                    const struct head_state *state);

/* The picture of a cursor (BGRA, colours multiplied by alpha) as RGBA without gaps, so or with
 * colours whole. */
void vnc_cursor_rgba(const struct picture *pic, uint8_t *to, bool colours_whole);

#endif
