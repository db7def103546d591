/* SPDX-License-Identifier: MIT */
/*
 * A polled disk driver in the shape of those of teaching kernels, for both versions of virtio-mmio
 * (LEGACY: version 1), which leaves out what STEPS says. Its queue has NUM descriptors. It prints
 * what it read and which status the device shows.
 */
#include "bare.h"

enum {
    NO_FEATURES_OK = 1,
    QUEUE_FIRST = 2, /* before the features */
    NO_DRIVER_OK = 4,
    DRIVER_OK_FIRST = 8, /* before the queue */
    ALL_FEATURES = 16,   /* writes back what it read */
    WIDE = 32,           /* one 64-bit access for two registers */
    WRONG_FEATURES = 64  /* writes all ones */
};

enum { PAGE = LEGACY ? ALIGN : 4096 };

/* The legacy ring; version 2 takes its parts one by one. */
static u8 memory[32 * NUM + 2 * 8192] __attribute__((aligned(8192)));
static struct blk_request request;
static u8 data[1024];
static volatile u8 status = 0xff;

static struct vring_desc *desc(void)
{
    return (struct vring_desc *)memory;
}

static volatile u16 *avail(void)
{
    return (volatile u16 *)(memory + 16 * NUM);
}

static u8 *used(void)
{
    u64 end = 16 * NUM + 6 + 2 * NUM;
    return memory + (end + PAGE - 1) / PAGE * PAGE;
}

static void set_status(u64 base, u32 bits)
{
    R32(base + 0x70) = R32(base + 0x70) | bits;
}

static void features(u64 base)
{
    u32 offered = R32(base + 0x10);
    R32(base + 0x20) = STEPS & WRONG_FEATURES ? ~0u : STEPS & ALL_FEATURES ? offered : 0;
    if (!(STEPS & NO_FEATURES_OK))
        set_status(base, 8);
}

static void address(u64 reg, const volatile void *at)
{
    if (STEPS & WIDE) {
        R64(reg) = (u64)at;
    } else {
        R32(reg) = (u32)(u64)at;
        R32(reg + 4) = (u32)((u64)at >> 32);
    }
}

static void queue(u64 base)
{
    R32(base + 0x30) = 0;
    expect(R32(base + 0x34) >= 8, "QueueNumMax", 3);
    if (LEGACY) {
        R32(base + 0x28) = 4096;
        expect(R32(base + 0x40) == 0, "the queue is in use", 4);
        R32(base + 0x38) = NUM;
        if (ALIGN != 4096)
            R32(base + 0x3c) = ALIGN;
        R32(base + 0x40) = (u32)((u64)memory / 4096);
        expect(R32(base + 0x40) == (u32)((u64)memory / 4096), "QueuePFN", 5);
    } else {
        expect(R32(base + 0x44) == 0, "the queue is in use", 4);
        R32(base + 0x38) = NUM;
        address(base + 0x80, memory);
        address(base + 0x90, avail());
        address(base + 0xa0, used());
        R32(base + 0x44) = 1;
    }
}

static void run(u64 base, u32 type, u64 sector, u16 n)
{
    request = (struct blk_request){type, 0, sector};
    desc()[0] = (struct vring_desc){(u64)&request, sizeof(request), 1, 1};
    desc()[1] = (struct vring_desc){(u64)data, sizeof(data), (u16)(type ? 1 : 3), 2};
    desc()[2] = (struct vring_desc){(u64)&status, 1, 2, 0};
    avail()[2 + (n - 1) % NUM] = 0;
    fence();
    avail()[1] = n;
    fence();
    R32(base + 0x50) = 0;
    u64 end = now() + 100000000;
    while (*(volatile u16 *)(used() + 2) != n)
        expect(now() < end, "no answer", 6);
    while (n == 1 && !R32(base + 0x60))
        expect(now() < end, "no interrupt", 7);
    R32(base + 0x64) = R32(base + 0x60);
    note("status", status);
}

u32 main(void)
{
    u64 base = virtio_find(2, 0);
    expect(base != 0, "there is no disk", 2);
    note("version", R32(base + 4));
    R32(base + 0x70) = 0;
    set_status(base, 1);
    set_status(base, 2);
    if (STEPS & QUEUE_FIRST)
        queue(base);
    features(base);
    if (STEPS & DRIVER_OK_FIRST)
        set_status(base, 4);
    if (!(STEPS & QUEUE_FIRST))
        queue(base);
    if (!(STEPS & (NO_DRIVER_OK | DRIVER_OK_FIRST)))
        set_status(base, 4);
    for (u16 n = 1; n <= 2 * NUM; n++)
        run(base, 0, n, n);
    for (u32 i = 0; i < 20; i++)
        put((char)data[i]);
    memset(data, 'w', sizeof(data));
    run(base, 1, 40, 2 * NUM + 1);
    if (STEPS & WIDE)
        note("capacity", R64(base + 0x100));
    R32(base + 0x70) = 0;
    note("after reset", R32(base + 0x70) | (LEGACY ? R32(base + 0x40) : R32(base + 0x44)));
    say("done\r\n");
    return 0;
}
