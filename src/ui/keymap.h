/* SPDX-License-Identifier: MIT */
/*
 * Converts the names of keys to Linux's codes (KEY_*), which virtio-input and everything in
 * riscreen use. A window names a key by its USB usage number, which is its position: the guest
 * applies its own layout. QMP clients use qcodes ("ret", "ctrl_r") or PC scancodes. Scripts use
 * readable names, or characters as a US keyboard types them. Constant tables; 0 (KEY_RESERVED)
 * means that there is no such key.
 */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include "base/util.h"

/* usage: of USB HID's keyboard page; from 257 on, SDL's number of a media key: an SDL_Scancode. */
unsigned keymap_from_usb(unsigned usage);

/* name: a QKeyCode of QMP. */
unsigned keymap_from_qcode(const char *name);

/* number: QMP's, a PC (set 1) scancode, plus 0x80 if it is prefixed by 0xe0. */
unsigned keymap_from_number(int64_t number);

/* name: a qcode or a common name such as "enter", "space", "super"; in any case. */
unsigned keymap_from_name(const char *name, size_t len);

/* Returns the key that types an ASCII character on a US keyboard, and whether it needs Shift. */
unsigned keymap_from_char(char c, bool *shift);

/* name: "left", "middle", "right", "side", "extra". Returns BTN_LEFT and so on. */
unsigned keymap_button(const char *name);

#endif
