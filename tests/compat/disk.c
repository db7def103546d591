/* SPDX-License-Identifier: MIT */
/* Shows a disk's capacity and its last sector; WRITE: fills that sector with W first. */
#include "bare.h"

static struct virtqueue q;
static u8 data[512];

u32 main(void)
{
    u64 base = virtio_find(2, 0);
    expect(base != 0, "there is no disk", 2);
    expect(virtio_negotiate(base, 1 << 9) && virtqueue_setup(&q, base, 0, 8), "refused", 3);
    virtio_ready(base);
    u64 capacity = R32(base + 0x100) | (u64)R32(base + 0x104) << 32;
    note("capacity", capacity);
#ifdef WRITE
    memset(data, 'W', sizeof(data));
    expect(blk_request(&q, 1, capacity - 1, data, sizeof(data)) == 0, "write", 4);
    expect(blk_request(&q, 4, 0, 0, 0) == 0, "flush", 5);
    memset(data, '?', sizeof(data));
#endif
    expect(blk_request(&q, 0, capacity - 1, data, sizeof(data)) == 0, "read", 6);
    say("last sector: ");
    for (u32 i = 0; i < sizeof(data) && data[i]; i++)
        put((char)data[i]);
    say("\r\n");
    return 0;
}
