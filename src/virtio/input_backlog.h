/* SPDX-License-Identifier: MIT */
/*
 * Events of an input device that wait for the driver's buffers, in a ring of fixed size. Movements
 * merge, so the newest position survives. A key press or a finger is only taken while there will
 * be room for its release, too: what goes down for the guest always comes up.
 *
 * The device's lock guards it.
 */
#ifndef VIRTIO_INPUT_BACKLOG_H
#define VIRTIO_INPUT_BACKLOG_H

#include "base/blob.h"
#include "display/input.h"
#include "virtio/devices.h"

#define INPUT_BACKLOG 256 /* groups */

/* A group of events that end with one EV_SYN. KEY: code and down. ABS: x, y. REL: dx, dy. WHEEL:
 * vertical, horizontal. TOUCH: slot, what the finger does, for FINGER_DOWN its number, x, y. */
struct input_group {
    enum { GROUP_KEY, GROUP_ABS, GROUP_REL, GROUP_WHEEL, GROUP_TOUCH } kind;
    enum { FINGER_MOVES, FINGER_DOWN, FINGER_UP } finger;
    uint16_t code;
    int32_t id;
    int32_t a, b;
};

struct input_backlog {
    struct input_group group[INPUT_BACKLOG];
    unsigned first, count;           /* of the ring; count + pressed <= INPUT_BACKLOG always */
    unsigned sent;                   /* events of the first group that the driver already has */
    uint64_t down[INPUT_CODES / 64]; /* keys as they will be when all groups are delivered */
    uint32_t fingers;                /* likewise */
    unsigned pressed;                /* how many keys and fingers are down */
};

/* Adds a group, or drops it if there is no room for it or it changes nothing. */
void input_backlog_key(struct input_backlog *b, unsigned code, bool down);
void input_backlog_motion(struct input_backlog *b, struct input_group g); /* ABS, REL, WHEEL */
void input_backlog_finger(struct input_backlog *b, struct input_group g); /* TOUCH */
/* The oldest group, NULL: none; and removes it. */
struct input_group *input_backlog_first(struct input_backlog *b);
void input_backlog_pop(struct input_backlog *b);

/* load: of a device of this model. The caller checks `sent`. */
void input_backlog_save(const struct input_backlog *b, struct blob_out *out);
bool input_backlog_load(struct input_backlog *b, enum virtio_input_kind model, struct blob_in *in);

#endif
