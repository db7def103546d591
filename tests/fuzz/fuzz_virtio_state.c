/* SPDX-License-Identifier: MIT */
/*
 * A saved state of a virtio device, as it may come from anywhere: loaded over the RAM of a driver at
 * work, then used. A device that refused it, and one that took it, is as good as new after a reset.
 */
#include "display/input.h"
#include "fuzz/fuzz.h"
#include "kit/disk.h"
#include "kit/driver.h"
#include "virtio/devices.h"

#define RAM       (UINT64_C(256) << 10)
#define DISK      (UINT64_C(64) << 10)
#define MAX_STEPS 64

enum { RNG, BLK, KEYBOARD, TABLET, TOUCH, KINDS };

static struct virtio_dev *make(unsigned kind, struct kit *kit, struct kit_disk *disk,
                               struct input_hub *hub)
{
    switch (kind) {
    case RNG: return virtio_rng_create(kit->mem, NULL, NULL);
    case BLK: return virtio_blk_create(kit->mem, NULL, &disk->disk, "fuzz", false);
    case KEYBOARD: return virtio_input_create(kit->mem, NULL, hub, VIRTIO_INPUT_KEYBOARD);
    case TABLET: return virtio_input_create(kit->mem, NULL, hub, VIRTIO_INPUT_TABLET);
    default: return virtio_input_create(kit->mem, NULL, hub, VIRTIO_INPUT_TOUCH);
    }
}

/* A driver at work: some chains in each ring. */
static void start(struct kit *kit)
{
    kit_free_to(kit, KIT_RAM_BASE);
    FUZZ_CHECK(kit_start(kit, KIT_ALL_FEATURES));
    for (unsigned i = 0; i < 8; i++) {
        const struct kit_buf bufs[] = {{kit_alloc(kit, 16, 8), 16, false},
                                       {kit_alloc(kit, 520, 8), 513, true}};
        kit_add(kit, 0, bufs, 2);
    }
}

static void use(struct kit *kit, struct input_hub *hub)
{
    for (unsigned q = 0; q < kit->dev->ops->num_queues; q++)
        kit_notify(kit, q);
    input_key(hub, 30, true);
    input_abs(hub, 10, 10);
    input_touch(hub, 0, true, 5, 5);
    input_release_all(hub);
    for (unsigned i = 0; kit->worker && i < MAX_STEPS && worker_step(kit->worker); i++) {
    }
    kit_isr(kit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct blob_in in;
    struct blob_out out = {0};
    struct kit kit;
    struct kit_disk disk;
    uint8_t how = fuzz_u8(&input);
    unsigned kind = how % KINDS;
    struct input_hub *hub = input_hub_create();
    kit_disk_init(&disk, DISK);
    kit_init(&kit, RAM);
    kit.legacy = how & 0x80;
    struct virtio_dev *dev = make(kind, &kit, &disk, hub);
    kit_attach(&kit, dev, kind == BLK ? virtio_blk_worker(dev) : NULL);
    start(&kit);
    blob_in_init(&in, input.p, input.left);
    bool loaded = virtio_mmio_load(kit.slot, &in);
    FUZZ_CHECK(loaded == !in.error);
    virtio_mmio_save(kit.slot, &out);
    FUZZ_CHECK(!out.failed);
    blob_out_finish(&out);
    if (!loaded && kit.legacy)
        kit_wr(&kit, MMIO_QUEUE_PFN, 1); /* by a driver that leaves GuestPageSize as it is */
    use(&kit, hub);
    start(&kit);
    use(&kit, hub);
    kit_finish(&kit);
    kit_disk_finish(&disk);
    input_hub_destroy(hub);
    return 0;
}
