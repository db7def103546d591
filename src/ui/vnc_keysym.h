/* SPDX-License-Identifier: MIT */
/*
 * Keysyms, the way VNC viewers name keys: what a key types on the viewer's keyboard, not where it
 * sits (RFC 6143, 7.5.4). A guest wants the place, and the modifiers that make the same character
 * there, in the layout that the guest has chosen. Viewers that know QEMU's extended key events send
 * the place itself and need none of this. Constant tables.
 */
#ifndef UI_VNC_KEYSYM_H
#define UI_VNC_KEYSYM_H

#include "ui/keyboard_layout.h"

struct vnc_keysym {
    struct key_stroke stroke[KEYBOARD_MAX_STROKES]; /* the last is the key that is held */
    unsigned count;                                 /* 0: the layout has no such key */
    bool character; /* its strokes need their modifiers; false: any that are held go with it */
};

struct vnc_keysym vnc_keysym_find(const struct keyboard_layout *layout, uint32_t keysym);

#endif
