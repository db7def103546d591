/* SPDX-License-Identifier: MIT */
/*
 * What one viewer does with its keyboard and pointer. What it holds down comes up when it goes, and
 * nothing of what another viewer holds. The viewer's thread only.
 */
#ifndef UI_VNC_INPUT_H
#define UI_VNC_INPUT_H

#include "display/input.h"

struct vnc_input {
    struct input_held held;
    unsigned buttons; /* held, by RFB's mask */
    int32_t x, y;     /* last position; -1: none yet */
};

void vnc_input_init(struct vnc_input *in, struct input_hub *hub);
/* code: KEY_*, or 0 for a key that the guest does not have. */
void vnc_input_key(struct vnc_input *in, unsigned code, bool down);
/* RFC 6143, 7.5.5: buttons is a bit per button, left first; wheels are buttons 4 to 7. x, y: on the
 * tablet, 0..INPUT_ABS_MAX. */
void vnc_input_pointer(struct vnc_input *in, unsigned buttons, int32_t x, int32_t y);
/* Everything this viewer holds comes up. */
void vnc_input_release(struct vnc_input *in);

#endif
