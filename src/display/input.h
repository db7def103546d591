/* SPDX-License-Identifier: MIT */
/*
 * Input on its way from front-ends to the guest's input devices. Codes are Linux's (KEY_*, BTN_*,
 * REL_*), as virtio-input speaks them. The hub remembers which keys and buttons are down, so that
 * every one that goes down comes up, whatever a front-end forgets, and drops repeats. Any thread;
 * sinks are called with the hub's lock held, must not block nor call back.
 */
#ifndef DISPLAY_INPUT_H
#define DISPLAY_INPUT_H

#include "base/util.h"

#define INPUT_ABS_MAX 32767 /* absolute positions run 0..INPUT_ABS_MAX over the whole desktop */

enum input_kind { INPUT_KIND_KEYBOARD, INPUT_KIND_TABLET, INPUT_KIND_MOUSE, INPUT_KINDS };

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
/* Focus lost, grab released, viewer gone: everything that is down comes up. */
void input_release_all(struct input_hub *hub);
bool input_is_down(struct input_hub *hub, unsigned code);

/* Keyboard LEDs (bit LED_NUML=0, CAPSL=1, SCROLLL=2) as the guest set them. */
void input_set_leds(struct input_hub *hub, unsigned leds);
unsigned input_leds(struct input_hub *hub);

#endif
