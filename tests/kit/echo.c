/* SPDX-License-Identifier: MIT */
#include "kit/echo.h"

#include <stdlib.h>
#include <string.h>

static struct echo *echo_of(struct virtio_dev *dev)
{
    return container_of(dev, struct echo, dev);
}

static uint64_t echo_features(struct virtio_dev *dev)
{
    (void)dev;
    return ECHO_FEATURES;
}

static void answer(struct echo *echo, struct vq_chain *chain)
{
    uint8_t b[61]; /* no power of two, so that it never fits the framing */
    size_t n;
    while ((n = vq_read(chain, b, sizeof(b))))
        vq_write(chain, b, n);
    vq_push(chain);
    echo->served++;
}

static void echo_notify(struct virtio_dev *dev, unsigned q)
{
    struct echo *echo = echo_of(dev);
    struct vq_chain *chain;
    echo->notified++;
    for (unsigned i = 0; i < 4 * ECHO_SIZE && (chain = vq_pop(&dev->queue[q])); i++) {
        if (echo->hold && echo->num_held < ECHO_SIZE)
            echo->held[echo->num_held++] = chain;
        else
            answer(echo, chain);
    }
    vq_notify(&dev->queue[q]);
}

void echo_release(struct echo *echo)
{
    while (echo->num_held)
        answer(echo, echo->held[--echo->num_held]);
    for (unsigned q = 0; q < ECHO_QUEUES; q++)
        vq_notify(&echo->dev.queue[q]);
}

static void drop(struct echo *echo, unsigned q)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < echo->num_held; i++) {
        if (echo->held[i]->vq == &echo->dev.queue[q])
            vq_discard(echo->held[i]);
        else
            echo->held[kept++] = echo->held[i];
    }
    echo->num_held = kept;
}

static void echo_queue_reset(struct virtio_dev *dev, unsigned q)
{
    echo_of(dev)->queue_resets++;
    drop(echo_of(dev), q);
}

static void echo_reset(struct virtio_dev *dev)
{
    echo_of(dev)->resets++;
    for (unsigned q = 0; q < ECHO_QUEUES; q++)
        drop(echo_of(dev), q);
}

static void echo_negotiated(struct virtio_dev *dev)
{
    echo_of(dev)->negotiated++;
}

static void echo_quiesce(struct virtio_dev *dev)
{
    echo_of(dev)->quiet++;
}

static void echo_resume(struct virtio_dev *dev)
{
    echo_of(dev)->quiet--;
}

static void echo_config_read(struct virtio_dev *dev, uint32_t off, void *dst, unsigned size)
{
    memcpy(dst, echo_of(dev)->config + off, size);
}

static void echo_config_write(struct virtio_dev *dev, uint32_t off, const void *src, unsigned size)
{
    memcpy(echo_of(dev)->config + off, src, size);
}

static void echo_destroy(struct virtio_dev *dev)
{
    echo_reset(dev);
    virtio_finish(dev);
    free(echo_of(dev));
}

static const struct virtio_ops echo_ops = {
    .name = "echo",
    .id = 63,
    .num_queues = ECHO_QUEUES,
    .queue_size = ECHO_SIZE,
    .features = echo_features,
    .notify = echo_notify,
    .negotiated = echo_negotiated,
    .quiesce = echo_quiesce,
    .resume = echo_resume,
    .reset = echo_reset,
    .queue_reset = echo_queue_reset,
    .config_size = ECHO_CONFIG,
    .config_read = echo_config_read,
    .config_write = echo_config_write,
    .destroy = echo_destroy,
};

struct echo *echo_create(struct gmem *mem)
{
    struct echo *echo = calloc(1, sizeof(*echo));
    if (!echo)
        abort();
    virtio_init(&echo->dev, &echo_ops, mem, NULL);
    return echo;
}
