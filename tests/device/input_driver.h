/* SPDX-License-Identifier: MIT */
/*
 * A driver of the input devices for tests: hands event buffers to the device, takes events, and keeps
 * the state of the device as the guest sees it. Its functions assert with cmocka.
 */
#ifndef TESTS_DEVICE_INPUT_DRIVER_H
#define TESTS_DEVICE_INPUT_DRIVER_H

#include "display/input.h"
#include "kit/driver.h"

enum { EVENTS = 0, STATUS = 1 }; /* queues */

struct event {
    uint16_t type, code;
    int32_t value;
};

struct input_driver {
    struct kit kit;
    struct input_hub *hub;
    uint64_t buf[VQ_MAX_SIZE]; /* address of the buffer with this head */
    bool down[0x300];          /* keys, as the guest sees them */
    int32_t x, y, wheel;       /* sums (REL) or last values (ABS) */
    unsigned events, groups;
    bool in_group;
};

/* cmocka's set-up functions, one for each kind of device: a started device and its hub in
 * *state. */
int setup_keyboard(void **state);
int setup_tablet(void **state);
int setup_mouse(void **state);
int setup_touch(void **state);
int teardown(void **state);

/* Hands n empty event buffers to the device. */
void events_give(struct input_driver *f, unsigned n);
/* Takes one event, and updates the state in f. False if there is none. */
bool events_take(struct input_driver *f, struct event *e);
/* Hands buffers to the device and takes events until the device has no more. */
void events_drain(struct input_driver *f);
/* Takes one event, which must be this. */
void events_expect(struct input_driver *f, uint16_t type, uint16_t code, int32_t value);
/* Asserts that there is no event. */
void events_expect_none(struct input_driver *f);

#endif
