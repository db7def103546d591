/* SPDX-License-Identifier: MIT */
/*
 * A small GPU driver on top of tests/kit: one function for each command. Those that return uint32_t
 * return the type of the response, or 0 if the response was too short to have one. For tests, the
 * fuzzer and the benchmark.
 */
#ifndef TESTS_KIT_GPU_H
#define TESTS_KIT_GPU_H

#include "display/display.h"
#include "kit/driver.h"
#include "virtio/devices.h"
#include "virtio/gpu/proto.h"

struct gpu_driver {
    struct kit kit;
    struct display *display;
};

/* heads: how many; memory: bytes that resources may take; threaded: the device has its worker
 * thread. */
void gd_init(struct gpu_driver *g, uint64_t ram, unsigned heads, uint64_t memory, bool threaded);
void gd_finish(struct gpu_driver *g);
struct gpu_ctrl_hdr gd_hdr(uint32_t type);

/* Sends one command on a queue. */
uint32_t gd_send(struct gpu_driver *g, unsigned queue, const void *req, uint32_t len);

#define GD_SEND(g, req) gd_send(g, GPU_QUEUE_CONTROL, &(req), sizeof(req))

struct gpu_rect gd_rect(struct rect r);
uint32_t gd_create(struct gpu_driver *g, uint32_t id, uint32_t format, uint32_t w, uint32_t h);
uint32_t gd_unref(struct gpu_driver *g, uint32_t id);
uint32_t gd_detach(struct gpu_driver *g, uint32_t id);

/* Sends a request that is followed by `entries` entries, which are in guest RAM already, at pa. */
uint32_t gd_send_list(struct gpu_driver *g, const void *req, uint32_t len, uint64_t pa,
                      uint32_t entries);
uint32_t gd_attach_at(struct gpu_driver *g, uint32_t id, uint64_t pa, uint32_t entries);
uint32_t gd_attach(struct gpu_driver *g, uint32_t id, const struct gpu_mem_entry *entry,
                   uint32_t entries);
struct gpu_mem_entry gd_entry(uint64_t pa, uint32_t len);

/* Creates a blob of guest memory as Linux does. */
uint32_t gd_create_blob(struct gpu_driver *g, uint32_t id, uint64_t size,
                        const struct gpu_mem_entry *entry, uint32_t entries);

/* A request that shows `r` of a w x h BGRX framebuffer, which begins the blob, on a head. */
struct gpu_set_scanout_blob gd_shape(uint32_t head, uint32_t id, uint32_t w, uint32_t h,
                                     struct rect r);
uint32_t gd_scanout_blob(struct gpu_driver *g, uint32_t head, uint32_t id, uint32_t w, uint32_t h,
                         struct rect r);
uint32_t gd_transfer(struct gpu_driver *g, uint32_t id, struct rect r, uint64_t off);
uint32_t gd_scanout(struct gpu_driver *g, uint32_t head, uint32_t id, struct rect r);
uint32_t gd_flush(struct gpu_driver *g, uint32_t id, struct rect r);

/* Sends a cursor command as Linux does, without a response buffer. True if the device used the
 * chain with length 0. */
bool gd_cursor(struct gpu_driver *g, uint32_t type, uint32_t head, int32_t x, int32_t y,
               uint32_t id, uint32_t hot_x, uint32_t hot_y);

/* The GPU's state, which the caller frees. The device is quiesced. */
uint8_t *gd_save(struct virtio_dev *dev, size_t *size);
/* False: the state was refused, and the device is reset. The device was reset and is quiesced. */
bool gd_load(struct virtio_dev *dev, const uint8_t *bytes, size_t size);

#endif
