/* SPDX-License-Identifier: MIT */
/*
 * VNC viewers name keys by keysyms: what a key types on the viewer's keyboard, not its position
 * (RFC 6143, 7.5.4). A guest needs the position, and the modifiers with which that key types the
 * same character in the guest's layout. Viewers with QEMU's extended key events send positions
 * instead. Constant tables; any thread.
 */
#ifndef UI_VNC_KEYSYM_H
#define UI_VNC_KEYSYM_H

#include "ui/keyboard_layout.h"

struct vnc_keysym {
    struct key_stroke stroke[KEYBOARD_MAX_STROKES]; /* the last is the key that is held */
    unsigned count;                                 /* 0: the layout has no such key */
    bool character; /* the strokes need their modifiers; false: held modifiers stay as they are */
};

/* Returns the strokes for a keysym in the guest's layout. */
struct vnc_keysym vnc_keysym_find(const struct keyboard_layout *layout, uint32_t keysym);

#endif
