/* SPDX-License-Identifier: MIT */
/*
 * How to make each virtio device. The result goes to virtio_mmio_create, which owns it. NULL means
 * out of memory. What a device talks to (disk, display, input) must outlive it.
 */
#ifndef VIRTIO_DEVICES_H
#define VIRTIO_DEVICES_H

#include "virtio/config.h"
#include "virtio/virtio.h"

struct disk;
struct entropy;
struct input_hub;

/* Entropy (host/entropy.h; NULL: the host's); served inside notify. Read virtio/rng.c first: it is
 * the smallest. */
struct virtio_dev *virtio_rng_create(struct gmem *mem, struct log *log, struct entropy *entropy);

/* A disk over backend/disk.h (not owned). threaded=false: tests or a stepper step
 * virtio_blk_worker. */
struct virtio_dev *virtio_blk_create(struct gmem *mem, struct log *log, struct disk *disk,
                                     const char *serial, bool threaded);
struct worker;
struct worker *virtio_blk_worker(struct virtio_dev *dev);

/* Input devices; each subscribes to the hub (display/input.h) for its kind of events. */
enum virtio_input_kind {
    VIRTIO_INPUT_KEYBOARD,
    VIRTIO_INPUT_TABLET,
    VIRTIO_INPUT_MOUSE,
    VIRTIO_INPUT_TOUCH
};
struct virtio_dev *virtio_input_create(struct gmem *mem, struct log *log, struct input_hub *hub,
                                       enum virtio_input_kind kind);

/* The 2D GPU over display/display.h. */
struct virtio_dev *virtio_gpu_create(struct gmem *mem, struct log *log,
                                     const struct virtio_gpu_config *config);
struct worker *virtio_gpu_worker(struct virtio_dev *dev);

#endif
