/* SPDX-License-Identifier: MIT */
/*
 * Keysyms, the way VNC viewers name keys: what a key types on the viewer's keyboard, not where it
 * sits. A guest wants the place, so this assumes a US keyboard on both sides; viewers that know
 * QEMU's extended key events send the place itself and need none of this. Constant tables.
 */
#ifndef UI_VNC_KEYSYM_H
#define UI_VNC_KEYSYM_H

#include "base/util.h"

/* The Linux key (KEY_*) of an X keysym; 0: a US keyboard has no such key. */
unsigned vnc_key_from_keysym(uint32_t keysym);

#endif
