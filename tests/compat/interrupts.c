/* SPDX-License-Identifier: MIT */
/*
 * Interrupt handlers that do less with their device than the specifications ask for, as those of
 * small kernels do; counts how often they are called. HOW selects the handler. M-mode, context 0
 * of the PLIC.
 */
#include "bare.h"

enum { THRE_IGNORED, THRE_PRINTS, THRE_SAME_IER, RX_IGNORED, RX_ONE_BYTE, DISK_NO_ACK };

#define UART_IRQ 10

static volatile u64 taken, bytes;
static struct virtqueue q;
static u8 data[512];

static void handle(void)
{
    static const char text[] = "printed by interrupts\r\n";
    switch (HOW) {
    case THRE_IGNORED: (void)R8(UART + 5); break;
    case THRE_PRINTS:
        if (bytes < sizeof(text) - 1 && (R8(UART + 5) & 0x20))
            R8(UART) = (u8)text[bytes++];
        break;
    case THRE_SAME_IER: R8(UART + 1) = 2; break;
    case RX_ONE_BYTE:
        bytes++;
        put((char)R8(UART));
        break;
    default: break;
    }
}

static void __attribute__((interrupt("machine"), aligned(4))) trap(void)
{
    u32 id = R32(PLIC + 0x200004);
    taken++;
    handle();
    if (id)
        R32(PLIC + 0x200004) = id;
}

static void enable(u32 irq)
{
    R32(PLIC + 4 * irq) = 1;
    R32(PLIC + 0x2000) = 1u << irq;
    R32(PLIC + 0x200000) = 0;
    csr_write(mtvec, (u64)trap);
    csr_set(mie, 1 << 11);
    csr_set(mstatus, 3 << 13 | 8); /* FS: the handler saves what a call may use */
}

static void wait(u64 ticks)
{
    for (u64 end = now() + ticks, n = 0; now() < end && n < 100000000; n++) {
    }
}

static void disk(void)
{
    u64 base = virtio_find(2, 0);
    expect(base != 0, "there is no disk", 2);
    expect(virtio_negotiate(base, 0) && virtqueue_setup(&q, base, 0, 8), "refused", 3);
    virtio_ready(base);
    enable((u32)((base - VIRTIO(0)) / 0x1000 + 1));
    static struct blk_request request;
    static volatile u8 status;
    for (u16 i = 1; i <= 5; i++) {
        request = (struct blk_request){0, 0, i};
        virtqueue_desc(&q, 0, &request, sizeof(request), 0, 1);
        virtqueue_desc(&q, 1, data, sizeof(data), 1, 1);
        virtqueue_desc(&q, 2, (void *)&status, 1, 1, 0);
        virtqueue_post(&q, 0);
        virtqueue_notify(&q);
        for (u64 end = now() + 100000000; taken < i;)
            expect(now() < end, "no interrupt", 4);
        wait(200000);
    }
}

u32 main(void)
{
    if (HOW == DISK_NO_ACK) {
        disk();
    } else {
        R8(UART + 2) = 7;
        R8(UART + 1) = HOW < RX_IGNORED ? 2 : 1;
        if (HOW >= RX_IGNORED)
            say("type\r\n");
        enable(UART_IRQ);
        if (HOW == RX_ONE_BYTE)
            while (bytes < 5) {
            }
        wait(HOW == RX_IGNORED ? 20000000 : 2000000);
    }
    csr_clear(mstatus, 8);
    note("\r\ninterrupts", taken);
    return 0;
}
