/* SPDX-License-Identifier: MIT */
#include "ui/keyboard_layout.h"

#include "base/text.h"

#include <linux/input-event-codes.h>
#include <string.h>

#define LEVELS 4 /* plain, Shift, AltGr, both: the modifiers as a number */

/* Accents as combining characters, which stand for dead keys in the layouts. */
#define GRAVE      "\u0300"
#define ACUTE      "\u0301"
#define CIRCUMFLEX "\u0302"
#define TILDE      "\u0303"
#define DIAERESIS  "\u0308"

/* The key positions that a layout's strings go through, from the top left. */
static const uint8_t positions[] = {
    KEY_GRAVE,      KEY_1,     KEY_2, KEY_3,     KEY_4,         KEY_5,
    KEY_6,          KEY_7,     KEY_8, KEY_9,     KEY_0,         KEY_MINUS,
    KEY_EQUAL,      KEY_Q,     KEY_W, KEY_E,     KEY_R,         KEY_T,
    KEY_Y,          KEY_U,     KEY_I, KEY_O,     KEY_P,         KEY_LEFTBRACE,
    KEY_RIGHTBRACE, KEY_A,     KEY_S, KEY_D,     KEY_F,         KEY_G,
    KEY_H,          KEY_J,     KEY_K, KEY_L,     KEY_SEMICOLON, KEY_APOSTROPHE,
    KEY_BACKSLASH,  KEY_102ND, KEY_Z, KEY_X,     KEY_C,         KEY_V,
    KEY_B,          KEY_N,     KEY_M, KEY_COMMA, KEY_DOT,       KEY_SLASH,
};

/* One character for each position; a blank stands for none. */
struct keyboard_layout {
    const char *name;
    const char *level[LEVELS];
};

static const struct keyboard_layout layouts[] = {
    {"us",
     {"`1234567890-="
      "qwertyuiop[]"
      "asdfghjkl;'\\"
      " zxcvbnm,./",
      "~!@#$%^&*()_+"
      "QWERTYUIOP{}"
      "ASDFGHJKL:\"|"
      " ZXCVBNM<>?"}},
    {"uk",
     {"`1234567890-="
      "qwertyuiop[]"
      "asdfghjkl;'#"
      "\\zxcvbnm,./",
      "¬!\"£$%^&*()_+"
      "QWERTYUIOP{}"
      "ASDFGHJKL:@~"
      "|ZXCVBNM<>?",
      "    €"}},
    {"de",
     {CIRCUMFLEX "1234567890ß" ACUTE "qwertzuiopü+"
                 "asdfghjklöä#"
                 "<yxcvbnm,.-",
      "°!\"§$%&/()=?" GRAVE "QWERTZUIOPÜ*"
      "ASDFGHJKLÖÄ'"
      ">YXCVBNM;:_",
      "  ²³   {[]}\\ "
      "@ €        ~"
      "            "
      "|      µ"}},
    {"fr",
     {"²&é\"'(-è_çà)="
      "azertyuiop" CIRCUMFLEX "$"
      "qsdfghjklmù*"
      "<wxcvbn,;:!",
      " 1234567890°+"
      "AZERTYUIOP" DIAERESIS "£"
      "QSDFGHJKLM%µ"
      ">WXCVBN?./§",
      "  ~#{[|`\\^@]}"
      "  €"}},
};

const struct keyboard_layout *keyboard_layout_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
        if (!strcmp(layouts[i].name, name))
            return &layouts[i];
    return NULL;
}

bool keyboard_layout_read(void *layout, const char *name, struct error *err)
{
    const struct keyboard_layout *found = keyboard_layout_find(name);
    if (!found)
        return error_set(err, "unknown; give " KEYBOARD_LAYOUTS);
    *(const struct keyboard_layout **)layout = found;
    return true;
}

uint32_t utf8_next(const char **p)
{
    unsigned length;
    if (!**p)
        return 0;
    uint32_t c = text_utf8((const uint8_t *)*p, strnlen(*p, 4), &length);
    *p += MAX(length, 1);
    return length ? c : 0xfffd;
}

