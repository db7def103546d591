/* SPDX-License-Identifier: MIT */
/*
 * What one viewer does with its keyboard and pointer. It remembers what this viewer holds, so that
 * a viewer that goes away lets go of exactly that, and nothing of what another viewer holds. The
 * viewer's thread only.
 */
#ifndef UI_VNC_INPUT_H
#define UI_VNC_INPUT_H

#include "display/input.h"

struct vnc_input {
    struct input_hub *hub;
    uint64_t keys[0x300 / 64]; /* held, by KEY_* */
    unsigned buttons;          /* held, by RFB's mask */
    int x, y;                  /* last position; -1: none yet */
};

void vnc_input_init(struct vnc_input *in, struct input_hub *hub);
/* code: KEY_*, or 0 for a key that the guest does not have. */
void vnc_input_key(struct vnc_input *in, unsigned code, bool down);
/* RFC 6143, 7.5.5: buttons is a bit per button, left first; wheels are buttons 4 to 7. The position
 * is in pixels of a width x height picture. */
void vnc_input_pointer(struct vnc_input *in, unsigned buttons, int x, int y, int width, int height);
/* Everything this viewer holds comes up. */
void vnc_input_release(struct vnc_input *in);

#endif
