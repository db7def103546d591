/* SPDX-License-Identifier: MIT */
/*
 * Version 1 of the transport (VIRTIO 1.3, "Legacy interface" of "Virtio Over MMIO"), which QEMU's
 * virt has by default: the three rings of a queue lie one behind the other from
 * a page on, whose number the driver writes; features count as they are written, there is no
 * FEATURES_OK; and the device may be used before DRIVER_OK.
 */
#include "virtio/mmio_slot.h"
#include "virtio/vring.h"

/* "Legacy Interfaces: A Note on Virtqueue Layout". */
static void lay_out(const struct virtio_mmio *slot, struct vq *vq)
{
    unsigned q = slot->queue_sel;
    uint64_t align = slot->legacy[q].align ? slot->legacy[q].align : 4096;
    vq->desc = (uint64_t)slot->legacy[q].pfn << slot->page_shift;
    vq->avail = vq->desc + sizeof(struct vring_desc) * vq->size;
    vq->used = vq->avail + vring_avail_bytes(vq->size);
    vq->used += (align - vq->used % align) % align;
}

/* The selected queue's page, alignment or size has changed. size: 0 for an impossible one. */
static void set_up(struct virtio_mmio *slot, struct vq *vq, uint16_t size)
{
    if (vq->ready)
        slot_queue_stop(slot, vq);
    vq->size = size;
    if (!slot->legacy[slot->queue_sel].pfn)
        return;
    lay_out(slot, vq);
    if (!slot_queue_start(slot, vq))
        slot->legacy[slot->queue_sel].pfn = 0;
}

static void pfn_write(struct virtio_mmio *slot, struct vq *vq, uint32_t pfn)
{
    slot->legacy[slot->queue_sel].pfn = pfn;
    if (pfn && !slot->page_shift)
        slot_mistake(slot, MISTAKE_QUEUE, "wrote QueuePFN before GuestPageSize");
    set_up(slot, vq, vq->size);
}

static uint32_t legacy_read(struct virtio_mmio *slot, uint64_t off)
{
    return off == MMIO_QUEUE_PFN && slot_queue(slot) ? slot->legacy[slot->queue_sel].pfn : 0;
}

static bool legacy_write(struct virtio_mmio *slot, uint64_t off, uint32_t val)
{
    struct vq *vq = slot_queue(slot);
    switch (off) {
    case MMIO_PAGE_SIZE: slot->page_shift = val ? (unsigned)__builtin_ctz(val) : 0; return true;
    case MMIO_QUEUE_ALIGN:
        if (vq) {
            slot->legacy[slot->queue_sel].align = val;
            set_up(slot, vq, vq->size);
        }
        return true;
    case MMIO_QUEUE_PFN:
        if (vq)
            pfn_write(slot, vq, val);
        return true;
    default: return false;
    }
}

/* Nothing is left to do: each write of features took effect at once. */
static bool features_ok(struct virtio_mmio *slot)
{
    (void)slot;
    return true;
}

const struct mmio_version mmio_legacy = {
    .number = 1,
    .queue_size_max = VQ_MAX_SIZE, /* as QEMU's */
    .features =
        VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_ANY_LAYOUT | VIRTIO_F_NOTIFY_EMPTY,
    .read = legacy_read,
    .write = legacy_write,
    .features_written = slot_take_features,
    .size_written = set_up,
    .features_ok = features_ok,
    .other = "is one for virtio-mmio version 2: start without --virtio legacy",
};
