/* SPDX-License-Identifier: MIT */
/* A virtio-blk driver as teaching kernels have it: eight descriptors, one request at a time. */
#pragma once
#include "os.h"

enum { DISK_RING = 8, DISK_IRQ = 1 };
#define DISK VIRTIO(0)

static struct {
    struct vring_desc desc[DISK_RING];
    volatile struct {
        u16 flags, idx, ring[DISK_RING], unused;
    } avail;
    volatile struct {
        u16 flags, idx;
        struct {
            u32 id, len;
        } ring[DISK_RING];
    } used __attribute__((aligned(PAGE)));
} disk_ring __attribute__((aligned(PAGE)));

static struct {
    struct blk_request request;
    volatile u8 status;
    u16 seen;
} disk;

static inline void disk_queue(int legacy)
{
    R32(DISK + 0x30) = 0;
    expect(R32(DISK + 0x34) >= DISK_RING, "QueueNumMax", 20);
    expect(!R32(DISK + (legacy ? 0x40 : 0x44)), "the queue is in use", 21);
    R32(DISK + 0x38) = DISK_RING;
    if (legacy) {
        R32(DISK + 0x3c) = PAGE;
        R32(DISK + 0x40) = (u32)((word)&disk_ring / PAGE);
        return;
    }
    const volatile void *parts[] = {disk_ring.desc, &disk_ring.avail, &disk_ring.used};
    for (u32 i = 0; i < 3; i++) {
        R32(DISK + 0x80 + 0x10 * i) = (u32)(word)parts[i];
        R32(DISK + 0x84 + 0x10 * i) = (u32)((u64)(word)parts[i] >> 32);
    }
    R32(DISK + 0x44) = 1;
}

/* features: the low ones to take if they are offered. */
static inline void disk_init(int legacy, u32 features)
{
    expect(R32(DISK) == 0x74726976 && R32(DISK + 4) == (legacy ? 1 : 2) && R32(DISK + 8) == 2 &&
               R32(DISK + 12) == 0x554d4551,
           "there is no disk of this version", 22);
    R32(DISK + 0x70) = 0;
    R32(DISK + 0x70) = 1;
    R32(DISK + 0x70) = 3;
    R32(DISK + 0x20) = R32(DISK + 0x10) & features;
    R32(DISK + 0x70) = 11;
    expect(R32(DISK + 0x70) & 8, "FEATURES_OK", 23);
    if (legacy) {
        R32(DISK + 0x70) = 15;
        R32(DISK + 0x28) = PAGE;
    }
    disk_queue(legacy);
    R32(DISK + 0x70) = 15;
}

static inline void disk_start(u64 sector, void *data, u32 size, int write)
{
    disk.request = (struct blk_request){(u32)write, 0, sector};
    disk.status = 0xff;
    disk_ring.desc[0] = (struct vring_desc){(word)&disk.request, sizeof(disk.request), 1, 1};
    disk_ring.desc[1] = (struct vring_desc){(word)data, size, (u16)(write ? 1 : 3), 2};
    disk_ring.desc[2] = (struct vring_desc){(word)&disk.status, 1, 2, 0};
    disk_ring.avail.ring[disk_ring.avail.idx % DISK_RING] = 0;
    fence();
    disk_ring.avail.idx++;
    fence();
    R32(DISK + 0x50) = 0;
}

/* Whether the request is over; true once for each. */
static inline int disk_done(void)
{
    fence();
    if (disk_ring.used.idx == disk.seen)
        return 0;
    disk.seen++;
    return 1;
}

static inline void disk_wait(u64 sector, void *data, u32 size, int write)
{
    disk_start(sector, data, size, write);
    while (!disk_done()) {
    }
    expect(disk.status == 0, "the disk's answer", 24);
}
