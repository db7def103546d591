/* SPDX-License-Identifier: MIT */
/* The state of a slot and its device: registers, queues, then a section that is the device's. */
#include "virtio/mmio_slot.h"

static void registers_save(const struct virtio_mmio *slot, struct blob_out *out)
{
    blob_put_u32(out, slot->status);
    blob_put_u32(out, slot->device_sel);
    blob_put_u32(out, slot->driver_sel);
    blob_put_u32(out, slot->queue_sel);
    blob_put_u32(out, slot->shm_sel);
    blob_put_u64(out, slot->driver_features);
    blob_put_bool(out, slot->refused);
    blob_put_u8(out, (uint8_t)slot->page_shift);
}

static void registers_load(struct virtio_mmio *slot, struct blob_in *in)
{
    slot->status = blob_get_u32(in);
    slot->device_sel = blob_get_u32(in);
    slot->driver_sel = blob_get_u32(in);
    slot->queue_sel = blob_get_u32(in);
    slot->shm_sel = blob_get_u32(in);
    slot->driver_features = blob_get_u64(in);
    slot->refused = blob_get_bool(in);
    slot->page_shift = blob_get_u8(in);
    blob_check(in, !(slot->status & ~(uint32_t)STATUS_ALL), "unknown status bits");
    blob_check(in, slot->page_shift < 32, "a page size of more than 32 bits");
}

static void device_save(struct virtio_dev *dev, struct blob_out *out)
{
    blob_put_u64(out, dev->features);
    blob_put_bool(out, atomic_load(&dev->driver_ok));
    blob_put_u32(out, atomic_load(&dev->config_gen));
    blob_put_u32(out, virtio_isr(dev));
}

/* The interrupt line is not set: what is behind it loads its own state. */
static void device_load(struct virtio_mmio *slot, struct blob_in *in)
{
    struct virtio_dev *dev = slot->dev;
    dev->features = blob_get_u64(in);
    bool driver_ok = blob_get_bool(in);
    atomic_store(&dev->config_gen, blob_get_u32(in));
    uint32_t isr = blob_get_u32(in);
    blob_check(in, !(dev->features & ~slot_offered(slot)), "features that are not offered");
    blob_check(in, isr < 4, "unknown interrupts");
    if (in->error)
        return;
    pthread_mutex_lock(&dev->irq_lock);
    dev->isr = isr;
    atomic_store(&dev->driver_ok, driver_ok);
    pthread_mutex_unlock(&dev->irq_lock);
}

static void queues_save(const struct virtio_mmio *slot, struct blob_out *out)
{
    for (unsigned q = 0; q < slot->dev->ops->num_queues; q++) {
        blob_put_u32(out, slot->legacy[q].pfn);
        blob_put_u32(out, slot->legacy[q].align);
        vq_save(&slot->dev->queue[q], out);
    }
}

static void queues_load(struct virtio_mmio *slot, struct blob_in *in)
{
    struct virtio_dev *dev = slot->dev;
    for (unsigned q = 0; q < dev->ops->num_queues && !in->error; q++) {
        slot->legacy[q].pfn = blob_get_u32(in);
        slot->legacy[q].align = blob_get_u32(in);
        if (vq_load(&dev->queue[q], in))
            slot_queue_features(dev, &dev->queue[q]);
    }
}

/* The device's own section; the queues are loaded, so it can take chains again. */
static void section_load(struct virtio_dev *dev, struct blob_in *in)
{
    struct blob_in section;
    if (in->error || !blob_open(in, &section, dev->ops->name, dev->ops->state_version))
        return;
    if (!dev->ops->load(dev, &section))
        blob_fail(&section, "a wrong state");
    blob_close(&section);
}

void virtio_mmio_save(struct virtio_mmio *slot, struct blob_out *out)
{
    struct virtio_dev *dev = slot->dev;
    blob_put_u32(out, slot->version->number);
    blob_put_u32(out, dev ? dev->ops->id : 0);
    if (!dev)
        return;
    if (!dev->ops->save) {
        log_warn(dev->log, "virtio-%s: the state of this device cannot be saved", dev->ops->name);
        out->failed = true;
        return;
    }
    pthread_mutex_lock(&slot->lock);
    slot_quiesce(dev);
    registers_save(slot, out);
    device_save(dev, out);
    queues_save(slot, out);
    size_t section = blob_begin(out, dev->ops->name, dev->ops->state_version);
    dev->ops->save(dev, out);
    blob_end(out, section);
    slot_resume(dev);
    pthread_mutex_unlock(&slot->lock);
}

bool virtio_mmio_load(struct virtio_mmio *slot, struct blob_in *in)
{
    struct virtio_dev *dev = slot->dev;
    blob_check(in, blob_get_u32(in) == slot->version->number, "another version of virtio-mmio");
    blob_check(in, blob_get_u32(in) == (dev ? dev->ops->id : 0), "another device in this slot");
    if (!dev || in->error)
        return !in->error;
    if (!dev->ops->load)
        return blob_fail(in, "the state of this device cannot be loaded");
    pthread_mutex_lock(&slot->lock);
    atomic_store(&dev->driver_ok, false);
    slot_quiesce(dev);
    slot_clear(slot);
    registers_load(slot, in);
    device_load(slot, in);
    queues_load(slot, in);
    section_load(dev, in);
    if (in->error) { /* before the device's worker may run */
        slot_clear(slot);
        slot_forget_layout(slot);
    }
    slot_resume(dev);
    if (in->error)
        virtio_ack(dev, UINT32_MAX);
    else if (atomic_load(&dev->driver_ok))
        slot_notify_all(slot); /* to go on with what was not done yet */
    pthread_mutex_unlock(&slot->lock);
    return !in->error;
}
