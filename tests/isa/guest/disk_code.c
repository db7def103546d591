/* SPDX-License-Identifier: MIT */
/*
 * Code written by a disk: a virtio-blk device reads sectors over functions that two harts then run
 * (after fence.i), while one of them keeps running other code of the same page. The disk image
 * (run_race.py) holds VERSIONS of the functions; version v of function n gives v * SLOTS + n.
 */
#include "sync.h"

#ifndef HARTS
#define HARTS 2
#endif
#ifndef ROUNDS
#define ROUNDS 100
#endif
enum { SLOTS = 64, SLOT_WORDS = 4, VERSIONS = 256, READS = 8000 * ROUNDS / 100 };
enum { SLOTS_BYTES = SLOTS * SLOT_WORDS * 4, SECTOR = 512, QUEUE = 4 };

typedef uint32_t (*code_fn)(void);
extern uint32_t disk_slots[];
uint32_t disk_hot(void);

__asm__(".section .patch, \"awx\", @progbits\n"
        ".balign 4096\n"
        ".globl disk_hot, disk_slots\n"
        "disk_hot: li a0, 7\n ret\n"
        ".balign 512\n"
        "disk_slots: .skip 1024\n .balign 4096\n"
        ".text\n");

/* --- a driver, as small as it gets (VIRTIO 1.2, "Virtio Over MMIO", "Block Device") --- */

enum { MMIO_BASE = 0x10001000, MMIO_STEP = 0x1000, MMIO_SLOTS = 8, DEVICE_BLOCK = 2 };
enum {
    R_DEVICE = 8 / 4,
    R_DRIVER_FEATURES = 0x20 / 4,
    R_DRIVER_SEL = 0x24 / 4,
    R_QUEUE_SEL = 0x30 / 4,
    R_QUEUE_NUM = 0x38 / 4,
    R_QUEUE_READY = 0x44 / 4,
    R_NOTIFY = 0x50 / 4,
    R_STATUS = 0x70 / 4,
    R_DESC = 0x80 / 4,
    R_AVAIL = 0x90 / 4,
    R_USED = 0xa0 / 4
};
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEXT = 1, WRITE = 2 };

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};

static struct {
    struct desc desc[QUEUE] __attribute__((aligned(16)));
    struct {
        volatile uint16_t flags, index, ring[QUEUE];
    } avail;
    struct {
        volatile uint16_t flags, index;
        struct {
            uint32_t id, len;
        } ring[QUEUE];
    } used __attribute__((aligned(4)));
    struct {
        uint32_t type, reserved;
        uint64_t sector;
    } header;
    volatile uint8_t status;
} disk;

static volatile uint32_t *find_disk(void)
{
    for (unsigned i = 0; i < MMIO_SLOTS; i++) {
        volatile uint32_t *r = (volatile uint32_t *)(ulong)(MMIO_BASE + i * MMIO_STEP);
        if (r[R_DEVICE] == DEVICE_BLOCK)
            return r;
    }
    put("FAIL no disk\n");
    finish(1);
}

static void set_address(volatile uint32_t *r, unsigned reg, volatile void *p)
{
    r[reg] = (uint32_t)(ulong)p;
    r[reg + 1] = (uint32_t)((uint64_t)(ulong)p >> 32);
}

static volatile uint32_t *open_disk(void)
{
    volatile uint32_t *r = find_disk();
    r[R_STATUS] = 0;
    r[R_STATUS] = ACKNOWLEDGE | DRIVER;
    r[R_DRIVER_SEL] = 1;
    r[R_DRIVER_FEATURES] = 1; /* VERSION_1 */
    r[R_DRIVER_SEL] = 0;
    r[R_DRIVER_FEATURES] = 0;
    r[R_STATUS] = ACKNOWLEDGE | DRIVER | FEATURES_OK;
    r[R_QUEUE_SEL] = 0;
    r[R_QUEUE_NUM] = QUEUE;
    set_address(r, R_DESC, disk.desc);
    set_address(r, R_AVAIL, &disk.avail);
    set_address(r, R_USED, &disk.used);
    r[R_QUEUE_READY] = 1;
    r[R_STATUS] = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;
    disk.desc[0] = (struct desc){(ulong)&disk.header, sizeof(disk.header), NEXT, 1};
    disk.desc[1] = (struct desc){(ulong)disk_slots, SLOTS_BYTES, NEXT | WRITE, 2};
    disk.desc[2] = (struct desc){(ulong)&disk.status, 1, WRITE, 0};
    return r;
}

/* Reads a version of the functions over the old ones. */
static int read_version(volatile uint32_t *r, uint32_t version)
{
    uint16_t index = disk.avail.index;
    disk.header.type = 0;
    disk.header.sector = (uint64_t)version * (SLOTS_BYTES / SECTOR);
    disk.status = 0xff;
    disk.avail.ring[index % QUEUE] = 0;
    FENCE(rw, w);
    disk.avail.index = (uint16_t)(index + 1);
    FENCE(rw, rw);
    r[R_NOTIFY] = 0;
    while (disk.used.index != (uint16_t)(index + 1))
        relax();
    FENCE(r, rw);
    return disk.status == 0;
}

/* --- the race --- */

static volatile uint32_t loaded, ran, wrong, errors;

static void run_slots(uint32_t version)
{
    uint32_t bad = 0;
    FENCE_I();
    for (uint32_t n = 0; n < SLOTS; n++)
        bad += ((code_fn)(disk_slots + n * SLOT_WORDS))() != version * SLOTS + n;
    if (bad)
        atomic_add(&wrong, bad);
}

static void hart_reader(void)
{
    for (uint32_t round = 1; round <= READS; round++) {
        while ((int32_t)(loaded - round) < 0) {
            relax();
            if (disk_hot() != 7)
                atomic_add(&wrong, 1);
        }
        FENCE(r, rw);
        run_slots(round % VERSIONS);
        publish(&ran, round);
    }
    for (;;)
        __asm__ volatile("wfi");
}

void guest_main(ulong hart)
{
    if (hart)
        hart_reader();
    volatile uint32_t *r = open_disk();
    for (uint32_t round = 1; round <= READS; round++) {
        errors += !read_version(r, round % VERSIONS);
        publish(&loaded, round);
        run_slots(round % VERSIONS);
        wait_for(&ran, round);
    }
    put(wrong || errors ? "FAILED stale runs " : "PASS, code read from disk and run ");
    put_dec(wrong ? wrong : (ulong)READS * SLOTS * HARTS);
    put(" errors ");
    put_dec(errors);
    put("\n");
    finish(wrong || errors ? 1 : 0);
}
