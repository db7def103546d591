/* SPDX-License-Identifier: MIT */
/*
 * Helpers for small bare-metal test kernels on QEMU's virt board: the serial port, the test
 * finisher, CSRs, SBI calls, and a polled virtio-mmio driver. A kernel is one C file with
 * main(hartid, fdt); hart 0 (or the hart that the firmware starts) runs it, and its return value is
 * riscreen's exit status; with a NAME.S beside NAME.c, that is the start instead. Build it with
 * bare.py, for RV64 or RV32.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef __UINT64_TYPE__ u64;
typedef __UINTPTR_TYPE__ word; /* a register: 64 bits, or 32 */

#define R8(a)  (*(volatile u8 *)(word)(a))
#define R16(a) (*(volatile u16 *)(word)(a))
#define R32(a) (*(volatile u32 *)(word)(a))
#define R64(a) (*(volatile u64 *)(word)(a))

#define RAM            0x80000000ul
#define UART           0x10000000ul
#define FINISHER       0x100000ul
#define RTC            0x101000ul
#define CLINT          0x2000000ul
#define MTIMECMP(hart) (CLINT + 0x4000 + 8 * (hart))
#define MTIME          (CLINT + 0xbff8)
#define PLIC           0xc000000ul
#define VIRTIO(slot)   (0x10001000ul + 0x1000 * (slot))

#define fence() __asm__ volatile("fence iorw, iorw" ::: "memory")
#define csr_read(csr)                                                                              \
    ({                                                                                             \
        word value_;                                                                               \
        __asm__ volatile("csrr %0, " #csr : "=r"(value_)::"memory");                               \
        value_;                                                                                    \
    })
#define csr_write(csr, value) __asm__ volatile("csrw " #csr ", %0" ::"r"((word)(value)) : "memory")
#define csr_set(csr, bits)    __asm__ volatile("csrs " #csr ", %0" ::"r"((word)(bits)) : "memory")
#define csr_clear(csr, bits)  __asm__ volatile("csrc " #csr ", %0" ::"r"((word)(bits)) : "memory")

void *memset(void *to, int byte, u64 size);
void *memcpy(void *to, const void *from, u64 size);

/* Writes to the serial port, polled. */
void put(char c);
void say(const char *text);
void say_hex(u64 value);
/* One line: text, a space, the value in hex. */
void note(const char *text, u64 value);

/* Ends the machine through the test finisher: 0 is a pass, another is riscreen's exit status. */
void finish(u32 status) __attribute__((noreturn));
/* Says what is wrong and ends with `status`, unless `right`. */
void expect(int right, const char *what, u32 status);

/* The time CSR: 10 MHz. */
u64 now(void);

struct sbi_result {
    long error, value;
};
struct sbi_result sbi_call(word extension, word function, word a0, word a1, word a2);

/* --- virtio-mmio, version 2, split rings, polled --- */

enum { VIRTQUEUE_MAX = 64 };

struct vring_desc {
    u64 addr;
    u32 len;
    u16 flags, next; /* flags: 1 next is valid, 2 the device writes */
};

struct virtqueue {
    struct vring_desc desc[VIRTQUEUE_MAX];
    struct {
        u16 flags, idx, ring[VIRTQUEUE_MAX], used_event;
    } avail __attribute__((aligned(16)));
    struct {
        u16 flags, idx;
        struct {
            u32 id, len;
        } ring[VIRTQUEUE_MAX];
        u16 avail_event;
    } used __attribute__((aligned(16)));
    u64 base; /* the device's registers */
    u32 index, size;
    u16 seen; /* used entries that were taken */
} __attribute__((aligned(4096)));

/* The registers of the nth device with this id; 0: none. */
u64 virtio_find(u32 device_id, u32 nth);
/* Reset, ACKNOWLEDGE, DRIVER, VERSION_1 and the low feature bits, FEATURES_OK; false: refused. */
int virtio_negotiate(u64 base, u32 low_features);
/* Gives the device a queue of size entries (at most VIRTQUEUE_MAX); false: refused. */
int virtqueue_setup(struct virtqueue *q, u64 base, u32 index, u32 size);
/* DRIVER_OK. */
void virtio_ready(u64 base);
/* Descriptor i; more: i + 1 follows in the same chain. */
void virtqueue_desc(struct virtqueue *q, u32 i, const void *data, u32 len, int device_writes,
                    int more);
/* Makes the chain that begins at head available, without a notification. */
void virtqueue_post(struct virtqueue *q, u16 head);
void virtqueue_notify(struct virtqueue *q);
/* Waits for the next used entry, at most 2 s; its length, or -1. */
long virtqueue_wait(struct virtqueue *q);

struct blk_request {
    u32 type, reserved;
    u64 sector;
};
/* One virtio-blk request on a queue of 4 or more; the status byte, or -1 if nothing came. type: 0
 * read, 1 write, 4 flush. */
int blk_request(struct virtqueue *q, u32 type, u64 sector, void *data, u32 len);
