/* SPDX-License-Identifier: MIT */
#include "virtio/mmio.h"

#include <stdlib.h>
#include <string.h>

/* VIRTIO 1.3, "MMIO Device Register Layout". Names are the specification's. */
enum {
    REG_MAGIC = 0x000,
    REG_VERSION = 0x004,
    REG_DEVICE_ID = 0x008,
    REG_VENDOR_ID = 0x00c,
    REG_DEVICE_FEATURES = 0x010,
    REG_DEVICE_FEATURES_SEL = 0x014,
    REG_DRIVER_FEATURES = 0x020,
    REG_DRIVER_FEATURES_SEL = 0x024,
    REG_QUEUE_SEL = 0x030,
    REG_QUEUE_SIZE_MAX = 0x034,
    REG_QUEUE_SIZE = 0x038,
    REG_QUEUE_READY = 0x044,
    REG_QUEUE_NOTIFY = 0x050,
    REG_INTERRUPT_STATUS = 0x060,
    REG_INTERRUPT_ACK = 0x064,
    REG_STATUS = 0x070,
    REG_QUEUE_DESC = 0x080, /* low word; high word at + 4 */
    REG_QUEUE_DRIVER = 0x090,
    REG_QUEUE_DEVICE = 0x0a0,
    REG_SHM_LEN_LOW = 0x0b0,
    REG_SHM_BASE_HIGH = 0x0bc,
    REG_QUEUE_RESET = 0x0c0,
    REG_CONFIG_GENERATION = 0x0fc,
    REG_CONFIG = 0x100,
};

enum { STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8, STATUS_ALL = 0xcf };

#define MAGIC   0x74726976u /* "virt" */
#define VERSION 2u
/* QEMU's: xv6 and other teaching kernels look for it. */
#define VENDOR 0x554d4551u

#define TRANSPORT_FEATURES                                                                         \
    (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_RING_RESET)

struct virtio_mmio {
    struct virtio_dev *dev; /* NULL: empty slot */
    pthread_mutex_t lock;   /* held for the length of an access */
    /* under lock */
    uint32_t status, device_sel, driver_sel, queue_sel;
    uint64_t driver_features;
};

static void quiesce(struct virtio_dev *dev)
{
    if (dev->ops->quiesce)
        dev->ops->quiesce(dev);
}

static void resume(struct virtio_dev *dev)
{
    if (dev->ops->resume)
        dev->ops->resume(dev);
}

static uint64_t offered(struct virtio_dev *dev)
{
    return dev->ops->features(dev) | TRANSPORT_FEATURES;
}

/* The selected queue, or NULL. */
static struct vq *selected(struct virtio_mmio *slot)
{
    struct virtio_dev *dev = slot->dev;
    return slot->queue_sel < dev->ops->num_queues ? &dev->queue[slot->queue_sel] : NULL;
}

static void queue_to_reset(struct virtio_dev *dev, struct vq *vq)
{
    vq_reset(vq);
    vq->size = dev->ops->queue_size;
}

static void slot_reset(struct virtio_mmio *slot)
{
    struct virtio_dev *dev = slot->dev;
    atomic_store(&dev->driver_ok, false);
    quiesce(dev);
    if (dev->ops->reset)
        dev->ops->reset(dev);
    for (unsigned q = 0; q < dev->ops->num_queues; q++)
        queue_to_reset(dev, &dev->queue[q]);
    dev->features = 0;
    slot->status = slot->device_sel = slot->driver_sel = slot->queue_sel = 0;
    slot->driver_features = 0;
    virtio_ack(dev, UINT32_MAX);
    resume(dev);
}

/*
 * FEATURES_OK stays off if the driver wants what was not offered. VERSION_1 may be missing: small
 * drivers (xv6's) never look at the high feature word, and this transport has no other version.
 */
static bool negotiate(struct virtio_mmio *slot)
{
    struct virtio_dev *dev = slot->dev;
    uint64_t wrong = slot->driver_features & ~offered(dev);
    if (wrong) {
        log_limited(dev->log, &dev->limit, "virtio-%s: features %#llx were not offered",
                    dev->ops->name, (unsigned long long)wrong);
        return false;
    }
    dev->features = slot->driver_features;
    if (dev->ops->negotiated)
        dev->ops->negotiated(dev);
    return true;
}

static void go_live(struct virtio_dev *dev)
{
    atomic_store(&dev->driver_ok, true);
    for (unsigned q = 0; q < dev->ops->num_queues; q++)
        if (dev->queue[q].ready)
            dev->ops->notify(dev, q); /* the driver may have filled it before */
}

