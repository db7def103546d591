/* SPDX-License-Identifier: MIT */
#include "ui/vnc_input.h"

#include <linux/input-event-codes.h>

/* What each bit of the mask is: a button, or a click of a wheel. */
static const struct {
    uint16_t button;
    int8_t vertical, horizontal;
} pointer_bits[] = {
    {BTN_LEFT, 0, 0}, {BTN_MIDDLE, 0, 0}, {BTN_RIGHT, 0, 0}, {0, 1, 0},
    {0, -1, 0},       {0, 0, -1},         {0, 0, 1},         {BTN_SIDE, 0, 0},
};

void vnc_input_init(struct vnc_input *in, struct input_hub *hub)
{
    input_held_init(&in->held, hub);
    in->buttons = 0;
    in->x = in->y = -1;
}

void vnc_input_key(struct vnc_input *in, unsigned code, bool down)
{
    if (code)
        input_held_key(&in->held, code, down);
}

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
    in->buttons = 0;
}
