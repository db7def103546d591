/* SPDX-License-Identifier: MIT */
/*
 * Inside the mmio transport: what its two versions share (mmio.c) and what each has for itself
 * (mmio_modern.c, mmio_legacy.c). All functions are called with the slot's lock held, and with a
 * device in the slot.
 */
#ifndef VIRTIO_MMIO_SLOT_H
#define VIRTIO_MMIO_SLOT_H

#include "virtio/mmio.h"
#include "virtio/mmio_regs.h"

#define STATUS_ALL 0xcf /* bits of the status register that there are */

/* A driver's mistakes: each is logged once between two resets. */
enum mmio_mistake {
    MISTAKE_STATUS,
    MISTAKE_EARLY_QUEUE,
    MISTAKE_OTHER_VERSION,
    MISTAKE_QUEUE,
    MISTAKE_SIZE,
    MISTAKE_ALIGN
};

/* A version of the register layout: the registers that the other one does not have. */
struct mmio_version {
    uint32_t number;
    uint32_t queue_size_max; /* value of QueueNumMax; 0: the device's own size */
    uint64_t features;       /* that the transport offers */
    uint32_t (*read)(struct virtio_mmio *slot, uint64_t off);            /* 0: there is none */
    bool (*write)(struct virtio_mmio *slot, uint64_t off, uint32_t val); /* false: there is none */
    /* DriverFeatures or QueueSize was written; optional. */
    void (*features_written)(struct virtio_mmio *slot);
    void (*size_written)(struct virtio_mmio *slot, struct vq *vq, uint16_t size);
    /* The driver sets FEATURES_OK; false: refused. */
    bool (*features_ok)(struct virtio_mmio *slot);
    /* What is logged of a driver that writes registers of the other version, with the cure. */
    const char *other;
};

extern const struct mmio_version mmio_modern, mmio_legacy;

struct virtio_mmio {
    struct virtio_dev *dev; /* NULL: empty slot */
    const struct mmio_version *version;
    pthread_mutex_t lock; /* held for the length of an access */
    /* under lock */
    uint32_t status, device_sel, driver_sel, queue_sel, shm_sel;
    uint64_t driver_features;
    unsigned logged; /* bit set of mistakes */
    bool refused;    /* the driver's features at FEATURES_OK */
    /* version 1; a driver's reset keeps page_shift, which Linux writes before it, and align */
    unsigned page_shift;
    struct {
        uint32_t pfn, align; /* pfn 0: the queue is not in use */
    } legacy[VIRTIO_MAX_QUEUES];
};

void slot_quiesce(struct virtio_dev *dev);
void slot_resume(struct virtio_dev *dev);
/* As a driver's write of 0 to the status register. */
void slot_reset(struct virtio_mmio *slot);
/* The same while the device is quiesced, but for the interrupts that are pending and their line. */
void slot_clear(struct virtio_mmio *slot);
/* Version 1, after slot_clear: what a driver's reset keeps. */
void slot_forget_layout(struct virtio_mmio *slot);
/* Notifies the device of each queue that is ready. */
void slot_notify_all(struct virtio_mmio *slot);
/* The queue's copies of feature bits; before or after it is set up, and also while it is served. */
void slot_queue_features(struct virtio_dev *dev, struct vq *vq);
uint64_t slot_offered(const struct virtio_mmio *slot);
/* The selected queue, or NULL. */
struct vq *slot_queue(struct virtio_mmio *slot);
/* The driver's features, of those that are offered, become the device's. */
void slot_take_features(struct virtio_mmio *slot);
/* Gives the queue to the device; false, with a line in the log: its rings are impossible. */
bool slot_queue_start(struct virtio_mmio *slot, struct vq *vq);
/* Takes it from the device: its chains are dropped before this returns. */
void slot_queue_stop(struct virtio_mmio *slot, struct vq *vq);
/* Logs what the driver did wrong. */
void slot_mistake(struct virtio_mmio *slot, enum mmio_mistake kind, const char *what);

#endif
