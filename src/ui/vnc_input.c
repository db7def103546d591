/* SPDX-License-Identifier: MIT */
#include "ui/vnc_input.h"

#include "ui/vnc_keysym.h"

#include <linux/input-event-codes.h>

/* What each bit of the mask means: a button, or a click of a wheel. */
static const struct {
    uint16_t button;
    int8_t vertical, horizontal;
} pointer_bits[] = {
    {BTN_LEFT, 0, 0}, {BTN_MIDDLE, 0, 0}, {BTN_RIGHT, 0, 0}, {0, 1, 0},
    {0, -1, 0},       {0, 0, -1},         {0, 0, 1},         {BTN_SIDE, 0, 0},
};

static const uint16_t modifier_keys[] = {KEY_LEFTSHIFT, KEY_RIGHTSHIFT, KEY_RIGHTALT};

#define SHIFTS   (VNC_HOLDS_LEFTSHIFT | VNC_HOLDS_RIGHTSHIFT)
#define XK_ALT_R 0xffea /* the keysym of a right Alt key that is not AltGr */

void vnc_input_init(struct vnc_input *in, struct input_hub *hub,
                    const struct keyboard_layout *layout)
{
    *in = (struct vnc_input){.x = -1, .y = -1, .layout = layout};
    input_held_init(&in->held, hub);
}

/* --- keys --- */

/* Returns the VNC_HOLDS_ bit of a key; 0: it has none. */
static unsigned modifier_bit(unsigned code)
{
    for (unsigned i = 0; i < ARRAY_SIZE(modifier_keys); i++)
        if (modifier_keys[i] == code)
            return 1u << i;
    return 0;
}

/* Presses and releases modifiers so that this viewer holds the wanted ones in the guest. */
static void set_modifiers(struct vnc_input *in, unsigned wanted)
{
    for (unsigned i = 0; i < ARRAY_SIZE(modifier_keys); i++)
        input_held_key(&in->held, modifier_keys[i], wanted >> i & 1);
}

/* Returns the modifiers for a stroke: those that the viewer holds, changed as the stroke
 * requires. */
static unsigned modifiers_for(const struct vnc_input *in, const struct key_stroke *stroke)
{
    bool caps = input_leds(in->held.hub) >> LED_CAPSL & 1;
    unsigned level = stroke->modifiers ^ (stroke->letter && caps ? KEYBOARD_SHIFT : 0);
    unsigned wanted = in->modifiers;
    if (!(level & KEYBOARD_SHIFT))
        wanted &= ~(unsigned)SHIFTS;
    else if (!(wanted & SHIFTS))
        wanted |= VNC_HOLDS_LEFTSHIFT;
    if (level & KEYBOARD_ALTGR)
        wanted |= VNC_HOLDS_ALTGR;
    else if (in->level)
        wanted &= ~(unsigned)VNC_HOLDS_ALTGR;
    return wanted;
}

void vnc_input_key(struct vnc_input *in, unsigned code, bool down)
{
    unsigned bit = modifier_bit(code);
    if (!code)
        return;
    if (bit)
        in->modifiers = down ? in->modifiers | bit : in->modifiers & ~bit;
    if (!down && !bit)
        input_held_key(&in->held, code, false);
    if (down || bit || code == in->typing) {
        in->typing = 0;
        set_modifiers(in, in->modifiers);
    }
    if (down && !bit)
        input_held_key(&in->held, code, true);
}

static void press_character(struct vnc_input *in, const struct vnc_keysym *k)
{
    for (unsigned i = 0; i < k->count; i++) {
        set_modifiers(in, modifiers_for(in, &k->stroke[i]));
        input_held_key(&in->held, k->stroke[i].code, true);
        if (i + 1 < k->count) /* a dead key before it */
            input_held_key(&in->held, k->stroke[i].code, false);
    }
    in->typing = k->stroke[k->count - 1].code;
}

void vnc_input_keysym(struct vnc_input *in, uint32_t keysym, bool down)
{
    struct vnc_keysym k = vnc_keysym_find(in->layout, keysym);
    if (!k.count)
        return;
    unsigned code = k.stroke[k.count - 1].code;
    if (code == KEY_RIGHTALT && down)
        in->level = keysym != XK_ALT_R || keyboard_layout_has_altgr(in->layout);
    if (k.character && down)
        press_character(in, &k);
    else
        vnc_input_key(in, code, down);
}

/* --- the pointer --- */

void vnc_input_pointer(struct vnc_input *in, unsigned buttons, int32_t x, int32_t y)
{
    unsigned changed = buttons ^ in->buttons;
    if (x != in->x || y != in->y)
        input_abs(in->held.hub, x, y);
    in->x = x;
    in->y = y;
    in->buttons = buttons;
    for (unsigned i = 0; i < ARRAY_SIZE(pointer_bits); i++) {
        bool down = buttons >> i & 1;
        if (!(changed >> i & 1))
            continue;
        if (pointer_bits[i].button)
            input_held_button(&in->held, pointer_bits[i].button, down, false);
        else if (down)
            input_wheel(in->held.hub, pointer_bits[i].vertical, pointer_bits[i].horizontal, false);
    }
}

void vnc_input_release(struct vnc_input *in)
{
    input_held_release(&in->held);
    in->buttons = in->modifiers = in->typing = 0;
}
