/* SPDX-License-Identifier: MIT */
/*
 * What one viewer does with its keyboard and pointer. What it holds down comes up when it goes, and
 * nothing of what another viewer holds. The viewer's thread only.
 *
 * A viewer that names keys by keysyms says which character it means; the shift keys that it holds
 * are but a hint (RFC 6143, 7.5.4). So while such a key is held, Shift and AltGr are in the guest
 * what that character takes in the guest's layout: pressed if the viewer does not hold them,
 * released if it does. When that key is released, or any other key is pressed, they are again what
 * the viewer holds. A shift key that the viewer presses meanwhile counts at once, so that a game's
 * "run" works while a letter is held.
 */
#ifndef UI_VNC_INPUT_H
#define UI_VNC_INPUT_H

#include "display/input.h"
#include "ui/keyboard_layout.h"

struct vnc_input {
    struct input_held held;
    unsigned buttons; /* held, by RFB's mask */
    int32_t x, y;     /* last position; -1: none yet */
    const struct keyboard_layout *layout;
    unsigned modifiers; /* those of Shift and AltGr that the viewer holds: VNC_HOLDS_* */
    bool level;         /* AltGr, if held, chooses characters; else it is Alt */
    unsigned typing;    /* the held key for whose character they differ in the guest; 0: none */
};

enum { VNC_HOLDS_LEFTSHIFT = 1, VNC_HOLDS_RIGHTSHIFT = 2, VNC_HOLDS_ALTGR = 4 };

/* layout: the guest's. */
void vnc_input_init(struct vnc_input *in, struct input_hub *hub,
                    const struct keyboard_layout *layout);
/* By what the key types on the viewer's keyboard. One that the layout does not have is ignored. */
void vnc_input_keysym(struct vnc_input *in, uint32_t keysym, bool down);
/* By its place. code: KEY_*, or 0 for a key that the guest does not have. */
void vnc_input_key(struct vnc_input *in, unsigned code, bool down);
/* RFC 6143, 7.5.5: buttons is a bit per button, left first; wheels are buttons 4 to 7. x, y: on the
 * tablet, 0..INPUT_ABS_MAX. */
void vnc_input_pointer(struct vnc_input *in, unsigned buttons, int32_t x, int32_t y);
/* Everything this viewer holds comes up. */
void vnc_input_release(struct vnc_input *in);

#endif
