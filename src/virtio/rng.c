/* SPDX-License-Identifier: MIT */
/*
 * Entropy (VIRTIO 1.3, "Entropy Device"): the driver hands over empty buffers, the device fills
 * them with random numbers, the host's or those of a seed. The whole of a virtio device in its
 * smallest form: a state struct that starts with the common part, a const table of operations, a
 * create function.
 */
#include "virtio/devices.h"

#include "host/entropy.h"

#include <stdlib.h>

#define QUEUE_SIZE  64
#define MAX_REQUEST 4096 /* bytes per buffer; a device need not fill it */

struct rng {
    struct virtio_dev dev;
    struct entropy *entropy; /* NULL: the host's */
};

static void fill_chain(struct entropy *entropy, struct vq_chain *chain)
{
    uint8_t block[256];
    size_t left = MAX_REQUEST, n;
    do {
        size_t want = MIN(sizeof(block), left);
        if (!entropy_fill(entropy, block, want))
            return;
        n = vq_write(chain, block, want);
        left -= n;
    } while (n == sizeof(block) && left);
}

/* Runs on the hart that kicked, so one call serves a bounded number of short chains. */
static void rng_notify(struct virtio_dev *dev, unsigned q)
{
    struct rng *rng = container_of(dev, struct rng, dev);
    struct vq *vq = &dev->queue[q];
    struct vq_chain *chain;
    unsigned left = 2 * QUEUE_SIZE;
    while ((chain = vq_pop_some(vq, &left))) {
        fill_chain(rng->entropy, chain);
        vq_push(chain);
    }
    vq_notify(vq);
}

static uint64_t rng_features(struct virtio_dev *dev)
{
    (void)dev;
    return 0;
}

/* All its state is the transport's; the source of numbers belongs to the machine. */
static void rng_save(struct virtio_dev *dev, struct blob_out *out)
{
    (void)dev;
    (void)out;
}

static bool rng_load(struct virtio_dev *dev, struct blob_in *in)
{
    (void)dev;
    return !in->error;
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
    .state_version = 1,
    .save = rng_save,
    .load = rng_load,
    .destroy = rng_destroy,
};

struct virtio_dev *virtio_rng_create(struct gmem *mem, struct log *log, struct entropy *entropy)
{
    struct rng *rng = calloc(1, sizeof(*rng));
    if (!rng)
        return NULL;
    rng->entropy = entropy;
    virtio_init(&rng->dev, &rng_ops, mem, log);
    return &rng->dev;
}
