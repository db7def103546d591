/* SPDX-License-Identifier: MIT */
/*
 * The registers of virtio-mmio as offsets (VIRTIO 1.3, "MMIO Device Register Layout" and "Legacy
 * interface"), for both sides: the transport, and drivers without a CPU (replay, tests). Names are
 * the specification's. The first register of a 64-bit pair is the low word, the next the high one.
 */
#ifndef VIRTIO_MMIO_REGS_H
#define VIRTIO_MMIO_REGS_H

enum {
    MMIO_MAGIC = 0x000,
    MMIO_VERSION = 0x004,
    MMIO_DEVICE_ID = 0x008,
    MMIO_VENDOR_ID = 0x00c,
    MMIO_DEVICE_FEATURES = 0x010,
    MMIO_DEVICE_FEATURES_SEL = 0x014,
    MMIO_DRIVER_FEATURES = 0x020,
    MMIO_DRIVER_FEATURES_SEL = 0x024,
    MMIO_PAGE_SIZE = 0x028, /* legacy */
    MMIO_QUEUE_SEL = 0x030,
    MMIO_QUEUE_SIZE_MAX = 0x034,
    MMIO_QUEUE_SIZE = 0x038,
    MMIO_QUEUE_ALIGN = 0x03c, /* legacy */
    MMIO_QUEUE_PFN = 0x040,   /* legacy */
    MMIO_QUEUE_READY = 0x044,
    MMIO_QUEUE_NOTIFY = 0x050,
    MMIO_INTERRUPT_STATUS = 0x060,
    MMIO_INTERRUPT_ACK = 0x064,
    MMIO_STATUS = 0x070,
    MMIO_QUEUE_DESC = 0x080,   /* 64 bits */
    MMIO_QUEUE_DRIVER = 0x090, /* 64 bits */
    MMIO_QUEUE_DEVICE = 0x0a0, /* 64 bits */
    MMIO_SHM_SEL = 0x0ac,
    MMIO_SHM_LEN = 0x0b0,  /* 64 bits */
    MMIO_SHM_BASE = 0x0b8, /* 64 bits */
    MMIO_QUEUE_RESET = 0x0c0,
    MMIO_CONFIG_GENERATION = 0x0fc,
    MMIO_CONFIG = 0x100,
};

/* "Device Status Field". */
enum {
    STATUS_ACKNOWLEDGE = 1,
    STATUS_DRIVER = 2,
    STATUS_DRIVER_OK = 4,
    STATUS_FEATURES_OK = 8,
    STATUS_NEEDS_RESET = 64,
    STATUS_FAILED = 128
};

#endif
