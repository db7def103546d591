/* SPDX-License-Identifier: MIT */
/*
 * A GPU without a machine: guest RAM, a virtio-mmio slot with the real device in it, and a driver
 * of a few lines that puts one request at a time into the rings. So a replay runs the code that a
 * guest ran, from the transport's registers to the display, on one thread.
 */
#ifndef REPLAY_DRIVER_H
#define REPLAY_DRIVER_H

#include "display/display.h"
#include "virtio/gpu/observe.h"
#include "virtio/gpu/trace_format.h"

struct driver;

struct driver_request {
    unsigned queue;
    const void *bytes; /* the request and what follows it */
    size_t size;       /* at most DRIVER_MAX_REQUEST */
    size_t room;       /* for the answer; at most DRIVER_MAX_ROOM */
};
#define DRIVER_MAX_REQUEST (16u << 20)
#define DRIVER_MAX_ROOM    (64u << 10)

/* A device as the one of the trace with this (checked) head. NULL: the host refuses the memory.
 * log: for the device's lines about bad commands. */
struct driver *driver_create(const struct trace_head *head, struct log *log);
void driver_destroy(struct driver *d); /* NULL is fine */

/* Resets the device, negotiates and sets up the queues; false: it refused the features. */
bool driver_start(struct driver *d, uint64_t features);
void driver_reset(struct driver *d);
/* Sends one request; how long the device took goes to *ns. False: it was not answered. */
bool driver_send(struct driver *d, const struct driver_request *request, uint64_t *ns);

struct virtio_dev *driver_device(struct driver *d);
struct gpu *driver_gpu(struct driver *d);
struct display *driver_display(struct driver *d);
/* Writes to the guest's RAM, not to the driver's own. False: not there. */
bool driver_write(struct driver *d, const uint8_t *host, const void *bytes, size_t n);
/* The number of a page of guest RAM that a backing points to, and how many there are. */
uint64_t driver_page(const struct driver *d, const uint8_t *host);
uint64_t driver_pages(const struct driver *d);

#endif
