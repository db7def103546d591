/* SPDX-License-Identifier: MIT */
#include "virtio/mmio.h"

#include "virtio/mmio_slot.h"

#include <stdlib.h>
#include <string.h>

/* Writes to these, in a version that does not have them, come from a driver for the other one. */
static const uint16_t telltale[] = {MMIO_PAGE_SIZE,   MMIO_QUEUE_ALIGN, MMIO_QUEUE_PFN,
                                    MMIO_QUEUE_READY, MMIO_QUEUE_DESC,  MMIO_QUEUE_DRIVER,
                                    MMIO_QUEUE_DEVICE};

#define MAGIC 0x74726976u /* "virt" */
/* QEMU's: xv6 and other teaching kernels check it. */
#define VENDOR 0x554d4551u

void slot_quiesce(struct virtio_dev *dev)
{
    if (dev->ops->quiesce)
        dev->ops->quiesce(dev);
}

void slot_resume(struct virtio_dev *dev)
{
    if (dev->ops->resume)
        dev->ops->resume(dev);
}

/* --- for both versions --- */

uint64_t slot_offered(const struct virtio_mmio *slot)
{
    return slot->dev->ops->features(slot->dev) | slot->version->features;
}

struct vq *slot_queue(struct virtio_mmio *slot)
{
    struct virtio_dev *dev = slot->dev;
    return slot->queue_sel < dev->ops->num_queues ? &dev->queue[slot->queue_sel] : NULL;
}

void slot_mistake(struct virtio_mmio *slot, enum mmio_mistake kind, const char *what)
{
    struct virtio_dev *dev = slot->dev;
    if (slot->logged >> kind & 1)
        return;
    slot->logged |= 1u << kind;
    log_limited(dev->log, &dev->limit, LOG_BY_GUEST, "virtio-%s: the driver %s", dev->ops->name,
                what);
}

void slot_queue_features(struct virtio_dev *dev, struct vq *vq)
{
    vq->event_idx = virtio_has(dev, VIRTIO_F_EVENT_IDX);
    vq->indirect = virtio_has(dev, VIRTIO_F_INDIRECT_DESC);
    vq->notify_empty = virtio_has(dev, VIRTIO_F_NOTIFY_EMPTY);
}

void slot_take_features(struct virtio_mmio *slot)
{
    struct virtio_dev *dev = slot->dev;
    slot_quiesce(dev);
    dev->features = slot->driver_features & slot_offered(slot);
    for (unsigned q = 0; q < dev->ops->num_queues; q++)
        slot_queue_features(dev, &dev->queue[q]);
    if (dev->ops->negotiated)
        dev->ops->negotiated(dev);
    slot_resume(dev);
}

static void queue_to_reset(struct virtio_dev *dev, struct vq *vq)
{
    vq_reset(vq);
    vq->size = dev->ops->queue_size;
}

void slot_queue_stop(struct virtio_mmio *slot, struct vq *vq)
{
    struct virtio_dev *dev = slot->dev;
    slot_quiesce(dev);
    if (dev->ops->queue_reset)
        dev->ops->queue_reset(dev, slot->queue_sel);
    queue_to_reset(dev, vq);
    slot_resume(dev);
}

bool slot_queue_start(struct virtio_mmio *slot, struct vq *vq)
{
    struct virtio_dev *dev = slot->dev;
    slot_quiesce(dev);
    const char *wrong = vq_configure(vq);
    if (wrong) {
        log_limited(dev->log, &dev->limit, LOG_BY_GUEST, "virtio-%s: queue %u refused: %s",
                    dev->ops->name, slot->queue_sel, wrong);
    } else {
        if (vq->desc % 16 || vq->used % 4)
            slot_mistake(slot, MISTAKE_ALIGN, "put a ring at an address that is not aligned");
        slot_queue_features(dev, vq);
        vq->ready = true;
    }
    slot_resume(dev);
    return !wrong;
}

/* --- life --- */

void slot_clear(struct virtio_mmio *slot)
{
    struct virtio_dev *dev = slot->dev;
    atomic_store(&dev->driver_ok, false);
    if (dev->ops->reset)
        dev->ops->reset(dev);
    for (unsigned q = 0; q < dev->ops->num_queues; q++)
        queue_to_reset(dev, &dev->queue[q]);
    dev->features = 0;
    slot->status = slot->device_sel = slot->driver_sel = slot->queue_sel = slot->shm_sel = 0;
    slot->driver_features = 0;
    slot->logged = 0;
    slot->refused = false;
    for (unsigned q = 0; q < VIRTIO_MAX_QUEUES; q++)
        slot->legacy[q].pfn = 0;
}

