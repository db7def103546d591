/* SPDX-License-Identifier: MIT */
/*
 * A device that exists only for tests of the ring and the transport: it writes back what it reads,
 * on the kicking thread. With `hold` it keeps chains until echo_release, in the order asked for.
 */
#ifndef TESTS_KIT_ECHO_H
#define TESTS_KIT_ECHO_H

#include "virtio/virtio.h"

#define ECHO_QUEUES   2
#define ECHO_SIZE     64 /* entries of a queue */
#define ECHO_CONFIG   16
#define ECHO_FEATURES UINT64_C(3) /* device feature bits offered */

struct echo {
    struct virtio_dev dev;
    bool hold;
    struct vq_chain *held[ECHO_SIZE];
    unsigned num_held;
    unsigned served, notified, negotiated, resets, queue_resets; /* how often */
    int quiet;                                                   /* quiesce minus resume */
    uint8_t config[ECHO_CONFIG];
};

/* Owned by the slot it is attached to. */
struct echo *echo_create(struct gmem *mem);
/* Answers the held chains, the last first. */
void echo_release(struct echo *echo);

#endif
