/* SPDX-License-Identifier: MIT */
/*
 * What a guest's keyboard layout writes, turned round: which keys type a character. Front-ends send
 * places on the keyboard, not characters, so typing a text for the user takes knowing the layout
 * that the guest has chosen. Layouts are those of the same names in XKB (uk: gb), which Linux's
 * console uses too. Constant tables; any thread.
 */
#ifndef UI_KEYBOARD_LAYOUT_H
#define UI_KEYBOARD_LAYOUT_H

#include "base/error.h"

enum { KEYBOARD_SHIFT = 1, KEYBOARD_ALTGR = 2 };

/* One press: a key (KEY_*), modifiers held around it. */
struct key_stroke {
    uint16_t code;
    uint8_t modifiers;
    bool letter; /* caps lock swaps its shift */
};

#define KEYBOARD_MAX_STROKES 2 /* of a character: a dead key, then a letter */

struct keyboard_layout;

/* One of these; NULL: none of them. */
#define KEYBOARD_LAYOUTS "us|uk|de|fr"
const struct keyboard_layout *keyboard_layout_find(const char *name);
/* The same, for a table of base/parse.h; layout: const struct keyboard_layout **. */
bool keyboard_layout_read(void *layout, const char *name, struct error *err);
/* Does AltGr choose characters in it, or is that key Alt? */
bool keyboard_layout_has_altgr(const struct keyboard_layout *l);
/* The one key with this character on it; for the dead key of an accent, a combining character
 * (U+0300 and so on). */
bool keyboard_layout_key(const struct keyboard_layout *l, uint32_t character,
                         struct key_stroke *out);
/* The strokes that type a Unicode character; 0: this layout has no way. */
unsigned keyboard_layout_strokes(const struct keyboard_layout *l, uint32_t character,
                                 struct key_stroke out[KEYBOARD_MAX_STROKES]);

/* The next character of UTF-8 text at *p, which moves on; 0 at the end, U+FFFD for a wrong byte. */
uint32_t utf8_next(const char **p);

#endif
