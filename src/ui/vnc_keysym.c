/* SPDX-License-Identifier: MIT */
#include "ui/vnc_keysym.h"

#include <linux/input-event-codes.h>

/* Keysyms from 0xff00 to 0xffff ("function keys" in X11 protocol, appendix A), less 0xff00. A key
 * of the keypad has two: one with Num Lock on, one without. */
/* clang-format off */
static const uint16_t function_keys[256] = {
    [0x08] = KEY_BACKSPACE, KEY_TAB, KEY_LINEFEED,
    [0x0d] = KEY_ENTER,
    [0x13] = KEY_PAUSE, KEY_SCROLLLOCK, KEY_SYSRQ,
    [0x1b] = KEY_ESC,
    [0x20] = KEY_COMPOSE,
    [0x22] = KEY_MUHENKAN, KEY_HENKAN,
    [0x25] = KEY_HIRAGANA, KEY_KATAKANA, KEY_KATAKANAHIRAGANA,
    [0x2a] = KEY_ZENKAKUHANKAKU,
    [0x31] = KEY_HANGEUL, [0x34] = KEY_HANJA,
    [0x50] = KEY_HOME, KEY_LEFT, KEY_UP, KEY_RIGHT, KEY_DOWN, KEY_PAGEUP, KEY_PAGEDOWN, KEY_END,
    [0x61] = KEY_SYSRQ,
    [0x63] = KEY_INSERT,
    [0x65] = KEY_UNDO, [0x67] = KEY_COMPOSE, KEY_FIND, KEY_STOP, KEY_HELP, KEY_PAUSE,
    [0x7e] = KEY_RIGHTALT, KEY_NUMLOCK,
    [0x80] = KEY_SPACE, [0x89] = KEY_TAB, [0x8d] = KEY_KPENTER,
    [0x95] = KEY_KP7, KEY_KP4, KEY_KP8, KEY_KP6, KEY_KP2, KEY_KP9, KEY_KP3, KEY_KP1, KEY_KP5,
    [0x9e] = KEY_KP0, KEY_KPDOT,
    [0xaa] = KEY_KPASTERISK, KEY_KPPLUS, KEY_KPCOMMA, KEY_KPMINUS, KEY_KPDOT, KEY_KPSLASH,
    [0xb0] = KEY_KP0, KEY_KP1, KEY_KP2, KEY_KP3, KEY_KP4, KEY_KP5, KEY_KP6, KEY_KP7, KEY_KP8,
        KEY_KP9,
    [0xbd] = KEY_KPEQUAL,
    [0xbe] = KEY_F1, KEY_F2, KEY_F3, KEY_F4, KEY_F5, KEY_F6, KEY_F7, KEY_F8, KEY_F9, KEY_F10,
    [0xc8] = KEY_F11, KEY_F12, KEY_F13, KEY_F14, KEY_F15, KEY_F16, KEY_F17, KEY_F18, KEY_F19,
    [0xd1] = KEY_F20, KEY_F21, KEY_F22, KEY_F23, KEY_F24,
    [0xe1] = KEY_LEFTSHIFT, KEY_RIGHTSHIFT, KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_CAPSLOCK,
    [0xe7] = KEY_LEFTMETA, KEY_RIGHTMETA, KEY_LEFTALT, KEY_RIGHTALT, KEY_LEFTMETA, KEY_RIGHTMETA,
    [0xff] = KEY_DELETE,
};
/* clang-format on */

