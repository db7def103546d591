/* SPDX-License-Identifier: MIT */
#include "virtio/input_backlog.h"

#include "virtio/input_model.h"

/* Movements that do not merge with each other: of ABS, REL and WHEEL a device has at most two, but
 * each finger moves for itself. */
#define MOTIONS INPUT_TOUCHES

static struct input_group *group_at(struct input_backlog *b, unsigned i)
{
    return &b->group[(b->first + i) % INPUT_BACKLOG];
}

static void append(struct input_backlog *b, struct input_group g)
{
    *group_at(b, b->count++) = g;
}

static bool key_down(const struct input_backlog *b, unsigned code)
{
    return b->down[code / 64] >> (code % 64) & 1;
}

/* Is there room for one more group, beside each release to come and one movement of each kind? */
static bool has_room(const struct input_backlog *b)
{
    return b->count + b->pressed + 1 + MOTIONS <= INPUT_BACKLOG;
}

void input_backlog_key(struct input_backlog *b, unsigned code, bool down)
{
    if (key_down(b, code) == down)
        return;
    if (down && b->count + b->pressed + 2 + MOTIONS > INPUT_BACKLOG)
        return; /* the press is lost, and its release with it */
    b->down[code / 64] ^= UINT64_C(1) << (code % 64);
    b->pressed += down ? 1 : -1;
    append(b, (struct input_group){.kind = GROUP_KEY, .code = (uint16_t)code, .a = down});
}

static int32_t add_saturated(int32_t a, int32_t b)
{
    int64_t sum = (int64_t)a + b;
    return (int32_t)MAX(INT32_MIN, MIN(sum, INT32_MAX));
}

static void motion_merge(struct input_group *g, const struct input_group *newer)
{
    bool absolute = g->kind == GROUP_ABS || g->kind == GROUP_TOUCH;
    g->a = absolute ? newer->a : add_saturated(g->a, newer->a);
    g->b = absolute ? newer->b : add_saturated(g->b, newer->b);
}

/* Merges g into the newest group if that is of its kind; into any if there is no room. */
void input_backlog_motion(struct input_backlog *b, struct input_group g)
{
    bool room = has_room(b);
    for (unsigned i = b->count; i-- > 0;) {
        struct input_group *old = group_at(b, i);
        bool untouched = i > 0 || !b->sent;
        if (old->kind == g.kind && old->code == g.code && untouched) {
            motion_merge(old, &g);
            return;
        }
        if (room)
            break;
    }
    if (b->count + b->pressed < INPUT_BACKLOG)
        append(b, g);
}

void input_backlog_finger(struct input_backlog *b, struct input_group g)
{
    uint32_t bit = UINT32_C(1) << g.code;
    bool down = b->fingers & bit;
    if (down == (g.finger == FINGER_DOWN))
        return; /* down twice, or a finger whose press was dropped */
    if (g.finger == FINGER_MOVES) {
        input_backlog_motion(b, g);
        return;
    }
    if (g.finger == FINGER_DOWN && b->count + b->pressed + 2 + MOTIONS > INPUT_BACKLOG)
        return;
    b->fingers ^= bit;
    b->pressed += down ? -1 : 1;
    append(b, g);
}

struct input_group *input_backlog_first(struct input_backlog *b)
{
    return b->count ? group_at(b, 0) : NULL;
}

void input_backlog_pop(struct input_backlog *b)
{
    b->first = (b->first + 1) % INPUT_BACKLOG;
    b->count--;
    b->sent = 0;
}

/* --- saving --- */

void input_backlog_save(const struct input_backlog *b, struct blob_out *out)
{
    blob_put_u64s(out, b->down, ARRAY_SIZE(b->down));
    blob_put_u32(out, b->fingers);
    blob_put_u32(out, b->sent);
    blob_put_u32(out, b->count);
    for (unsigned i = 0; i < b->count; i++) {
        const struct input_group *g = &b->group[(b->first + i) % INPUT_BACKLOG];
        blob_put_u8(out, (uint8_t)g->kind);
        blob_put_u8(out, (uint8_t)g->finger);
        blob_put_u16(out, g->code);
        blob_put_u32(out, (uint32_t)g->id);
        blob_put_u32(out, (uint32_t)g->a);
        blob_put_u32(out, (uint32_t)g->b);
    }
}

/* What is down must be something that the model has. */
static void load_down(struct input_backlog *b, enum virtio_input_kind model, struct blob_in *in)
{
    blob_get_u64s(in, b->down, ARRAY_SIZE(b->down));
    b->fingers = blob_get_u32(in);
    for (unsigned code = 0; code < INPUT_CODES; code++)
        if (key_down(b, code))
            blob_check(in, input_model_has_key(model, code), "a key down that there is not");
    uint32_t fingers = model == VIRTIO_INPUT_TOUCH ? (UINT32_C(1) << INPUT_TOUCHES) - 1 : 0;
    blob_check(in, !(b->fingers & ~fingers), "a finger down that there is not");
    b->pressed = (unsigned)__builtin_popcount(b->fingers);
    for (unsigned i = 0; i < ARRAY_SIZE(b->down); i++)
        b->pressed += (unsigned)__builtin_popcountll(b->down[i]);
}

static void load_group(struct input_group *g, enum virtio_input_kind model, struct blob_in *in)
{
    unsigned kind = blob_get_u8(in), finger = blob_get_u8(in);
    g->code = blob_get_u16(in);
    g->id = (int32_t)blob_get_u32(in);
    g->a = (int32_t)blob_get_u32(in);
    g->b = (int32_t)blob_get_u32(in);
    bool touch = model == VIRTIO_INPUT_TOUCH;
    blob_check(in, touch ? kind == GROUP_TOUCH : kind < GROUP_TOUCH, "an event of another device");
    blob_check(in, finger <= (touch ? FINGER_UP : FINGER_MOVES), "an unknown event of a finger");
    if (kind == GROUP_KEY)
        blob_check(in, input_model_has_key(model, g->code), "an event of another key");
    if (kind == GROUP_TOUCH)
        blob_check(in, g->code < INPUT_TOUCHES, "an event of another finger");
    g->kind = kind;
    g->finger = finger;
}

bool input_backlog_load(struct input_backlog *b, enum virtio_input_kind model, struct blob_in *in)
{
    *b = (struct input_backlog){0};
    load_down(b, model, in);
    b->sent = blob_get_u32(in);
    uint32_t count = blob_get_u32(in);
    if (!blob_check(in, b->pressed <= INPUT_BACKLOG && count <= INPUT_BACKLOG - b->pressed,
                    "a backlog larger than any"))
        return false;
    for (b->count = 0; b->count < count; b->count++)
        load_group(&b->group[b->count], model, in);
    return !in->error;
}