void slot_forget_layout(struct virtio_mmio *slot)
{
    slot->page_shift = 0;
    memset(slot->legacy, 0, sizeof(slot->legacy));
}

void slot_reset(struct virtio_mmio *slot)
{
    struct virtio_dev *dev = slot->dev;
    atomic_store(&dev->driver_ok, false); /* its worker serves no more requests */
    slot_quiesce(dev);
    slot_clear(slot);
    slot_resume(dev);
    virtio_ack(dev, UINT32_MAX);
}

void slot_notify_all(struct virtio_mmio *slot)
{
    struct virtio_dev *dev = slot->dev;
    for (unsigned q = 0; q < dev->ops->num_queues; q++)
        if (dev->queue[q].ready)
            dev->ops->notify(dev, q);
}

/* Without FEATURES_OK the driver has no features; if it was refused, those that were offered. */
static void go_live(struct virtio_mmio *slot)
{
    struct virtio_dev *dev = slot->dev;
    if (slot->refused)
        slot_take_features(slot);
    atomic_store(&dev->driver_ok, true);
    slot_notify_all(slot); /* the driver may have filled them before */
}

/* "Device Status Field": 0 resets, other bits can only be added. A driver that leaves FEATURES_OK
 * out, or goes on although it was refused, is served as on QEMU. */
static void status_write(struct virtio_mmio *slot, uint32_t val)
{
    if (!val) {
        slot_reset(slot);
        return;
    }
    uint32_t added = val & STATUS_ALL & ~slot->status;
    if (added & STATUS_FEATURES_OK) {
        slot->refused = !slot->version->features_ok(slot);
        if (slot->refused)
            added &= ~(uint32_t)STATUS_FEATURES_OK;
    }
    slot->status |= added;
    if (added & STATUS_DRIVER_OK)
        go_live(slot);
}

/* --- registers --- */

static void driver_features_write(struct virtio_mmio *slot, uint32_t val)
{
    if (slot->driver_sel > 1) /* words past the second: nothing there is offered */
        return;
    if (slot->status & STATUS_FEATURES_OK) {
        log_limited(slot->dev->log, &slot->dev->limit, LOG_BY_GUEST,
                    "virtio-%s: features after FEATURES_OK", slot->dev->ops->name);
        return;
    }
    unsigned shift = slot->driver_sel * 32;
    slot->driver_features &= ~(UINT64_C(0xffffffff) << shift);
    slot->driver_features |= (uint64_t)val << shift;
    if (slot->version->features_written)
        slot->version->features_written(slot);
}

static uint32_t queue_size_max(const struct virtio_mmio *slot)
{
    uint32_t max = slot->version->queue_size_max;
    return max ? max : slot->dev->ops->queue_size;
}

/* A size that can not be makes 0, which vq_configure refuses. Sizes that the specification rules
 * out work on QEMU: drivers there write the 1024 that is every queue's, or how many buffers they
 * have. */
static void queue_size_write(struct virtio_mmio *slot, uint32_t val)
{
    struct vq *vq = slot_queue(slot);
    if (!vq)
        return;
    uint16_t size = val <= VQ_MAX_SIZE ? (uint16_t)val : 0;
    if (size && (size > queue_size_max(slot) || (size & (size - 1))))
        slot_mistake(slot, MISTAKE_SIZE,
                     "wrote a QueueNum that is no power of two, or more than QueueNumMax");
    if (slot->version->size_written)
        slot->version->size_written(slot, vq, size);
    else if (!vq->ready)
        vq->size = size;
}

/* A driver of version 2 that uses a queue too early breaks the specification, but works on QEMU. */
static void check_status(struct virtio_mmio *slot)
{
    if (!(slot->status & STATUS_FEATURES_OK) && !slot->refused)
        slot_mistake(slot, MISTAKE_STATUS, "uses a queue without having set FEATURES_OK");
    else if (!(slot->status & STATUS_DRIVER_OK))
        slot_mistake(slot, MISTAKE_STATUS, "uses a queue without having set DRIVER_OK");
}

static void notify_write(struct virtio_mmio *slot, uint32_t q)
{
    struct virtio_dev *dev = slot->dev;
    if (q >= dev->ops->num_queues || !dev->queue[q].ready)
        return;
    if (slot->version == &mmio_modern)
        check_status(slot);
    if (atomic_load(&dev->driver_ok))
        dev->ops->notify(dev, q);
    else
        go_live(slot);
}