/* "Device Status Field": 0 resets, other bits can only be added, one step after the other. */
static void status_write(struct virtio_mmio *slot, uint32_t val)
{
    if (!val) {
        slot_reset(slot);
        return;
    }
    uint32_t added = val & STATUS_ALL & ~slot->status;
    if ((added & STATUS_FEATURES_OK) && !negotiate(slot))
        added &= ~(uint32_t)STATUS_FEATURES_OK;
    slot->status |= added & ~(uint32_t)STATUS_DRIVER_OK;
    if ((added & STATUS_DRIVER_OK) && (slot->status & STATUS_FEATURES_OK)) {
        slot->status |= STATUS_DRIVER_OK;
        go_live(slot->dev);
    }
}

static void driver_features_write(struct virtio_mmio *slot, uint32_t val)
{
    if (slot->driver_sel > 1) /* words past the second: nothing there is offered */
        return;
    if (slot->status & STATUS_FEATURES_OK) {
        log_limited(slot->dev->log, &slot->dev->limit, "virtio-%s: features after FEATURES_OK",
                    slot->dev->ops->name);
        return;
    }
    unsigned shift = slot->driver_sel * 32;
    slot->driver_features &= ~(UINT64_C(0xffffffff) << shift);
    slot->driver_features |= (uint64_t)val << shift;
}

/* A size that can not be makes 0, which vq_configure refuses. */
static void queue_size_write(struct virtio_mmio *slot, uint32_t val)
{
    struct vq *vq = selected(slot);
    if (vq && !vq->ready)
        vq->size = val <= slot->dev->ops->queue_size ? (uint16_t)val : 0;
}

/* Sets half of a ring's address. */
static void queue_addr_write(struct virtio_mmio *slot, uint64_t off, uint32_t val)
{
    struct vq *vq = selected(slot);
    if (!vq || vq->ready)
        return;
    uint64_t *addr = (off & ~UINT64_C(4)) == REG_QUEUE_DESC     ? &vq->desc
                     : (off & ~UINT64_C(4)) == REG_QUEUE_DRIVER ? &vq->avail
                                                                : &vq->used;
    if (off & 4)
        *addr = (*addr & 0xffffffffu) | (uint64_t)val << 32;
    else
        *addr = (*addr & ~UINT64_C(0xffffffff)) | val;
}

/* Takes the queue from the device: its chains are dropped before this returns. */
static void queue_stop(struct virtio_mmio *slot, struct vq *vq)
{
    struct virtio_dev *dev = slot->dev;
    quiesce(dev);
    if (dev->ops->queue_reset)
        dev->ops->queue_reset(dev, slot->queue_sel);
    queue_to_reset(dev, vq);
    resume(dev);
}

static void queue_start(struct virtio_mmio *slot, struct vq *vq)
{
    struct virtio_dev *dev = slot->dev;
    quiesce(dev);
    if ((slot->status & STATUS_FEATURES_OK) && vq_configure(vq)) {
        vq->event_idx = virtio_has(dev, VIRTIO_F_EVENT_IDX);
        vq->indirect = virtio_has(dev, VIRTIO_F_INDIRECT_DESC);
        vq->ready = true;
    } else {
        log_limited(dev->log, &dev->limit,
                    "virtio-%s: queue %u refused: size, alignment or place of its rings",
                    dev->ops->name, slot->queue_sel);
    }
    resume(dev);
}

static void queue_ready_write(struct virtio_mmio *slot, uint32_t val)
{
    struct vq *vq = selected(slot);
    if (!vq || vq->ready == (val != 0))
        return;
    if (val)
        queue_start(slot, vq);
    else
        queue_stop(slot, vq);
}

/* "Virtqueue Reset"; done when the write returns, so the register always reads 0. */
static void queue_reset_write(struct virtio_mmio *slot, uint32_t val)
{
    struct vq *vq = selected(slot);
    if (vq && val == 1 && virtio_has(slot->dev, VIRTIO_F_RING_RESET))
        queue_stop(slot, vq);
}

static void notify_write(struct virtio_mmio *slot, uint32_t q)
{
    struct virtio_dev *dev = slot->dev;
    if (q < dev->ops->num_queues && dev->queue[q].ready && atomic_load(&dev->driver_ok))
        dev->ops->notify(dev, q);
}

static uint32_t reg_read(struct virtio_mmio *slot, uint64_t off)
{
    struct virtio_dev *dev = slot->dev;
    const struct vq *vq = selected(slot);
    switch (off) {
    case REG_DEVICE_ID: return dev->ops->id;
    case REG_DEVICE_FEATURES:
        return slot->device_sel > 1 ? 0 : (uint32_t)(offered(dev) >> (slot->device_sel * 32));
    case REG_QUEUE_SIZE_MAX: return vq ? dev->ops->queue_size : 0;
    case REG_QUEUE_READY: return vq && vq->ready;
    case REG_INTERRUPT_STATUS: return virtio_isr(dev);
    case REG_STATUS: return slot->status;
    case REG_CONFIG_GENERATION: return atomic_load(&dev->config_gen);
    default:
        /* No device has shared memory: length and base of every region are all ones. */
        return off >= REG_SHM_LEN_LOW && off <= REG_SHM_BASE_HIGH ? UINT32_MAX : 0;
    }
}

