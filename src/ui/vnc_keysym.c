/* SPDX-License-Identifier: MIT */
#include "ui/vnc_keysym.h"

#include "ui/keymap.h"

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
    {0xfe20, KEY_TAB},                /* ISO_Left_Tab: shift and tab */
    {0xfe50, KEY_GRAVE},              /* dead_grave */
    {0xfe51, KEY_APOSTROPHE},         /* dead_acute */
    {0xfe52, KEY_6},                  /* dead_circumflex */
    {0xfe53, KEY_GRAVE},              /* dead_tilde */
    {0xfe57, KEY_APOSTROPHE},         /* dead_diaeresis */
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

unsigned vnc_key_from_keysym(uint32_t keysym)
{
    bool shift; /* the viewer sends the shift key itself */
    if (keysym >= 0x20 && keysym <= 0x7e)
        return keymap_from_char((char)keysym, &shift);
    if (keysym >= 0xff00 && keysym <= 0xffff)
        return function_keys[keysym - 0xff00];
    for (size_t i = 0; i < ARRAY_SIZE(other_keys); i++)
        if (other_keys[i].keysym == keysym)
            return other_keys[i].code;
    return 0;
}
