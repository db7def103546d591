/* SPDX-License-Identifier: MIT */
/*
 * What every virtio device is, whatever the transport: an id, feature bits, a configuration space
 * and queues (VIRTIO 1.3, "Basic Facilities of a Virtio Device"). A device is a const virtio_ops
 * table and a state struct that starts with struct virtio_dev; the transport (virtio/mmio.h)
 * negotiates, sets queues up and resets, and calls the ops.
 *
 * Threads. notify, config_* and negotiated are called on a hart's thread with the transport's lock
 * held, and must be short: heavy work goes to the device's worker. quiesce stops whatever thread
 * serves the queues and returns once it touches neither queues nor guest memory; resume lets it go
 * on. reset is called between the two and drops every chain that is still out (vq_discard), all
 * negotiated state and everything the guest created. Reset is finished before the guest's write
 * to Status returns.
 */
#ifndef VIRTIO_VIRTIO_H
#define VIRTIO_VIRTIO_H

#include "base/blob.h"
#include "base/visit.h"
#include "bus/irq.h"
#include "virtio/queue.h"

#include <pthread.h>
#include <stdatomic.h>

#define VIRTIO_MAX_QUEUES 8
#define VIRTIO_MAX_SHM    4

/* Feature bits every device gets from the transport ("Reserved Feature Bits"). */
#define VIRTIO_F_NOTIFY_EMPTY  (UINT64_C(1) << 24) /* legacy: an interrupt when a ring is empty */
#define VIRTIO_F_ANY_LAYOUT    (UINT64_C(1) << 27) /* legacy */
#define VIRTIO_F_INDIRECT_DESC (UINT64_C(1) << 28)
#define VIRTIO_F_EVENT_IDX     (UINT64_C(1) << 29)
#define VIRTIO_F_VERSION_1     (UINT64_C(1) << 32)
#define VIRTIO_F_RING_RESET    (UINT64_C(1) << 40)

struct virtio_dev;

struct virtio_ops {
    const char *name; /* "blk": for messages */
    uint32_t id;      /* VIRTIO 1.3, "Device Types" */
    unsigned num_queues;
    uint16_t queue_size; /* most entries the device offers, for each queue */
    /* Most descriptors in a chain; 0: VQ_CHAIN_PIECES. Fewer for devices that work inside notify;
     * the specification's limit is the queue's size. */
    uint16_t max_chain;
    /* Device feature bits offered (without the transport's own). */
    uint64_t (*features)(struct virtio_dev *dev);
    /* Driver kicked queue q; it is ready. */
    void (*notify)(struct virtio_dev *dev, unsigned q);
    /* dev->features are the driver's now; the device is quiesced. Optional. */
    void (*negotiated)(struct virtio_dev *dev);
    /* May return with a lock of the device held, until resume (input, gpu). Optional for devices
     * that work inside notify. */
    void (*quiesce)(struct virtio_dev *dev);
    void (*resume)(struct virtio_dev *dev);
    /* Optional for devices that keep nothing from one notify to the next. */
    void (*reset)(struct virtio_dev *dev);
    /* One queue is about to be reset (RING_RESET), quiesced: drop its chains. Optional. */
    void (*queue_reset)(struct virtio_dev *dev, unsigned q);
    /* Configuration space, byte-addressed; any off, size 1, 2, 4. Out of range reads as 0. */
    uint32_t config_size;
    void (*config_read)(struct virtio_dev *dev, uint32_t off, void *dst, unsigned size);
    void (*config_write)(struct virtio_dev *dev, uint32_t off, const void *src, unsigned size);
    /*
     * The device's own state, in a section with the name `name`; it is quiesced. save: chains that
     * are out are saved by their heads (request.h). load: into a device that was created alike and
     * reset, with features and queues loaded; its queues are notified afterwards. False: a failure
     * is recorded in `in`, and the device is about to be reset. NULL: refused.
     */
    uint32_t state_version;
    void (*save)(struct virtio_dev *dev, struct blob_out *out);
    bool (*load)(struct virtio_dev *dev, struct blob_in *in);
    /* Reports what the device holds and did. Any thread but the device's worker; false: out of
     * memory, and nothing was reported. Optional. */
    bool (*query)(struct virtio_dev *dev, struct visitor *v);
    /* Frees the device. Called with no hart running. */
    void (*destroy)(struct virtio_dev *dev);
};

/*
 * "Shared Memory Regions": guest physical addresses at which the device shows memory of its own. A
 * region that the board gave no address does not exist for the driver.
 */
struct virtio_shm {
    uint8_t id;    /* which region it is, in the terms of the device's section */
    uint64_t size; /* bytes */
    uint64_t base; /* guest physical; 0: none yet */
};

struct virtio_dev {
    const struct virtio_ops *ops;
    struct gmem *mem;
    struct log *log;
    struct log_limit limit;
    struct vq queue[VIRTIO_MAX_QUEUES];
    uint64_t features;                     /* negotiated; 0 before */
    _Atomic bool driver_ok;                /* the driver is live: queues may be served */
    _Atomic uint32_t config_gen;           /* bumped by virtio_config_changed */
    struct virtio_shm shm[VIRTIO_MAX_SHM]; /* constant once the device is in its slot */
    unsigned num_shm;
    /* interrupt state: irq_lock is a leaf (only the PLIC's lock is taken inside) */
    pthread_mutex_t irq_lock;
    uint32_t isr; /* bit 0 used buffer, bit 1 configuration change */
    struct irq_line irq;
};

/* Fills the common part; every queue's interrupt is wired to virtio_raise. */
void virtio_init(struct virtio_dev *dev, const struct virtio_ops *ops, struct gmem *mem,
                 struct log *log);
void virtio_finish(struct virtio_dev *dev);
void virtio_destroy(struct virtio_dev *dev); /* ops->destroy; NULL is fine */

/* Declares a shared memory region; in the device's create function. */
void virtio_shm_add(struct virtio_dev *dev, uint8_t id, uint64_t size);
/* The board's, before the device is put into its slot: place(ctx, size) returns where a region of
 * `size` bytes is to lie, 0: nowhere. False: that happened. */
bool virtio_shm_place(struct virtio_dev *dev, uint64_t (*place)(void *ctx, uint64_t size),
                      void *ctx);
/* The region with an address; NULL: there is none with this id. */
const struct virtio_shm *virtio_shm_find(const struct virtio_dev *dev, uint32_t id);

/* Any thread. bits: 1 used buffer, 2 configuration. */
void virtio_raise(struct virtio_dev *dev, uint32_t bits);
void virtio_ack(struct virtio_dev *dev, uint32_t bits); /* transport */
uint32_t virtio_isr(struct virtio_dev *dev);
/* Configuration space changed under the driver: new generation and an interrupt. Any thread. */
void virtio_config_changed(struct virtio_dev *dev);

static inline bool virtio_has(const struct virtio_dev *dev, uint64_t feature)
{
    return (dev->features & feature) != 0;
}

#endif
