/* SPDX-License-Identifier: MIT */
/*
 * --gpu-check: an observer for who writes a driver. It watches what every resource goes through and
 * says, once for each resource and kind of mistake, what would leave a picture wrong or memory
 * lost, and which code rang the doorbell:
 *
 *     riscreen: guest: gpu-check: resource 3: 640x16+0+32 was transferred and not flushed
 *     for 2 s: it is not seen (pc 0x80201a4c, ra 0x802013e0)
 *
 * Linux, X and Weston are quiet under it; what they do between two commands takes milliseconds, so
 * a mistake is one only when it stays for seconds.
 */
#ifndef VIRTIO_GPU_CHECK_H
#define VIRTIO_GPU_CHECK_H

#include "virtio/virtio.h"

/* Where the guest's code is. Of the hart whose thread calls; false: it is no hart's. */
struct gpu_check_config {
    bool (*place)(void *ctx, uint64_t *pc, uint64_t *ra);
    void *ctx;
    bool (*running)(void *ctx); /* does the guest run, or is the machine stopped? NULL: it runs */
    uint64_t patience_ns;       /* how long a mistake may last before it is one; 0: two seconds */
};

/* Watches a GPU that no guest has used yet. False: no memory. */
bool virtio_gpu_check(struct virtio_dev *dev, const struct gpu_check_config *config);

#endif
