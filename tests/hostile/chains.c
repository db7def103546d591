/* SPDX-License-Identifier: MIT */
/*
 * Chains of almost 4 GiB: 63 descriptors over the same 64 MiB, on queue QUEUE of the device DEVICE,
 * kicked by one hart for ever while the others refill the ring. TYPE, if there is one, is that of a
 * virtio-blk request.
 */
#include "bare.h"

#define AREA  (RAM + (64ul << 20))
#define PIECE ((64u << 20) - 4096)

static struct virtqueue q;
static volatile u32 ready;
#ifdef TYPE
static struct blk_request request;
static u8 status;
#endif

static void refill(void)
{
    *(volatile u16 *)&q.avail.idx = (u16)(*(volatile u16 *)&q.used.idx + 64);
}

void other_hart(u64 hart)
{
    (void)hart;
    while (!ready) {
    }
    for (;;)
        refill();
}

u32 main(void)
{
    u64 base = virtio_find(DEVICE, 0);
    expect(base != 0, "there is no such device", 2);
    expect(virtio_negotiate(base, 0) && virtqueue_setup(&q, base, QUEUE, 64), "refused", 3);
    virtio_ready(base);
    for (u32 i = 0; i < 63; i++)
        virtqueue_desc(&q, i, (void *)AREA, PIECE, WRITES, i < 62);
#ifdef TYPE
    request.type = TYPE;
    virtqueue_desc(&q, 0, &request, sizeof(request), 0, 1);
    virtqueue_desc(&q, 62, &status, 1, 1, 0);
#endif
    say("ready\r\n");
    ready = 1;
    for (;;) {
        refill();
        virtqueue_notify(&q);
    }
}
