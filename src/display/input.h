/* SPDX-License-Identifier: MIT */
/*
 * Input on its way from front-ends to the guest's input devices. Codes are Linux's (KEY_*, BTN_*,
 * REL_*), as virtio-input speaks them. The hub remembers which keys and buttons are down, so that
 * every one that goes down comes up, whatever a front-end forgets, and drops repeats. Any thread;
 * sinks are called with the hub's lock held, must not block nor call back.
 *
 * A front-end that shares the guest with others presses and releases through an input_held of its
 * own, and lets go of that when its focus, its grab or its viewer goes: never of another's keys.
 */
#ifndef DISPLAY_INPUT_H
#define DISPLAY_INPUT_H

#include "base/util.h"

#define INPUT_ABS_MAX 32767 /* absolute positions run 0..INPUT_ABS_MAX over the whole desktop */

#define INPUT_CODES     0x300 /* of keys and buttons */
#define INPUT_TOUCHES   10    /* fingers at a time */
#define INPUT_TOUCH_IDS 65536 /* each finger that comes has a number below; they repeat late */

enum input_kind {
    INPUT_KIND_KEYBOARD,
    INPUT_KIND_TABLET,
    INPUT_KIND_MOUSE,
    INPUT_KIND_TOUCH,
    INPUT_KINDS
};

/* Linux evdev event; a group ends with type EV_SYN. */
struct input_event_raw {
    uint16_t type, code;
    int32_t value;
};

struct input_hub;

struct input_hub *input_hub_create(void);
void input_hub_destroy(struct input_hub *hub);

/* A device subscribes: events come as whole groups, SYN included. One sink per kind. */
void input_hub_set_sink(struct input_hub *hub, enum input_kind kind,
                        void (*fn)(void *ctx, const struct input_event_raw *ev, unsigned n),
                        void *ctx);

/* Keys (KEY_* up to 0x2ff, without BTN_*): down or up; a repeated down is dropped. */
void input_key(struct input_hub *hub, unsigned code, bool down);
/* Absolute pointer, 0..INPUT_ABS_MAX (clamped). */
void input_abs(struct input_hub *hub, int32_t x, int32_t y);
/* Buttons (BTN_LEFT..BTN_TASK) go to the tablet, or, with relative, to the mouse. */
void input_button(struct input_hub *hub, unsigned code, bool down, bool relative);
void input_rel(struct input_hub *hub, int32_t dx, int32_t dy);
/* Wheel clicks, up and right are positive. */
void input_wheel(struct input_hub *hub, int32_t vertical, int32_t horizontal, bool relative);
/* A finger of the touch screen (slot 0..INPUT_TOUCHES-1) touches, moves, or, if not down, leaves.
 */
void input_touch(struct input_hub *hub, unsigned slot, bool down, int32_t x, int32_t y);
/* Everything that is down comes up, whoever pressed it. */
void input_release_all(struct input_hub *hub);
bool input_is_down(struct input_hub *hub, unsigned code);
bool input_has(struct input_hub *hub, enum input_kind kind); /* is there such a device? */

/* What one front-end, or one viewer of it, holds down. One thread. */
struct input_held {
    struct input_hub *hub;
    uint64_t down[INPUT_CODES / 64];
    uint32_t touches;
};
void input_held_init(struct input_held *held, struct input_hub *hub);
/* As their namesakes; a release of what is not held is another's business and ignored. */
void input_held_key(struct input_held *held, unsigned code, bool down);
void input_held_button(struct input_held *held, unsigned code, bool down, bool relative);
void input_held_touch(struct input_held *held, unsigned slot, bool down, int32_t x, int32_t y);
void input_held_release(struct input_held *held);

/* --- what comes back from the guest ----------------------------------------------------------- */

/* Keyboard LEDs (bit LED_NUML=0, CAPSL=1, SCROLLL=2) as the guest set them. */
void input_set_leds(struct input_hub *hub, unsigned leds);
unsigned input_leds(struct input_hub *hub);
/* How many groups wait in a device because the guest has not yet read what came before. */
void input_set_waiting(struct input_hub *hub, enum input_kind kind, unsigned groups);
unsigned input_waiting(struct input_hub *hub, enum input_kind kind);
/*
 * fn is called, on any thread, when the LEDs change and when a device has nothing waiting any more.
 * It must not block, and of the hub may call only input_leds and input_waiting. NULL: no memory.
 */
struct input_watch *input_watch(struct input_hub *hub, void (*fn)(void *ctx), void *ctx);
void input_unwatch(struct input_watch *w); /* fn does not run and will not any more; NULL is fine */

#endif
