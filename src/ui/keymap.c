/* SPDX-License-Identifier: MIT */
#include "ui/keymap.h"

#include <linux/input-event-codes.h>
#include <string.h>
#include <strings.h>

struct key_name {
    char name[17];
    uint16_t code;
};

/* Universal Serial Bus HID Usage Tables, "Keyboard/Keypad Page (0x07)". */
/* clang-format off */
static const uint16_t usb_keys[] = {
    [4] = KEY_A, KEY_B, KEY_C, KEY_D, KEY_E, KEY_F, KEY_G, KEY_H, KEY_I, KEY_J, KEY_K, KEY_L,
        KEY_M,
    [17] = KEY_N, KEY_O, KEY_P, KEY_Q, KEY_R, KEY_S, KEY_T, KEY_U, KEY_V, KEY_W, KEY_X, KEY_Y,
    [29] = KEY_Z, KEY_1, KEY_2, KEY_3, KEY_4, KEY_5, KEY_6, KEY_7, KEY_8, KEY_9, KEY_0,
    [40] = KEY_ENTER, KEY_ESC, KEY_BACKSPACE, KEY_TAB, KEY_SPACE, KEY_MINUS, KEY_EQUAL,
    [47] = KEY_LEFTBRACE, KEY_RIGHTBRACE, KEY_BACKSLASH, KEY_BACKSLASH, KEY_SEMICOLON,
    [52] = KEY_APOSTROPHE, KEY_GRAVE, KEY_COMMA, KEY_DOT, KEY_SLASH, KEY_CAPSLOCK,
    [58] = KEY_F1, KEY_F2, KEY_F3, KEY_F4, KEY_F5, KEY_F6, KEY_F7, KEY_F8, KEY_F9, KEY_F10,
    [68] = KEY_F11, KEY_F12, KEY_SYSRQ, KEY_SCROLLLOCK, KEY_PAUSE, KEY_INSERT, KEY_HOME,
    [75] = KEY_PAGEUP, KEY_DELETE, KEY_END, KEY_PAGEDOWN, KEY_RIGHT, KEY_LEFT, KEY_DOWN, KEY_UP,
    [83] = KEY_NUMLOCK, KEY_KPSLASH, KEY_KPASTERISK, KEY_KPMINUS, KEY_KPPLUS, KEY_KPENTER,
    [89] = KEY_KP1, KEY_KP2, KEY_KP3, KEY_KP4, KEY_KP5, KEY_KP6, KEY_KP7, KEY_KP8, KEY_KP9,
        KEY_KP0,
    [99] = KEY_KPDOT, KEY_102ND, KEY_COMPOSE, KEY_POWER, KEY_KPEQUAL,
    [104] = KEY_F13, KEY_F14, KEY_F15, KEY_F16, KEY_F17, KEY_F18, KEY_F19, KEY_F20,
    [112] = KEY_F21, KEY_F22, KEY_F23, KEY_F24, KEY_OPEN, KEY_HELP, KEY_PROPS, KEY_FRONT,
    [120] = KEY_STOP, KEY_AGAIN, KEY_UNDO, KEY_CUT, KEY_COPY, KEY_PASTE, KEY_FIND,
    [127] = KEY_MUTE, KEY_VOLUMEUP, KEY_VOLUMEDOWN,
    [133] = KEY_KPCOMMA, KEY_KPEQUAL, KEY_RO, KEY_KATAKANAHIRAGANA, KEY_YEN, KEY_HENKAN,
    [139] = KEY_MUHENKAN, KEY_KPJPCOMMA,
    [144] = KEY_HANGEUL, KEY_HANJA, KEY_KATAKANA, KEY_HIRAGANA, KEY_ZENKAKUHANKAKU,
    [153] = KEY_ALTERASE, KEY_SYSRQ, KEY_CANCEL,
    [182] = KEY_KPLEFTPAREN, KEY_KPRIGHTPAREN,
    [215] = KEY_KPPLUSMINUS,
    [224] = KEY_LEFTCTRL, KEY_LEFTSHIFT, KEY_LEFTALT, KEY_LEFTMETA,
    [228] = KEY_RIGHTCTRL, KEY_RIGHTSHIFT, KEY_RIGHTALT, KEY_RIGHTMETA,
    /* SDL's own numbers for keys of the consumer page */
    [258] = KEY_NEXTSONG, KEY_PREVIOUSSONG, KEY_STOPCD, KEY_PLAYPAUSE, KEY_MUTE, KEY_MEDIA,
    [264] = KEY_WWW, KEY_MAIL, KEY_CALC, KEY_COMPUTER, KEY_SEARCH, KEY_HOMEPAGE, KEY_BACK,
    [271] = KEY_FORWARD, KEY_STOP, KEY_REFRESH, KEY_BOOKMARKS, KEY_BRIGHTNESSDOWN,
    [276] = KEY_BRIGHTNESSUP, KEY_SWITCHVIDEOMODE, KEY_KBDILLUMTOGGLE, KEY_KBDILLUMDOWN,
    [280] = KEY_KBDILLUMUP, KEY_EJECTCD, KEY_SLEEP, KEY_PROG1, KEY_PROG2,
    [285] = KEY_REWIND, KEY_FASTFORWARD,
};
/* clang-format on */

