/* SPDX-License-Identifier: MIT */
#include "ui/vnc_input.h"

#include "ui/geometry.h"

#include <linux/input-event-codes.h>
#include <string.h>

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
    memset(in, 0, sizeof(*in));
    in->hub = hub;
    in->x = in->y = -1;
}

void vnc_input_key(struct vnc_input *in, unsigned code, bool down)
{
    if (!code || code >= 64 * ARRAY_SIZE(in->keys))
        return;
    uint64_t bit = UINT64_C(1) << (code % 64);
    if (!down && !(in->keys[code / 64] & bit))
        return; /* another viewer's */
    in->keys[code / 64] = down ? in->keys[code / 64] | bit : in->keys[code / 64] & ~bit;
    input_key(in->hub, code, down);
}

static void set_buttons(struct vnc_input *in, unsigned buttons)
{
    unsigned changed = buttons ^ in->buttons;
    in->buttons = buttons;
    for (unsigned i = 0; i < ARRAY_SIZE(pointer_bits); i++) {
        if (!(changed >> i & 1))
            continue;
        bool down = buttons >> i & 1;
        if (pointer_bits[i].button)
            input_button(in->hub, pointer_bits[i].button, down, false);
        else if (down)
            input_wheel(in->hub, pointer_bits[i].vertical, pointer_bits[i].horizontal, false);
    }
}

void vnc_input_pointer(struct vnc_input *in, unsigned buttons, int x, int y, int width, int height)
{
    if (x != in->x || y != in->y)
        input_abs(in->hub, ui_abs(x, width), ui_abs(y, height));
    in->x = x;
    in->y = y;
    set_buttons(in, buttons);
}

void vnc_input_release(struct vnc_input *in)
{
    set_buttons(in, 0);
    for (unsigned code = 1; code < 64 * ARRAY_SIZE(in->keys); code++)
        vnc_input_key(in, code, false);
}
