/* SPDX-License-Identifier: MIT */
#include "bare.h"

void *memset(void *to, int byte, u64 size)
{
    volatile u8 *p = to;
    while (size--)
        *p++ = (u8)byte;
    return to;
}

void *memcpy(void *to, const void *from, u64 size)
{
    volatile u8 *p = to;
    const u8 *q = from;
    while (size--)
        *p++ = *q++;
    return to;
}

void put(char c)
{
    while (!(R8(UART + 5) & 0x20)) {
    }
    R8(UART) = (u8)c;
}

void say(const char *text)
{
    while (*text)
        put(*text++);
}

void say_hex(u64 value)
{
    say("0x");
    int shift = 60;
    while (shift && !(value >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        put("0123456789abcdef"[value >> shift & 15]);
}

void note(const char *text, u64 value)
{
    say(text);
    put(' ');
    say_hex(value);
    say("\r\n");
}

void finish(u32 status)
{
    R32(FINISHER) = status ? status << 16 | 0x3333 : 0x5555;
    for (;;)
        __asm__ volatile("wfi");
}

void expect(int right, const char *what, u32 status)
{
    if (right)
        return;
    say("WRONG: ");
    say(what);
    say("\r\n");
    finish(status);
}

#if __riscv_xlen == 32
#define TIME_HIGH() csr_read(timeh)
#else
#define TIME_HIGH() 0u /* the low half is all of it */
#endif

u64 now(void)
{
    u32 high;
    word low;
    do {
        high = TIME_HIGH();
        __asm__ volatile("rdtime %0" : "=r"(low)::"memory");
    } while (high != TIME_HIGH());
    return (u64)high << 32 | low;
}

struct sbi_result sbi_call(word extension, word function, word a0, word a1, word a2)
{
    register word r0 __asm__("a0") = a0, r1 __asm__("a1") = a1, r2 __asm__("a2") = a2;
    register word r6 __asm__("a6") = function, r7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(r0), "+r"(r1) : "r"(r2), "r"(r6), "r"(r7) : "memory");
    return (struct sbi_result){(long)r0, (long)r1};
}

u64 virtio_find(u32 device_id, u32 nth)
{
    for (u32 slot = 0; slot < 8; slot++) {
        u64 base = VIRTIO(slot);
        if (R32(base) == 0x74726976 && R32(base + 8) == device_id && !nth--)
            return base;
    }
    return 0;
}

int virtio_negotiate(u64 base, u32 low_features)
{
    R32(base + 0x70) = 0;
    while (R32(base + 0x70)) {
    }
    R32(base + 0x70) = 1;
    R32(base + 0x70) = 3;
    R32(base + 0x24) = 0;
    R32(base + 0x20) = low_features;
    R32(base + 0x24) = 1;
    R32(base + 0x20) = 1; /* VERSION_1 */
    R32(base + 0x70) = 11;
    return R32(base + 0x70) >> 3 & 1;
}

static void write_address(u64 reg, const volatile void *address)
{
    R32(reg) = (u32)(word)address;
    R32(reg + 4) = (u32)((u64)(word)address >> 32);
}

int virtqueue_setup(struct virtqueue *q, u64 base, u32 index, u32 size)
{
    memset(q, 0, sizeof(*q));
    q->base = base, q->index = index, q->size = size;
    R32(base + 0x30) = index;
    if (R32(base + 0x34) < size)
        return 0;
    R32(base + 0x38) = size;
    write_address(base + 0x80, q->desc);
    write_address(base + 0x90, &q->avail);
    write_address(base + 0xa0, &q->used);
    R32(base + 0x44) = 1;
    return R32(base + 0x44) == 1;
}

void virtio_ready(u64 base)
{
    R32(base + 0x70) = 15;
}

void virtqueue_desc(struct virtqueue *q, u32 i, const void *data, u32 len, int device_writes,
                    int more)
{
    q->desc[i] = (struct vring_desc){(word)data, len,
                                     (u16)((device_writes ? 2 : 0) | (more ? 1 : 0)), (u16)(i + 1)};
}

void virtqueue_post(struct virtqueue *q, u16 head)
{
    volatile u16 *idx = &q->avail.idx;
    q->avail.ring[*idx % q->size] = head;
    fence();
    *idx = (u16)(*idx + 1);
    fence();
}

void virtqueue_notify(struct virtqueue *q)
{
    fence();
    R32(q->base + 0x50) = q->index;
}

long virtqueue_wait(struct virtqueue *q)
{
    u64 end = now() + 20000000;
    while (*(volatile u16 *)&q->used.idx == q->seen)
        if (now() > end)
            return -1;
    fence();
    R32(q->base + 0x64) = R32(q->base + 0x60);
    return q->used.ring[q->seen++ % q->size].len;
}

int blk_request(struct virtqueue *q, u32 type, u64 sector, void *data, u32 len)
{
    static struct blk_request request;
    static volatile u8 status;
    request = (struct blk_request){type, 0, sector};
    status = 0xff;
    virtqueue_desc(q, 0, &request, sizeof(request), 0, 1);
    if (len)
        virtqueue_desc(q, 1, data, len, type == 0, 1);
    virtqueue_desc(q, len ? 2 : 1, (void *)&status, 1, 1, 0);
    if (!len)
        q->desc[0].next = 1;
    virtqueue_post(q, 0);
    virtqueue_notify(q);
    return virtqueue_wait(q) < 0 ? -1 : status;
}
