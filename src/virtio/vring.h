/* SPDX-License-Identifier: MIT */
/*
 * A split virtqueue as it lies in guest memory (VIRTIO 1.3, "Split Virtqueues"), for both sides:
 * the device (virtio/queue.h), and drivers without a CPU (replay, tests).
 */
#ifndef VIRTIO_VRING_H
#define VIRTIO_VRING_H

#include "base/le.h"

/* "The Virtqueue Descriptor Table". */
struct vring_desc {
    le64 addr;
    le32 len;
    le16 flags;
    le16 next;
};
enum { VRING_DESC_NEXT = 1, VRING_DESC_WRITE = 2, VRING_DESC_INDIRECT = 4 };

/*
 * "The Virtqueue Available Ring" and "... Used Ring": 16-bit flags and idx, then the entries, then
 * a 16-bit event index of the other side.
 */
enum { VRING_FLAGS = 0, VRING_IDX = 2, VRING_ENTRIES = 4, VRING_EVENT_BYTES = 2 };
enum { VRING_AVAIL_ENTRY = 2, VRING_USED_ENTRY = 8 };
enum { VRING_AVAIL_NO_INTERRUPT = 1, VRING_USED_NO_NOTIFY = 1 };

struct vring_used_elem {
    le32 id;
    le32 len;
};

static inline uint64_t vring_avail_bytes(unsigned entries)
{
    return VRING_ENTRIES + (uint64_t)VRING_AVAIL_ENTRY * entries + VRING_EVENT_BYTES;
}

static inline uint64_t vring_used_bytes(unsigned entries)
{
    return VRING_ENTRIES + (uint64_t)VRING_USED_ENTRY * entries + VRING_EVENT_BYTES;
}

#endif
