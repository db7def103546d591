/* SPDX-License-Identifier: MIT */
/*
 * The keyboard and pointer of one viewer. When the viewer disconnects, the keys that it holds are
 * released, and no other viewer's. The viewer's thread only.
 *
 * A viewer that sends keysyms names the character that is meant; the shift keys that it holds are
 * only a hint (RFC 6143, 7.5.4). So while such a key is held, Shift and AltGr are in the guest what
 * that character requires in the guest's layout: pressed although the viewer does not hold them, or
 * released although it does. When that key is released, or any other key is pressed, they are again
 * what the viewer holds. A shift key that the viewer presses meanwhile is passed on at once, so
 * that a game's "run" works while a letter is held.
 */
#ifndef UI_VNC_INPUT_H
#define UI_VNC_INPUT_H

#include "display/input.h"
#include "ui/keyboard_layout.h"

struct vnc_input {
    struct input_held held;
    unsigned buttons; /* held: RFB's mask */
    int32_t x, y;     /* last position; -1: none yet */
    const struct keyboard_layout *layout;
    unsigned modifiers; /* the VNC_HOLDS_* that the viewer holds */
    bool level; /* a held VNC_HOLDS_ALTGR is AltGr, which chooses characters; false: it is Alt */
    unsigned typing; /* the held key whose character sets Shift and AltGr in the guest; 0: none */
};

enum { VNC_HOLDS_LEFTSHIFT = 1, VNC_HOLDS_RIGHTSHIFT = 2, VNC_HOLDS_ALTGR = 4 };

/* layout: of the guest's keyboard. */
void vnc_input_init(struct vnc_input *in, struct input_hub *hub,
                    const struct keyboard_layout *layout);
/* Presses or releases a key by its keysym. One that the layout has not got is ignored. */
void vnc_input_keysym(struct vnc_input *in, uint32_t keysym, bool down);
/* Presses or releases a key by its code: KEY_*, or 0 for one that is ignored. */
void vnc_input_key(struct vnc_input *in, unsigned code, bool down);
/* RFC 6143, 7.5.5: buttons has a bit for each button, the left one lowest; buttons 4 to 7 are
 * wheels. x, y: of the tablet, 0..INPUT_ABS_MAX. */
void vnc_input_pointer(struct vnc_input *in, unsigned buttons, int32_t x, int32_t y);
/* Releases all that this viewer holds. */
void vnc_input_release(struct vnc_input *in);

#endif
