/* SPDX-License-Identifier: MIT */
/*
 * What each kind of input device consists of, and how its configuration space shows that to the
 * driver (VIRTIO 1.3, "Input Device / Device configuration layout"): the driver selects a table by
 * select and subsel, and reads the answer. Constant tables; any thread.
 */
#ifndef VIRTIO_INPUT_MODEL_H
#define VIRTIO_INPUT_MODEL_H

#include "virtio/devices.h"

struct input_config {
    uint8_t select, subsel, size, reserved[5];
    uint8_t payload[128];
};

/* Fills payload and size for select and subsel; size stays 0 if there is no such thing. */
void input_config_fill(struct input_config *c, enum virtio_input_kind kind);
bool input_model_has_key(enum virtio_input_kind kind, unsigned code); /* or button */
unsigned input_model_leds(enum virtio_input_kind kind);               /* a bit for each */

#endif
