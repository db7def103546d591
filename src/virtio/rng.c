/* SPDX-License-Identifier: MIT */
/*
 * Entropy (VIRTIO 1.3, "Entropy Device"): the driver hands over empty buffers, the device fills
 * them with the host's random numbers. The whole of a virtio device in its smallest form: a state
 * struct that starts with the common part, a const table of operations, a create function.
 */
#include "virtio/devices.h"

#include <stdlib.h>
#include <sys/random.h>

#define QUEUE_SIZE  64
#define MAX_REQUEST 4096 /* bytes per buffer; the device may give less than was asked */

struct rng {
    struct virtio_dev dev;
};

static void fill(struct vq_chain *chain)
{
    uint8_t block[256]; /* getrandom gives up to 256 bytes whole and uninterrupted */
    size_t left = MAX_REQUEST, n;
    do {
        ssize_t got = getrandom(block, MIN(sizeof(block), left), 0);
        if (got <= 0)
            return;
        n = vq_write(chain, block, (size_t)got);
        left -= n;
    } while (n == sizeof(block) && left);
}

/* Runs on the hart that kicked, so one call serves a bounded number of short chains. */
static void rng_notify(struct virtio_dev *dev, unsigned q)
{
    struct vq *vq = &dev->queue[q];
    struct vq_chain *chain;
    unsigned left = 2 * QUEUE_SIZE;
    while ((chain = vq_pop_some(vq, &left))) {
        fill(chain);
        vq_push(chain);
    }
    vq_notify(vq);
}

static uint64_t rng_features(struct virtio_dev *dev)
{
    (void)dev;
    return 0;
}

static void rng_destroy(struct virtio_dev *dev)
{
    virtio_finish(dev);
    free(container_of(dev, struct rng, dev));
}

static const struct virtio_ops rng_ops = {
    .name = "rng",
    .id = 4,
    .num_queues = 1,
    .queue_size = QUEUE_SIZE,
    .max_chain = VQ_MAX_SIZE,
    .features = rng_features,
    .notify = rng_notify,
    .destroy = rng_destroy,
};

struct virtio_dev *virtio_rng_create(struct gmem *mem, struct log *log)
{
    struct rng *rng = calloc(1, sizeof(*rng));
    if (!rng)
        return NULL;
    virtio_init(&rng->dev, &rng_ops, mem, log);
    return &rng->dev;
}