/* The rest: keys of XKB, and media keys as XFree86 numbered them. */
static const struct {
    uint32_t keysym;
    uint16_t code;
} other_keys[] = {
    {0xfe03, KEY_RIGHTALT},           /* ISO_Level3_Shift: AltGr */
    {0xfe11, KEY_RIGHTALT},           /* ISO_Level5_Shift */
    {0x1008ff02, KEY_BRIGHTNESSUP},   /* XF86MonBrightnessUp */
    {0x1008ff03, KEY_BRIGHTNESSDOWN}, /* XF86MonBrightnessDown */
    {0x1008ff11, KEY_VOLUMEDOWN},     /* XF86AudioLowerVolume */
    {0x1008ff12, KEY_MUTE},           /* XF86AudioMute */
    {0x1008ff13, KEY_VOLUMEUP},       /* XF86AudioRaiseVolume */
    {0x1008ff14, KEY_PLAYPAUSE},      /* XF86AudioPlay */
    {0x1008ff15, KEY_STOPCD},         /* XF86AudioStop */
    {0x1008ff16, KEY_PREVIOUSSONG},   /* XF86AudioPrev */
    {0x1008ff17, KEY_NEXTSONG},       /* XF86AudioNext */
    {0x1008ff18, KEY_HOMEPAGE},       /* XF86HomePage */
    {0x1008ff19, KEY_MAIL},           /* XF86Mail */
    {0x1008ff1b, KEY_SEARCH},         /* XF86Search */
    {0x1008ff1d, KEY_CALC},           /* XF86Calculator */
    {0x1008ff26, KEY_BACK},           /* XF86Back */
    {0x1008ff27, KEY_FORWARD},        /* XF86Forward */
    {0x1008ff29, KEY_REFRESH},        /* XF86Refresh */
    {0x1008ff2a, KEY_POWER},          /* XF86PowerOff */
    {0x1008ff2f, KEY_SLEEP},          /* XF86Sleep */
};

/* dead_grave and so on: the accent as a combining character and, for layouts without that dead key,
 * as a character of its own. */
static const struct {
    uint16_t keysym, combining, alone;
} accents[] = {
    {0xfe50, 0x300, '`'}, {0xfe51, 0x301, '\''}, {0xfe52, 0x302, '^'},
    {0xfe53, 0x303, '~'}, {0xfe57, 0x308, '"'},
};

#define EURO_SIGN    0x20ac
#define ISO_LEFT_TAB 0xfe20     /* shift and tab */
#define UNICODE      0x01000000 /* keysyms from here on are characters, "KEYSYM Encoding" */

/* Returns the Unicode character of a keysym; 0: it has none. */
static uint32_t character_of(uint32_t keysym)
{
    if ((keysym > 0x20 && keysym <= 0x7e) || (keysym > 0xa0 && keysym <= 0xff) ||
        keysym == EURO_SIGN)
        return keysym;
    return keysym >= UNICODE + 0x100 && keysym <= UNICODE + 0x10ffff ? keysym - UNICODE : 0;
}

static unsigned find_accent(const struct keyboard_layout *layout, uint32_t keysym,
                            struct key_stroke *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(accents); i++)
        if (accents[i].keysym == keysym)
            return keyboard_layout_key(layout, accents[i].combining, out) ||
                   keyboard_layout_key(layout, accents[i].alone, out);
    return 0;
}

/* Returns the code of a key that types no character, or the same one with all modifiers; 0:
 * none. */
static unsigned find_key(uint32_t keysym)
{
    if (keysym == ' ')
        return KEY_SPACE;
    if (keysym >= 0xff00 && keysym <= 0xffff)
        return function_keys[keysym - 0xff00];
    for (size_t i = 0; i < ARRAY_SIZE(other_keys); i++)
        if (other_keys[i].keysym == keysym)
            return other_keys[i].code;
    return 0;
}

struct vnc_keysym vnc_keysym_find(const struct keyboard_layout *layout, uint32_t keysym)
{
    struct vnc_keysym k = {.stroke = {{(uint16_t)find_key(keysym), 0, false}}};
    uint32_t character = character_of(keysym);
    k.count = k.stroke[0].code != 0;
    if (k.count)
        return k;
    if (character)
        k.count = keyboard_layout_strokes(layout, character, k.stroke);
    else
        k.count = find_accent(layout, keysym, k.stroke);
    if (keysym == ISO_LEFT_TAB) {
        k.stroke[0] = (struct key_stroke){KEY_TAB, KEYBOARD_SHIFT, false};
        k.count = 1;
    }
    k.character = k.count;
    return k;
}