/* QAPI schema ui.json, QKeyCode: QEMU's names of keys. */
static const struct key_name qcodes[] = {
    {"shift", KEY_LEFTSHIFT},
    {"shift_r", KEY_RIGHTSHIFT},
    {"alt", KEY_LEFTALT},
    {"alt_r", KEY_RIGHTALT},
    {"ctrl", KEY_LEFTCTRL},
    {"ctrl_r", KEY_RIGHTCTRL},
    {"meta_l", KEY_LEFTMETA},
    {"meta_r", KEY_RIGHTMETA},
    {"menu", KEY_MENU},
    {"compose", KEY_COMPOSE},
    {"esc", KEY_ESC},
    {"ret", KEY_ENTER},
    {"tab", KEY_TAB},
    {"spc", KEY_SPACE},
    {"backspace", KEY_BACKSPACE},
    {"caps_lock", KEY_CAPSLOCK},
    {"num_lock", KEY_NUMLOCK},
    {"scroll_lock", KEY_SCROLLLOCK},
    {"1", KEY_1},
    {"2", KEY_2},
    {"3", KEY_3},
    {"4", KEY_4},
    {"5", KEY_5},
    {"6", KEY_6},
    {"7", KEY_7},
    {"8", KEY_8},
    {"9", KEY_9},
    {"0", KEY_0},
    {"a", KEY_A},
    {"b", KEY_B},
    {"c", KEY_C},
    {"d", KEY_D},
    {"e", KEY_E},
    {"f", KEY_F},
    {"g", KEY_G},
    {"h", KEY_H},
    {"i", KEY_I},
    {"j", KEY_J},
    {"k", KEY_K},
    {"l", KEY_L},
    {"m", KEY_M},
    {"n", KEY_N},
    {"o", KEY_O},
    {"p", KEY_P},
    {"q", KEY_Q},
    {"r", KEY_R},
    {"s", KEY_S},
    {"t", KEY_T},
    {"u", KEY_U},
    {"v", KEY_V},
    {"w", KEY_W},
    {"x", KEY_X},
    {"y", KEY_Y},
    {"z", KEY_Z},
    {"minus", KEY_MINUS},
    {"equal", KEY_EQUAL},
    {"bracket_left", KEY_LEFTBRACE},
    {"bracket_right", KEY_RIGHTBRACE},
    {"semicolon", KEY_SEMICOLON},
    {"apostrophe", KEY_APOSTROPHE},
    {"grave_accent", KEY_GRAVE},
    {"backslash", KEY_BACKSLASH},
    {"comma", KEY_COMMA},
    {"dot", KEY_DOT},
    {"slash", KEY_SLASH},
    {"less", KEY_102ND},
    {"f1", KEY_F1},
    {"f2", KEY_F2},
    {"f3", KEY_F3},
    {"f4", KEY_F4},
    {"f5", KEY_F5},
    {"f6", KEY_F6},
    {"f7", KEY_F7},
    {"f8", KEY_F8},
    {"f9", KEY_F9},
    {"f10", KEY_F10},
    {"f11", KEY_F11},
    {"f12", KEY_F12},
    {"f13", KEY_F13},
    {"f14", KEY_F14},
    {"f15", KEY_F15},
    {"f16", KEY_F16},
    {"f17", KEY_F17},
    {"f18", KEY_F18},
    {"f19", KEY_F19},
    {"f20", KEY_F20},
    {"f21", KEY_F21},
    {"f22", KEY_F22},
    {"f23", KEY_F23},
    {"f24", KEY_F24},
    {"kp_0", KEY_KP0},
    {"kp_1", KEY_KP1},
    {"kp_2", KEY_KP2},
    {"kp_3", KEY_KP3},
    {"kp_4", KEY_KP4},
    {"kp_5", KEY_KP5},
    {"kp_6", KEY_KP6},
    {"kp_7", KEY_KP7},
    {"kp_8", KEY_KP8},
    {"kp_9", KEY_KP9},
    {"kp_divide", KEY_KPSLASH},
    {"kp_multiply", KEY_KPASTERISK},
    {"kp_subtract", KEY_KPMINUS},
    {"kp_add", KEY_KPPLUS},
    {"kp_enter", KEY_KPENTER},
    {"kp_decimal", KEY_KPDOT},
    {"kp_comma", KEY_KPCOMMA},
    {"kp_equals", KEY_KPEQUAL},
    {"print", KEY_SYSRQ},
    {"sysrq", KEY_SYSRQ},
    {"pause", KEY_PAUSE},
    {"insert", KEY_INSERT},
    {"delete", KEY_DELETE},
    {"home", KEY_HOME},
    {"end", KEY_END},
    {"pgup", KEY_PAGEUP},
    {"pgdn", KEY_PAGEDOWN},
    {"left", KEY_LEFT},
    {"up", KEY_UP},
    {"down", KEY_DOWN},
    {"right", KEY_RIGHT},
    {"stop", KEY_STOP},
    {"again", KEY_AGAIN},
    {"props", KEY_PROPS},
    {"undo", KEY_UNDO},
    {"front", KEY_FRONT},
    {"copy", KEY_COPY},
    {"open", KEY_OPEN},
    {"paste", KEY_PASTE},
    {"find", KEY_FIND},
    {"cut", KEY_CUT},
    {"lf", KEY_LINEFEED},
    {"help", KEY_HELP},
    {"ro", KEY_RO},
    {"hiragana", KEY_HIRAGANA},
    {"henkan", KEY_HENKAN},
    {"yen", KEY_YEN},
    {"muhenkan", KEY_MUHENKAN},
    {"katakanahiragana", KEY_KATAKANAHIRAGANA},
    {"lang1", KEY_HANGEUL},
    {"lang2", KEY_HANJA},
    {"power", KEY_POWER},
    {"sleep", KEY_SLEEP},
    {"wake", KEY_WAKEUP},
    {"audionext", KEY_NEXTSONG},
    {"audioprev", KEY_PREVIOUSSONG},
    {"audiostop", KEY_STOPCD},
    {"audioplay", KEY_PLAYPAUSE},
    {"audiomute", KEY_MUTE},
    {"volumeup", KEY_VOLUMEUP},
    {"volumedown", KEY_VOLUMEDOWN},
    {"mediaselect", KEY_MEDIA},
    {"mail", KEY_MAIL},
    {"calculator", KEY_CALC},
    {"computer", KEY_COMPUTER},
    {"ac_home", KEY_HOMEPAGE},
    {"ac_back", KEY_BACK},
    {"ac_forward", KEY_FORWARD},
    {"ac_refresh", KEY_REFRESH},
    {"ac_bookmarks", KEY_BOOKMARKS},
};

