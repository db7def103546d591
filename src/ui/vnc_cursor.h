/* SPDX-License-Identifier: MIT */
/* The guest's pointer as the viewer's own, so that it moves without a round trip. */
#ifndef UI_VNC_CURSOR_H
#define UI_VNC_CURSOR_H

#include "display/display.h"

#include <rfb/rfb.h>

/* Shows the head's cursor in the screen, or none if it is hidden. The viewer's thread. */
void vnc_cursor_set(rfbScreenInfoPtr rfb, struct display *d, unsigned head,
                    const struct head_state *state);

#endif