static void reg_write(struct virtio_mmio *slot, uint64_t off, uint32_t val)
{
    switch (off) {
    case REG_DEVICE_FEATURES_SEL: slot->device_sel = val; break;
    case REG_DRIVER_FEATURES: driver_features_write(slot, val); break;
    case REG_DRIVER_FEATURES_SEL: slot->driver_sel = val; break;
    case REG_QUEUE_SEL: slot->queue_sel = val; break;
    case REG_QUEUE_SIZE: queue_size_write(slot, val); break;
    case REG_QUEUE_READY: queue_ready_write(slot, val); break;
    case REG_QUEUE_NOTIFY: notify_write(slot, val); break;
    case REG_INTERRUPT_ACK: virtio_ack(slot->dev, val); break;
    case REG_STATUS: status_write(slot, val); break;
    case REG_QUEUE_DESC:
    case REG_QUEUE_DESC + 4:
    case REG_QUEUE_DRIVER:
    case REG_QUEUE_DRIVER + 4:
    case REG_QUEUE_DEVICE:
    case REG_QUEUE_DEVICE + 4: queue_addr_write(slot, off, val); break;
    case REG_QUEUE_RESET: queue_reset_write(slot, val); break;
    default: break;
    }
}

static uint32_t config_read(struct virtio_dev *dev, uint64_t off, unsigned size)
{
    uint8_t b[4] = {0};
    if (extent_ok(off, size, dev->ops->config_size))
        dev->ops->config_read(dev, (uint32_t)off, b, size);
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void config_write(struct virtio_dev *dev, uint64_t off, uint32_t val, unsigned size)
{
    uint8_t b[4] = {(uint8_t)val, (uint8_t)(val >> 8), (uint8_t)(val >> 16), (uint8_t)(val >> 24)};
    if (dev->ops->config_write && extent_ok(off, size, dev->ops->config_size))
        dev->ops->config_write(dev, (uint32_t)off, b, size);
}

static uint64_t mmio_read(void *ctx, uint64_t off, unsigned size)
{
    struct virtio_mmio *slot = ctx;
    if (off < REG_CONFIG && size != 4)
        return 0;
    switch (off) {
    case REG_MAGIC: return MAGIC;
    case REG_VERSION: return VERSION;
    case REG_VENDOR_ID: return VENDOR;
    default: break;
    }
    if (!slot->dev)
        return 0;
    pthread_mutex_lock(&slot->lock);
    uint32_t val =
        off < REG_CONFIG ? reg_read(slot, off) : config_read(slot->dev, off - REG_CONFIG, size);
    pthread_mutex_unlock(&slot->lock);
    return val;
}

static void mmio_write(void *ctx, uint64_t off, uint64_t val, unsigned size)
{
    struct virtio_mmio *slot = ctx;
    if (!slot->dev || (off < REG_CONFIG && size != 4))
        return;
    pthread_mutex_lock(&slot->lock);
    if (off < REG_CONFIG)
        reg_write(slot, off, (uint32_t)val);
    else
        config_write(slot->dev, off - REG_CONFIG, (uint32_t)val, size);
    pthread_mutex_unlock(&slot->lock);
}

const struct mmio_ops virtio_mmio_ops = {
    .name = "virtio-mmio",
    .min_size = 1,
    .max_size = 4,
    .read = mmio_read,
    .write = mmio_write,
};

struct virtio_mmio *virtio_mmio_create(struct virtio_dev *dev, struct irq_line irq)
{
    struct virtio_mmio *slot = calloc(1, sizeof(*slot));
    if (!slot)
        return NULL;
    pthread_mutex_init(&slot->lock, NULL);
    slot->dev = dev;
    if (dev) {
        dev->irq = irq;
        slot_reset(slot);
    }
    return slot;
}

void virtio_mmio_destroy(struct virtio_mmio *slot)
{
    if (!slot)
        return;
    virtio_destroy(slot->dev);
    pthread_mutex_destroy(&slot->lock);
    free(slot);
}

void virtio_mmio_reset(struct virtio_mmio *slot)
{
    if (!slot->dev)
        return;
    pthread_mutex_lock(&slot->lock);
    slot_reset(slot);
    pthread_mutex_unlock(&slot->lock);
}

void virtio_mmio_fdt(struct fdt_builder *b, uint64_t base, uint32_t irq, uint32_t plic_phandle)
{
    fdt_node(b, "virtio_mmio@%llx", (unsigned long long)base);
    fdt_str(b, "compatible", "virtio,mmio");
    fdt_reg(b, base, VIRTIO_MMIO_SIZE);
    fdt_u32(b, "interrupt-parent", plic_phandle);
    fdt_u32(b, "interrupts", irq);
    fdt_node_end(b);
}