/* Common names of keys that have another qcode. */
static const struct key_name aliases[] = {
    {"enter", KEY_ENTER},       {"return", KEY_ENTER},      {"escape", KEY_ESC},
    {"space", KEY_SPACE},       {"control", KEY_LEFTCTRL},  {"altgr", KEY_RIGHTALT},
    {"super", KEY_LEFTMETA},    {"meta", KEY_LEFTMETA},     {"win", KEY_LEFTMETA},
    {"del", KEY_DELETE},        {"ins", KEY_INSERT},        {"pageup", KEY_PAGEUP},
    {"pagedown", KEY_PAGEDOWN}, {"capslock", KEY_CAPSLOCK}, {"numlock", KEY_NUMLOCK},
    {"printscreen", KEY_SYSRQ},
};

static const struct key_name buttons[] = {
    {"left", BTN_LEFT}, {"middle", BTN_MIDDLE}, {"right", BTN_RIGHT},
    {"side", BTN_SIDE}, {"extra", BTN_EXTRA},
};

/* Set 1 scancodes with the prefix 0xe0, by their second byte. Below 84 the others are KEY_*. */
static const uint16_t extended_keys[128] = {
    [0x10] = KEY_PREVIOUSSONG, [0x19] = KEY_NEXTSONG,  [0x1c] = KEY_KPENTER,
    [0x1d] = KEY_RIGHTCTRL,    [0x20] = KEY_MUTE,      [0x21] = KEY_CALC,
    [0x22] = KEY_PLAYPAUSE,    [0x24] = KEY_STOPCD,    [0x2e] = KEY_VOLUMEDOWN,
    [0x30] = KEY_VOLUMEUP,     [0x32] = KEY_HOMEPAGE,  [0x35] = KEY_KPSLASH,
    [0x37] = KEY_SYSRQ,        [0x38] = KEY_RIGHTALT,  [0x46] = KEY_PAUSE,
    [0x47] = KEY_HOME,         [0x48] = KEY_UP,        [0x49] = KEY_PAGEUP,
    [0x4b] = KEY_LEFT,         [0x4d] = KEY_RIGHT,     [0x4f] = KEY_END,
    [0x50] = KEY_DOWN,         [0x51] = KEY_PAGEDOWN,  [0x52] = KEY_INSERT,
    [0x53] = KEY_DELETE,       [0x5b] = KEY_LEFTMETA,  [0x5c] = KEY_RIGHTMETA,
    [0x5d] = KEY_COMPOSE,      [0x5e] = KEY_POWER,     [0x5f] = KEY_SLEEP,
    [0x63] = KEY_WAKEUP,       [0x66] = KEY_BOOKMARKS, [0x67] = KEY_REFRESH,
    [0x68] = KEY_STOP,         [0x69] = KEY_FORWARD,   [0x6a] = KEY_BACK,
    [0x6b] = KEY_COMPUTER,     [0x6c] = KEY_MAIL,      [0x6d] = KEY_MEDIA,
};

