/* SPDX-License-Identifier: MIT */
#include "virtio/input_model.h"

#include "base/le.h"
#include "display/input.h"

#include <linux/input-event-codes.h>
#include <string.h>

/* "Device configuration layout": what is selected and what it then shows. */
enum {
    CFG_NAME = 1,
    CFG_SERIAL = 2,
    CFG_DEVIDS = 3,
    CFG_PROP_BITS = 0x10,
    CFG_EV_BITS = 0x11,
    CFG_ABS_INFO = 0x12
};
struct devids {
    le16 bustype, vendor, product, version;
};
struct absinfo {
    le32 min, max, fuzz, flat, res;
};
struct range {
    uint16_t first, last;
};

/* EV_BITS answers are bitmaps of these. */
struct input_model {
    const char *name, *serial;
    struct range keys[16]; /* ends with {0} */
    uint16_t rel, leds;
    uint64_t abs;
    uint8_t properties;
    bool repeats; /* the guest makes key repeats itself */
};

static const struct input_model models[] = {
    [VIRTIO_INPUT_KEYBOARD] =
        {
            .name = "riscreen Keyboard",
            .serial = "keyboard",
            .keys = {{KEY_ESC, KEY_KPDOT},
                     {KEY_ZENKAKUHANKAKU, KEY_DELETE},
                     {KEY_MUTE, KEY_PAUSE},
                     {KEY_KPCOMMA, KEY_WAKEUP},
                     {KEY_PROG1, KEY_WWW},
                     {KEY_MAIL, KEY_FORWARD},
                     {KEY_EJECTCD, KEY_EJECTCD},
                     {KEY_NEXTSONG, KEY_STOPCD},
                     {KEY_REWIND, KEY_REWIND},
                     {KEY_HOMEPAGE, KEY_REFRESH},
                     {KEY_KPLEFTPAREN, KEY_KPRIGHTPAREN},
                     {KEY_F13, KEY_F24},
                     {KEY_FASTFORWARD, KEY_FASTFORWARD},
                     {KEY_SEARCH, KEY_SEARCH},
                     {KEY_ALTERASE, KEY_KBDILLUMUP}},
            .leds = 1 << LED_NUML | 1 << LED_CAPSL | 1 << LED_SCROLLL,
            .repeats = true,
        },
    [VIRTIO_INPUT_TABLET] =
        {
            .name = "riscreen Tablet",
            .serial = "tablet",
            .keys = {{BTN_LEFT, BTN_TASK}},
            .rel = 1 << REL_WHEEL | 1 << REL_HWHEEL,
            .abs = 1 << ABS_X | 1 << ABS_Y,
        },
    [VIRTIO_INPUT_MOUSE] =
        {
            .name = "riscreen Mouse",
            .serial = "mouse",
            .keys = {{BTN_LEFT, BTN_TASK}},
            .rel = 1 << REL_X | 1 << REL_Y | 1 << REL_WHEEL | 1 << REL_HWHEEL,
        },
    [VIRTIO_INPUT_TOUCH] =
        {
            .name = "riscreen Touchscreen",
            .serial = "touch",
            .keys = {{BTN_TOUCH, BTN_TOUCH}},
            .abs = UINT64_C(1) << ABS_X | UINT64_C(1) << ABS_Y | UINT64_C(1) << ABS_MT_SLOT |
                   UINT64_C(1) << ABS_MT_TRACKING_ID | UINT64_C(1) << ABS_MT_POSITION_X |
                   UINT64_C(1) << ABS_MT_POSITION_Y,
            .properties = 1 << INPUT_PROP_DIRECT,
        },
};

/* Bytes that matter: up to the last that is not 0. */
static uint8_t used_bytes(const uint8_t *p, unsigned size)
{
    while (size && !p[size - 1])
        size--;
    return (uint8_t)size;
}

static void put_bits(uint8_t *map, uint64_t bits)
{
    for (unsigned i = 0; i < 8; i++)
        map[i] = (uint8_t)(bits >> (8 * i));
}

static void event_bits(const struct input_model *m, uint8_t type, uint8_t map[128])
{
    switch (type) {
    case EV_KEY:
        for (const struct range *r = m->keys; r->first; r++)
            for (unsigned code = r->first; code <= r->last; code++)
                map[code / 8] |= (uint8_t)(1 << (code % 8));
        break;
    case EV_REL: put_bits(map, m->rel); break;
    case EV_ABS: put_bits(map, m->abs); break;
    case EV_LED: put_bits(map, m->leds); break;
    case EV_REP: put_bits(map, m->repeats); break;
    default: break;
    }
}

static int32_t axis_max(uint8_t axis)
{
    switch (axis) {
    case ABS_MT_SLOT: return INPUT_TOUCHES - 1;
    case ABS_MT_TRACKING_ID: return INPUT_TOUCH_IDS - 1;
    default: return INPUT_ABS_MAX;
    }
}

static uint8_t put_text(uint8_t *p, const char *text, uint8_t subsel)
{
    size_t n = subsel ? 0 : strlen(text);
    memcpy(p, text, n);
    return (uint8_t)n;
}

void input_config_fill(struct input_config *c, enum virtio_input_kind kind)
{
    const struct input_model *m = &models[kind];
    uint8_t *p = c->payload;
    switch (c->select) {
    case CFG_NAME: c->size = put_text(p, m->name, c->subsel); break;
    case CFG_SERIAL: c->size = put_text(p, m->serial, c->subsel); break;
    case CFG_DEVIDS:
        if (!c->subsel) {
            struct devids ids = {le16_make(0x06 /* BUS_VIRTUAL */), le16_make(0x5253),
                                 le16_make((uint16_t)(kind + 1)), le16_make(1)};
            memcpy(p, &ids, c->size = sizeof(ids));
        }
        break;
    case CFG_PROP_BITS:
        p[0] = c->subsel ? 0 : m->properties;
        c->size = used_bytes(p, 1);
        break;
    case CFG_EV_BITS:
        event_bits(m, c->subsel, p);
        c->size = used_bytes(p, sizeof(c->payload));
        break;
    case CFG_ABS_INFO:
        if (c->subsel < 64 && m->abs >> c->subsel & 1) {
            struct absinfo abs = {.max = le32_make((uint32_t)axis_max(c->subsel))};
            memcpy(p, &abs, c->size = sizeof(abs));
        }
        break;
    default: break;
    }
}

bool input_model_has_key(enum virtio_input_kind kind, unsigned code)
{
    for (const struct range *r = models[kind].keys; r->first; r++)
        if (code >= r->first && code <= r->last)
            return true;
    return false;
}

unsigned input_model_leds(enum virtio_input_kind kind)
{
    return models[kind].leds;
}