static uint32_t reg_read(struct virtio_mmio *slot, uint64_t off)
{
    struct virtio_dev *dev = slot->dev;
    const struct vq *vq = slot_queue(slot);
    switch (off) {
    case MMIO_DEVICE_ID: return dev->ops->id;
    case MMIO_DEVICE_FEATURES:
        return slot->device_sel > 1 ? 0 : (uint32_t)(slot_offered(slot) >> (slot->device_sel * 32));
    case MMIO_QUEUE_SIZE_MAX: return vq ? queue_size_max(slot) : 0;
    case MMIO_INTERRUPT_STATUS: return virtio_isr(dev);
    case MMIO_STATUS: return slot->status;
    default: return slot->version->read(slot, off);
    }
}

static void other_write(struct virtio_mmio *slot, uint64_t off, uint32_t val)
{
    if (slot->version->write(slot, off, val))
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(telltale); i++)
        if (off == telltale[i])
            slot_mistake(slot, MISTAKE_OTHER_VERSION, slot->version->other);
}

static void reg_write(struct virtio_mmio *slot, uint64_t off, uint32_t val)
{
    switch (off) {
    case MMIO_DEVICE_FEATURES_SEL: slot->device_sel = val; break;
    case MMIO_DRIVER_FEATURES: driver_features_write(slot, val); break;
    case MMIO_DRIVER_FEATURES_SEL: slot->driver_sel = val; break;
    case MMIO_QUEUE_SEL: slot->queue_sel = val; break;
    case MMIO_QUEUE_SIZE: queue_size_write(slot, val); break;
    case MMIO_QUEUE_NOTIFY: notify_write(slot, val); break;
    case MMIO_INTERRUPT_ACK: virtio_ack(slot->dev, val); break;
    case MMIO_STATUS: status_write(slot, val); break;
    default: other_write(slot, off, val); break;
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
    if (off < MMIO_CONFIG && size != 4)
        return 0;
    switch (off) {
    case MMIO_MAGIC: return MAGIC;
    case MMIO_VERSION: return slot->version->number;
    case MMIO_VENDOR_ID: return VENDOR;
    default: break;
    }
    if (!slot->dev)
        return 0;
    pthread_mutex_lock(&slot->lock);
    uint32_t val =
        off < MMIO_CONFIG ? reg_read(slot, off) : config_read(slot->dev, off - MMIO_CONFIG, size);
    pthread_mutex_unlock(&slot->lock);
    return val;
}

static void mmio_write(void *ctx, uint64_t off, uint64_t val, unsigned size)
{
    struct virtio_mmio *slot = ctx;
    if (!slot->dev || (off < MMIO_CONFIG && size != 4))
        return;
    pthread_mutex_lock(&slot->lock);
    if (off < MMIO_CONFIG)
        reg_write(slot, off, (uint32_t)val);
    else
        config_write(slot->dev, off - MMIO_CONFIG, (uint32_t)val, size);
    pthread_mutex_unlock(&slot->lock);
}

const struct mmio_ops virtio_mmio_ops = {
    .min_size = 1,
    .max_size = 8,
    .unit = 4,
    .read = mmio_read,
    .write = mmio_write,
};

struct virtio_mmio *virtio_mmio_create(struct virtio_dev *dev, struct irq_line irq, bool legacy)
{
    struct virtio_mmio *slot = calloc(1, sizeof(*slot));
    if (!slot)
        return NULL;
    pthread_mutex_init(&slot->lock, NULL);
    slot->dev = dev;
    slot->version = legacy ? &mmio_legacy : &mmio_modern;
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
    slot_forget_layout(slot);
    pthread_mutex_unlock(&slot->lock);
}

static void mmio_fdt(const void *dev, struct fdt_builder *b, const struct chip_node *node)
{
    (void)dev;
    fdt_node(b, "virtio_mmio@%llx", (unsigned long long)node->base);
    fdt_str(b, "compatible", "virtio,mmio");
    fdt_reg(b, node->base, VIRTIO_MMIO_SIZE);
    fdt_u32(b, "interrupt-parent", node->irq_parent);
    fdt_u32(b, "interrupts", node->irq);
    fdt_node_end(b);
}

static void chip_reset(void *dev)
{
    virtio_mmio_reset(dev);
}

static void chip_save(void *dev, struct blob_out *out)
{
    virtio_mmio_save(dev, out);
}

static bool chip_load(void *dev, struct blob_in *in)
{
    return virtio_mmio_load(dev, in);
}

static void chip_destroy(void *dev)
{
    virtio_mmio_destroy(dev);
}

const struct chip_ops virtio_mmio_chip = {
    .name = "virtio-mmio",
    .mmio = &virtio_mmio_ops,
    .size = VIRTIO_MMIO_SIZE,
    .fdt = mmio_fdt,
    .reset = chip_reset,
    .version = 1,
    .save = chip_save,
    .load = chip_load,
    .destroy = chip_destroy,
};