/* Unprefixed scancodes from 84 on, where they differ from KEY_*. */
static const uint16_t late_keys[128] = {
    [0x54] = KEY_SYSRQ, [0x56] = KEY_102ND,   [0x57] = KEY_F11,
    [0x58] = KEY_F12,   [0x59] = KEY_KPEQUAL, [0x70] = KEY_KATAKANAHIRAGANA,
    [0x73] = KEY_RO,    [0x79] = KEY_HENKAN,  [0x7b] = KEY_MUHENKAN,
    [0x7d] = KEY_YEN,   [0x7e] = KEY_KPCOMMA,
};

/* Keys of a US keyboard by the two characters on them. */
static const struct {
    char plain, shifted;
    uint8_t code;
} us_keys[] = {
    {'`', '~', KEY_GRAVE},      {'1', '!', KEY_1},           {'2', '@', KEY_2},
    {'3', '#', KEY_3},          {'4', '$', KEY_4},           {'5', '%', KEY_5},
    {'6', '^', KEY_6},          {'7', '&', KEY_7},           {'8', '*', KEY_8},
    {'9', '(', KEY_9},          {'0', ')', KEY_0},           {'-', '_', KEY_MINUS},
    {'=', '+', KEY_EQUAL},      {'[', '{', KEY_LEFTBRACE},   {']', '}', KEY_RIGHTBRACE},
    {'\\', '|', KEY_BACKSLASH}, {';', ':', KEY_SEMICOLON},   {'\'', '"', KEY_APOSTROPHE},
    {',', '<', KEY_COMMA},      {'.', '>', KEY_DOT},         {'/', '?', KEY_SLASH},
    {' ', ' ', KEY_SPACE},      {'\n', '\n', KEY_ENTER},     {'\r', '\r', KEY_ENTER},
    {'\t', '\t', KEY_TAB},      {'\b', '\b', KEY_BACKSPACE}, {'\x7f', '\x7f', KEY_BACKSPACE},
    {'\x1b', '\x1b', KEY_ESC},
};

/* usb_keys begins with the letters in alphabetical order. */
static unsigned letter_key(char lower)
{
    return usb_keys[4 + (lower - 'a')];
}

static unsigned find(const struct key_name *names, size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strnlen(names[i].name, sizeof(names[i].name)) == len &&
            !strncasecmp(names[i].name, name, len))
            return names[i].code;
    return 0;
}

unsigned keymap_from_usb(unsigned usage)
{
    return usage < ARRAY_SIZE(usb_keys) ? usb_keys[usage] : 0;
}

unsigned keymap_from_qcode(const char *name)
{
    for (const char *c = name; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            return 0;
    return find(qcodes, ARRAY_SIZE(qcodes), name, strlen(name));
}

unsigned keymap_from_number(int64_t number)
{
    if (number < 1 || number > 0xff)
        return 0;
    if (number & 0x80)
        return extended_keys[number & 0x7f];
    return number <= KEY_KPDOT ? (unsigned)number : late_keys[number];
}

unsigned keymap_from_name(const char *name, size_t len)
{
    unsigned code = find(qcodes, ARRAY_SIZE(qcodes), name, len);
    return code ? code : find(aliases, ARRAY_SIZE(aliases), name, len);
}

unsigned keymap_from_char(char c, bool *shift)
{
    *shift = c >= 'A' && c <= 'Z';
    if (*shift || (c >= 'a' && c <= 'z'))
        return letter_key((char)(c | 0x20));
    for (size_t i = 0; i < ARRAY_SIZE(us_keys); i++) {
        if (us_keys[i].plain == c || us_keys[i].shifted == c) {
            *shift = us_keys[i].plain != c;
            return us_keys[i].code;
        }
    }
    return 0;
}

unsigned keymap_button(const char *name)
{
    return find(buttons, ARRAY_SIZE(buttons), name, strlen(name));
}
