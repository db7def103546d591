/* SPDX-License-Identifier: MIT */
#include "virtio/virtio.h"

#include <assert.h>
#include <string.h>

enum { ISR_USED = 1, ISR_CONFIG = 2 };

static void queue_interrupt(void *ctx)
{
    virtio_raise(ctx, ISR_USED);
}

void virtio_init(struct virtio_dev *dev, const struct virtio_ops *ops, struct gmem *mem,
                 struct log *log)
{
    memset(dev, 0, sizeof(*dev));
    dev->ops = ops;
    dev->mem = mem;
    dev->log = log;
    pthread_mutex_init(&dev->irq_lock, NULL);
    for (unsigned q = 0; q < VIRTIO_MAX_QUEUES; q++)
        dev->queue[q] = (struct vq){.mem = mem,
                                    .log = log,
                                    .limit = &dev->limit,
                                    .max_chain = ops->max_chain ? ops->max_chain : VQ_CHAIN_PIECES,
                                    .interrupt = queue_interrupt,
                                    .ctx = dev};
}

void virtio_finish(struct virtio_dev *dev)
{
    for (unsigned q = 0; q < VIRTIO_MAX_QUEUES; q++)
        vq_finish(&dev->queue[q]);
    pthread_mutex_destroy(&dev->irq_lock);
}

void virtio_destroy(struct virtio_dev *dev)
{
    if (dev)
        dev->ops->destroy(dev);
}

void virtio_shm_add(struct virtio_dev *dev, uint8_t id, uint64_t size)
{
    assert(dev->num_shm < VIRTIO_MAX_SHM);
    dev->shm[dev->num_shm++] = (struct virtio_shm){.id = id, .size = size};
}

bool virtio_shm_place(struct virtio_dev *dev, uint64_t (*place)(void *ctx, uint64_t size),
                      void *ctx)
{
    bool all = true;
    for (unsigned i = 0; i < dev->num_shm; i++) {
        dev->shm[i].base = place(ctx, dev->shm[i].size);
        all = all && dev->shm[i].base;
    }
    return all;
}

const struct virtio_shm *virtio_shm_find(const struct virtio_dev *dev, uint32_t id)
{
    for (unsigned i = 0; i < dev->num_shm; i++)
        if (dev->shm[i].id == id && dev->shm[i].base)
            return &dev->shm[i];
    return NULL;
}

/*
 * Looking at driver_ok under the lock that virtio_ack takes makes a reset final: it clears
 * driver_ok first, so a late raise from another thread can not survive the reset's ack.
 */
void virtio_raise(struct virtio_dev *dev, uint32_t bits)
{
    pthread_mutex_lock(&dev->irq_lock);
    if (atomic_load(&dev->driver_ok)) {
        dev->isr |= bits;
        irq_set(&dev->irq, true);
    }
    pthread_mutex_unlock(&dev->irq_lock);
}

void virtio_ack(struct virtio_dev *dev, uint32_t bits)
{
    pthread_mutex_lock(&dev->irq_lock);
    dev->isr &= ~bits;
    irq_set(&dev->irq, dev->isr != 0);
    pthread_mutex_unlock(&dev->irq_lock);
}

uint32_t virtio_isr(struct virtio_dev *dev)
{
    pthread_mutex_lock(&dev->irq_lock);
    uint32_t isr = dev->isr;
    pthread_mutex_unlock(&dev->irq_lock);
    return isr;
}

void virtio_config_changed(struct virtio_dev *dev)
{
    atomic_fetch_add(&dev->config_gen, 1);
    virtio_raise(dev, ISR_CONFIG);
}
