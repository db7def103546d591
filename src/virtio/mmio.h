/* SPDX-License-Identifier: MIT */
/*
 * The virtio-mmio transport (VIRTIO 1.3, "Virtio Over MMIO"), one slot on the board, with the
 * registers of version 2 or those of version 1 ("legacy"). An empty slot answers magic and version
 * with DeviceID 0.
 *
 * Small drivers leave steps of the initialization out, and work on QEMU. They are served as there: queues that are set up before FEATURES_OK or without it, kicks before DRIVER_OK. The log
 * names the step that the driver left out, once until the next reset.
 */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include "bus/chip.h"
#include "bus/irq.h"
#include "virtio/virtio.h"

#define VIRTIO_MMIO_SIZE 0x1000 /* of the region, in the device tree, too, as in QEMU's */

struct virtio_mmio;

extern const struct mmio_ops virtio_mmio_ops;
extern const struct chip_ops virtio_mmio_chip; /* of a struct virtio_mmio */

/* dev: NULL for an empty slot; otherwise owned by the slot from now on. */
struct virtio_mmio *virtio_mmio_create(struct virtio_dev *dev, struct irq_line irq, bool legacy);
void virtio_mmio_destroy(struct virtio_mmio *slot);
/* The state of slot and device. load: into a slot that was made in the same way, over the guest RAM
 * of the same state; false: a failure is recorded in `in`, and the slot is reset. No hart runs. */
void virtio_mmio_save(struct virtio_mmio *slot, struct blob_out *out);
bool virtio_mmio_load(struct virtio_mmio *slot, struct blob_in *in);
/* Machine reset: as if the driver wrote 0 to Status. Any thread; harts parked. */
void virtio_mmio_reset(struct virtio_mmio *slot);

#endif
