/* SPDX-License-Identifier: MIT */
/*
 * The disk against a hostile driver: requests of any type, place and framing, stepped, paused and
 * reset in between. The file keeps its size, and a well-behaved driver still gets its sectors.
 */
#include "backend/blk_file.h"
#include "fuzz/fuzz.h"
#include "kit/driver.h"
#include "virtio/devices.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAM      (UINT64_C(4) << 20)
#define DISK     65436 /* its last sector is not whole */
#define SECTOR   512
#define MAX_OPS  100
#define MAX_DATA 65535u

struct header {
    uint32_t type, reserved;
    uint64_t sector;
};

static struct header make_header(struct fuzz_input *in)
{
    static const uint32_t types[] = {0, 1, 4, 8, 11, 13, 2, 3};
    uint8_t how = fuzz_u8(in);
    return (struct header){.type = how & 0x80 ? fuzz_u32(in) : types[how & 7],
                           .sector = how & 0x40 ? fuzz_u64(in) : fuzz_u8(in)};
}

/* Queues one request without waiting for it. */
static void request(struct fuzz_input *in, struct kit *kit)
{
    struct header h = make_header(in);
    uint8_t shape = fuzz_u8(in), room[64];
    uint32_t out = shape & 1 ? fuzz_u16(in) : fuzz_u8(in) % 8 * 16;
    uint32_t back = shape & 2 ? fuzz_u16(in) : fuzz_u8(in) % 8 * SECTOR + 1;
    if (shape & 4)
        out = out % 16 * SECTOR;
    if (kit->brk - KIT_RAM_BASE > RAM - (UINT64_C(1) << 20))
        return;
    kit->framing = (struct kit_framing){.split = shape >> 4 ? 31u << (shape >> 5) : 0,
                                        .indirect = (shape & 8) != 0,
                                        .direct = shape >> 6};
    if ((uint64_t)out + back > 31 * UINT64_C(4000))
        kit->framing.split = 0;
    uint64_t req = kit_alloc(kit, sizeof(h) + out, 8);
    fuzz_bytes(in, room, sizeof(room));
    kit_write(kit, req, &h, sizeof(h));
    kit_write(kit, req + sizeof(h), room, MIN(sizeof(room), out));
    struct kit_buf bufs[] = {{req, (uint32_t)sizeof(h) + out, false},
                             {kit_alloc(kit, back + 1, 8), back, true}};
    kit_add(kit, 0, bufs, back ? 2 : 1);
}

static void step(struct fuzz_input *in, struct kit *kit)
{
    uint8_t op = fuzz_u8(in), wce;
    switch (op & 15) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5: request(in, kit); break;
    case 6: kit_kick(kit, 0); break;
    case 7: worker_step(kit->worker); break;
    case 8: kit_run(kit); break;
    case 9:
        kit_free_to(kit, KIT_RAM_BASE);
        kit_start(kit, fuzz_u64(in));
        break;
    case 10:
        wce = op >> 4 & 1;
        kit_config_write(kit, 32, &wce, 1);
        break;
    case 11:
        kit_wr(kit, MMIO_QUEUE_SEL, 0);
        kit_wr(kit, MMIO_QUEUE_RESET, 1);
        break;
    case 12:
        kit_desc_set(kit, kit->queue[0].desc, fuzz_u8(in), fuzz_u64(in), fuzz_u32(in), fuzz_u16(in),
                     fuzz_u16(in));
        break;
    case 13: kit_avail_push(kit, 0, fuzz_u8(in)); break;
    case 14: kit_isr(kit); break;
    default: kit_config_read(kit, fuzz_u8(in), &wce, 1); break;
    }
}

static void check_alive(struct kit *kit)
{
    struct header h = {.type = 0};
    uint8_t back[SECTOR + 1];
    kit->framing = (struct kit_framing){0};
    kit_free_to(kit, KIT_RAM_BASE);
    FUZZ_CHECK(kit_start(kit, KIT_ALL_FEATURES));
    FUZZ_CHECK(kit_request(kit, 0, &h, sizeof(h), back, sizeof(back)) == sizeof(back));
    FUZZ_CHECK(back[SECTOR] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct kit kit;
    struct stat st;
    char path[64];
    struct error err;
    bool read_only = fuzz_u8(&in) % 8 == 1;
    int fd = memfd_create("disk", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && !ftruncate(fd, DISK));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct disk *disk = blk_file_open(path, read_only, &err);
    FUZZ_CHECK(disk);
    kit_init(&kit, RAM);
    struct virtio_dev *dev = virtio_blk_create(kit.mem, NULL, disk, "fuzz", false);
    kit_attach(&kit, dev, virtio_blk_worker(dev));
    FUZZ_CHECK(kit_start(&kit, KIT_ALL_FEATURES));
    for (unsigned i = 0; in.left && i < MAX_OPS; i++)
        step(&in, &kit);
    check_alive(&kit);
    kit_finish(&kit);
    FUZZ_CHECK(!fstat(fd, &st) && st.st_size == DISK);
    disk_close(disk);
    close(fd);
    return 0;
}
