/* SPDX-License-Identifier: MIT */
/*
 * A disk in memory, for tests of a device over backend/disk.h: counts what is asked of it, and fails
 * when the test says so.
 */
#ifndef TESTS_KIT_DISK_H
#define TESTS_KIT_DISK_H

#include "backend/disk.h"

struct kit_disk {
    struct disk disk; /* first */
    uint8_t *bytes;
    int fail; /* what operations answer; 0: they work */
    unsigned reads, writes, flushes, zeroes, discards;
};

/* size: bytes, a multiple of 512. All zeros. */
void kit_disk_init(struct kit_disk *d, uint64_t size);
/* Called by disk_close, too. */
void kit_disk_finish(struct kit_disk *d);

#endif
