/* SPDX-License-Identifier: MIT */
/*
 * Maps characters to the keys that type them in a keyboard layout. Front-ends send keys by
 * position, not by character, so typing a text needs the layout that the guest uses. The layouts
 * are those of the same names in XKB (uk: gb), which Linux's console uses, too. Constant tables;
 * any thread.
 */
#ifndef UI_KEYBOARD_LAYOUT_H
#define UI_KEYBOARD_LAYOUT_H

#include "base/error.h"

enum { KEYBOARD_SHIFT = 1, KEYBOARD_ALTGR = 2 };

/* A press and release of a key (KEY_*) with modifiers held. */
struct key_stroke {
    uint16_t code;
    uint8_t modifiers;
    bool letter; /* Caps Lock inverts Shift for it */
};

#define KEYBOARD_MAX_STROKES 2 /* for one character: a dead key, then a letter */

struct keyboard_layout;

/* One of these; NULL: none of them. */
#define KEYBOARD_LAYOUTS "us|uk|de|fr"
const struct keyboard_layout *keyboard_layout_find(const char *name);
/* The same, for a table of base/parse.h; layout: const struct keyboard_layout **. */
bool keyboard_layout_read(void *layout, const char *name, struct error *err);
/* True if AltGr selects characters in it; false: that key is Alt. */
bool keyboard_layout_has_altgr(const struct keyboard_layout *l);
/* Finds the key that types a character alone; a combining character (U+0300 and so on) stands for
 * the dead key of that accent. False: there is none. */
bool keyboard_layout_key(const struct keyboard_layout *l, uint32_t character,
                         struct key_stroke *out);
/* Returns the number of strokes that type a Unicode character; 0: the layout cannot type it. */
unsigned keyboard_layout_strokes(const struct keyboard_layout *l, uint32_t character,
                                 struct key_stroke out[KEYBOARD_MAX_STROKES]);

/* Returns the character of UTF-8 text at *p and advances *p; 0 at the end, U+FFFD for a wrong
 * byte. */
uint32_t utf8_next(const char **p);

#endif
