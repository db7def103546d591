/* SPDX-License-Identifier: MIT */
/*
 * --gpu-check: an observer for authors of drivers. It follows the commands on every resource and
 * reports, once for each resource and kind of mistake, what leaves a picture wrong or memory
 * unused, and which code kicked the queue:
 *
 *     riscreen: guest: gpu-check: resource 3: 640x16+0+32 was transferred and not flushed
 *     for 2 s: it is not seen (pc 0x80201a4c, ra 0x802013e0)
 *
 * Linux, X and Weston get no reports. Between two of their commands a picture may be wrong for some
 * milliseconds, so a mistake is reported only when it lasts for seconds.
 */
#ifndef VIRTIO_GPU_CHECK_H
#define VIRTIO_GPU_CHECK_H

#include "virtio/virtio.h"

/* `location` gives pc and ra of the hart whose thread calls; false: the thread is no hart's. */
struct gpu_check_config {
    bool (*location)(void *ctx, uint64_t *pc, uint64_t *ra);
    void *ctx;
    bool (*running)(void *ctx); /* does the guest run, or is the machine stopped? NULL: it runs */
    uint64_t patience_ns;       /* how long a mistake lasts before it is reported; 0: two seconds */
};

/* Watches a GPU that no guest has used yet. False: no memory. */
bool virtio_gpu_check(struct virtio_dev *dev, const struct gpu_check_config *config);

#endif
