/* SPDX-License-Identifier: MIT */
/*
 * The hub passes input from front-ends to the guest's input devices. Codes are Linux's (KEY_*,
 * BTN_*, REL_*), which virtio-input uses, too. The hub stores which keys and buttons are down: it
 * drops repeated presses, and can release all of them. Any thread; a device's sink is called with
 * the hub's lock held and must neither block nor call the hub.
 *
 * A front-end that shares the guest with others presses and releases through an input_held of its
 * own, and releases all that this holds when its focus, its grab or its viewer goes. So it never
 * releases a key that another front-end holds.
 */
#ifndef DISPLAY_INPUT_H
#define DISPLAY_INPUT_H

#include "base/util.h"

#define INPUT_ABS_MAX 32767 /* absolute positions run 0..INPUT_ABS_MAX over the whole desktop */

#define INPUT_CODES     0x300 /* of keys and buttons */
#define INPUT_TOUCHES   10    /* fingers at a time */
#define INPUT_TOUCH_IDS 65536 /* tracking ids are 0 to this - 1, in turn */

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

/* Sets the function that receives a kind's events, always in whole groups with their SYN. One for
 * each kind; fn NULL removes it. */
void input_hub_set_sink(struct input_hub *hub, enum input_kind kind,
                        void (*fn)(void *ctx, const struct input_event_raw *ev, unsigned n),
                        void *ctx);

/* Presses or releases a key (KEY_* up to 0x2ff, without BTN_*); a repeated press is dropped. */
void input_key(struct input_hub *hub, unsigned code, bool down);
/* Moves the tablet's pointer to x, y, clamped to 0..INPUT_ABS_MAX. */
void input_abs(struct input_hub *hub, int32_t x, int32_t y);
/* Presses a button (BTN_LEFT..BTN_TASK) of the tablet or, with relative, of the mouse; releases it
 * on both. */
void input_button(struct input_hub *hub, unsigned code, bool down, bool relative);
/* Moves the mouse by steps. */
void input_rel(struct input_hub *hub, int32_t dx, int32_t dy);
/* Turns a wheel by clicks; up and right are positive. */
void input_wheel(struct input_hub *hub, int32_t vertical, int32_t horizontal, bool relative);
/* A finger of the touch screen (slot 0..INPUT_TOUCHES-1) is put down or moved or, if not down,
 * lifted. x, y: clamped to 0..INPUT_ABS_MAX. */
void input_touch(struct input_hub *hub, unsigned slot, bool down, int32_t x, int32_t y);
/* Releases all keys, buttons and fingers, also those that front-ends hold. */
void input_release_all(struct input_hub *hub);
bool input_is_down(struct input_hub *hub, unsigned code);    /* on any device */
bool input_has(struct input_hub *hub, enum input_kind kind); /* true if the kind has a sink */

/* What one front-end, or one viewer of it, holds down. Used by one thread at a time. */
struct input_held {
    struct input_hub *hub;
    uint64_t down[INPUT_CODES / 64];
    uint32_t touches;
};
void input_held_init(struct input_held *held, struct input_hub *hub);
/* As the functions of the hub; releasing what is not held here is ignored. */
void input_held_key(struct input_held *held, unsigned code, bool down);
void input_held_button(struct input_held *held, unsigned code, bool down, bool relative);
void input_held_touch(struct input_held *held, unsigned slot, bool down, int32_t x, int32_t y);
void input_held_release(struct input_held *held); /* releases all that is held */

/* --- from the guest to front-ends --- */

/* Keyboard LEDs (bit LED_NUML=0, CAPSL=1, SCROLLL=2) as the guest set them. */
void input_set_leds(struct input_hub *hub, unsigned leds);
unsigned input_leds(struct input_hub *hub);
/* The number of groups that a device holds back because the guest has not read earlier ones. */
void input_set_waiting(struct input_hub *hub, enum input_kind kind, unsigned groups);
unsigned input_waiting(struct input_hub *hub, enum input_kind kind);
/*
 * Registers fn, which is called on any thread when the LEDs change and when the number of waiting
 * groups of a device becomes 0. It must not block, and may call only input_leds and input_waiting
 * of the hub. NULL: out of memory.
 */
struct input_watch *input_watch(struct input_hub *hub, void (*fn)(void *ctx), void *ctx);
/* fn does not run when this returns, nor later. NULL is fine. */
void input_unwatch(struct input_watch *w);

#endif