/* Returns the character at a position; 0: none. */
static uint32_t character_at(const struct keyboard_layout *l, unsigned level, unsigned position)
{
    const char *p = l->level[level];
    uint32_t c = 0;
    for (unsigned i = 0; p && *p && i <= position; i++)
        c = i < position ? (utf8_next(&p), 0) : utf8_next(&p);
    return c;
}

/* True if Caps Lock affects the key: it does where Shift types the capital of the plain letter. */
static bool is_letter(const struct keyboard_layout *l, unsigned position)
{
    uint32_t plain = character_at(l, 0, position), shifted = character_at(l, 1, position);
    return plain - shifted == 0x20 && (plain - 'a' < 26 || plain >= 0xe0);
}

bool keyboard_layout_has_altgr(const struct keyboard_layout *l)
{
    return l->level[KEYBOARD_ALTGR];
}

bool keyboard_layout_key(const struct keyboard_layout *l, uint32_t character,
                         struct key_stroke *out)
{
    for (unsigned level = 0; level < LEVELS; level++) {
        const char *p = l->level[level];
        for (unsigned i = 0; p && *p && i < ARRAY_SIZE(positions); i++) {
            if (utf8_next(&p) != character)
                continue;
            *out = (struct key_stroke){positions[i], (uint8_t)level, level < 2 && is_letter(l, i)};
            return true;
        }
    }
    return false;
}

/* Characters typed with two keys: a dead key and a base character. */
static const struct {
    const char *accent, *bases, *results;
} composed[] = {
    {GRAVE, "aeiouAEIOU ", "àèìòùÀÈÌÒÙ`"},      {ACUTE, "aeiouyAEIOUY", "áéíóúýÁÉÍÓÚÝ"},
    {CIRCUMFLEX, "aeiouAEIOU ", "âêîôûÂÊÎÔÛ^"}, {TILDE, "anoANO ", "ãñõÃÑÕ~"},
    {DIAERESIS, "aeiouyAEIOU", "äëïöüÿÄËÏÖÜ"},
};

/* Accents alone, which are typed by pressing their dead key twice. */
static const struct {
    uint32_t character;
    const char *accent;
} doubled[] = {{0xb4, ACUTE}, {0xa8, DIAERESIS}};

static bool find_base(const struct keyboard_layout *l, uint32_t character, struct key_stroke *out)
{
    *out = (struct key_stroke){KEY_SPACE, 0, false};
    return character == ' ' || keyboard_layout_key(l, character, out);
}

static unsigned find_composed(const struct keyboard_layout *l, uint32_t character,
                              struct key_stroke out[KEYBOARD_MAX_STROKES])
{
    for (size_t i = 0; i < ARRAY_SIZE(composed); i++) {
        const char *accent = composed[i].accent, *base = composed[i].bases;
        uint32_t dead = utf8_next(&accent), from;
        for (const char *to = composed[i].results; (from = utf8_next(&base));)
            if (utf8_next(&to) == character && keyboard_layout_key(l, dead, &out[0]) &&
                find_base(l, from, &out[1]))
                return 2;
    }
    for (size_t i = 0; i < ARRAY_SIZE(doubled); i++) {
        const char *accent = doubled[i].accent;
        if (doubled[i].character == character &&
            keyboard_layout_key(l, utf8_next(&accent), &out[0])) {
            out[1] = out[0];
            return 2;
        }
    }
    return 0;
}

unsigned keyboard_layout_strokes(const struct keyboard_layout *l, uint32_t character,
                                 struct key_stroke out[KEYBOARD_MAX_STROKES])
{
    uint16_t plain = character == ' '    ? KEY_SPACE
                     : character == '\t' ? KEY_TAB
                     : character == '\n' ? KEY_ENTER
                                         : 0;
    if (plain) {
        out[0] = (struct key_stroke){plain, 0, false};
        return 1;
    }
    /* stands for a dead key, not for a character */
    bool dead = character >= 0x300 && character < 0x370;
    if (!dead && keyboard_layout_key(l, character, &out[0]))
        return 1;
    return find_composed(l, character, out);
}
