/* SPDX-License-Identifier: MIT */
/*
 * Keys have four names on their way in, and one inside. Inside, a key is its Linux code (KEY_*), as
 * virtio-input speaks it. A window says where on the keyboard the key sits, by USB usage number,
 * which is layout-free: the guest applies its own layout. QMP clients say a qcode ("ret", "ctrl_r")
 * or a PC scancode number. Scripts say a friendly name, or type characters as a US keyboard would.
 * Everything here is constant tables. 0 (KEY_RESERVED) is the answer for what has no key.
 */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include "base/util.h"

/* USB HID usage of the keyboard page, from 257 on SDL's numbers for media keys: an SDL_Scancode. */
unsigned keymap_from_usb(unsigned usage);

/* QMP's QKeyCode. */
unsigned keymap_from_qcode(const char *name);

/* QMP's key number: a PC (set 1) scancode, 0x80 added if it is prefixed by 0xe0. */
unsigned keymap_from_number(int64_t number);

/* What a person writes: a qcode, or a usual name such as "enter", "space", "super"; any case. */
unsigned keymap_from_name(const char *name, size_t len);

/* The key that types an ASCII character on a US keyboard, and whether shift is held for it. */
unsigned keymap_from_char(char c, bool *shift);

/* "left", "middle", "right", "side", "extra": BTN_LEFT and so on. */
unsigned keymap_button(const char *name);

#endif
