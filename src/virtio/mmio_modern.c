/* SPDX-License-Identifier: MIT */
/*
 * Version 2 of the transport (VIRTIO 1.3, "MMIO Device Register Layout"): each ring of a queue has
 * an address of its own, and features count from FEATURES_OK on.
 */
#include "virtio/mmio_slot.h"

/* FEATURES_OK stays off if the driver has accepted a feature that was not offered. VERSION_1 may be missing: small
 * drivers (xv6's) never read the high feature word. */
static bool features_ok(struct virtio_mmio *slot)
{
    struct virtio_dev *dev = slot->dev;
    uint64_t wrong = slot->driver_features & ~slot_offered(slot);
    if (wrong) {
        log_limited(dev->log, &dev->limit, LOG_BY_GUEST,
                    "virtio-%s: features %#llx were not offered", dev->ops->name,
                    (unsigned long long)wrong);
        return false;
    }
    slot_take_features(slot);
    for (unsigned q = 0; q < dev->ops->num_queues; q++)
        if (dev->queue[q].ready)
            slot_mistake(slot, MISTAKE_EARLY_QUEUE, "set up a queue before FEATURES_OK");
    return true;
}

/* Sets half of a ring's address. */
static void queue_addr_write(struct virtio_mmio *slot, uint64_t off, uint32_t val)
{
    struct vq *vq = slot_queue(slot);
    if (!vq || vq->ready)
        return;
    uint64_t *addr = (off & ~UINT64_C(4)) == MMIO_QUEUE_DESC     ? &vq->desc
                     : (off & ~UINT64_C(4)) == MMIO_QUEUE_DRIVER ? &vq->avail
                                                                 : &vq->used;
    if (off & 4)
        *addr = (*addr & 0xffffffffu) | (uint64_t)val << 32;
    else
        *addr = (*addr & ~UINT64_C(0xffffffff)) | val;
}

static void queue_ready_write(struct virtio_mmio *slot, uint32_t val)
{
    struct vq *vq = slot_queue(slot);
    if (!vq || vq->ready == (val != 0))
        return;
    if (val)
        slot_queue_start(slot, vq);
    else
        slot_queue_stop(slot, vq);
}

/* "Virtqueue Reset"; done when the write returns, so the register always reads 0. */
static void queue_reset_write(struct virtio_mmio *slot, uint32_t val)
{
    struct vq *vq = slot_queue(slot);
    if (vq && val == 1 && virtio_has(slot->dev, VIRTIO_F_RING_RESET))
        slot_queue_stop(slot, vq);
}

/* Half of the selected region's length or address; of a region that does not exist all ones. */
static uint32_t shm_read(const struct virtio_mmio *slot, uint64_t off)
{
    const struct virtio_shm *shm = virtio_shm_find(slot->dev, slot->shm_sel);
    if (!shm)
        return UINT32_MAX;
    uint64_t val = off < MMIO_SHM_BASE ? shm->size : shm->base;
    return (uint32_t)(off & 4 ? val >> 32 : val);
}

static uint32_t modern_read(struct virtio_mmio *slot, uint64_t off)
{
    const struct vq *vq = slot_queue(slot);
    switch (off) {
    case MMIO_QUEUE_READY: return vq && vq->ready;
    case MMIO_CONFIG_GENERATION: return atomic_load(&slot->dev->config_gen);
    case MMIO_SHM_LEN:
    case MMIO_SHM_LEN + 4:
    case MMIO_SHM_BASE:
    case MMIO_SHM_BASE + 4: return shm_read(slot, off);
    default: return 0;
    }
}

static bool modern_write(struct virtio_mmio *slot, uint64_t off, uint32_t val)
{
    switch (off) {
    case MMIO_QUEUE_READY: queue_ready_write(slot, val); return true;
    case MMIO_QUEUE_DESC:
    case MMIO_QUEUE_DESC + 4:
    case MMIO_QUEUE_DRIVER:
    case MMIO_QUEUE_DRIVER + 4:
    case MMIO_QUEUE_DEVICE:
    case MMIO_QUEUE_DEVICE + 4: queue_addr_write(slot, off, val); return true;
    case MMIO_SHM_SEL: slot->shm_sel = val; return true;
    case MMIO_QUEUE_RESET: queue_reset_write(slot, val); return true;
    default: return false;
    }
}

const struct mmio_version mmio_modern = {
    .number = 2,
    .features =
        VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_RING_RESET,
    .read = modern_read,
    .write = modern_write,
    .features_ok = features_ok,
    .other = "is one for virtio-mmio version 1, QEMU's default: start with --virtio legacy",
};
