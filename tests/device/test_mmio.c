/* SPDX-License-Identifier: MIT */
/* The transport: registers, negotiation, reset at any moment, ring reset, configuration space. */
#include "kit/driver.h"
#include "kit/echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIVE (STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK)

struct fix {
    struct kit kit;
    struct echo *echo;
};

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof(*f));
    kit_init(&f->kit, 4 << 20);
    f->echo = echo_create(f->kit.mem);
    kit_attach(&f->kit, &f->echo->dev, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;
    assert_int_equal(f->echo->quiet, 0);
    kit_finish(&f->kit);
    free(f);
    return 0;
}

static void test_identity(void **state)
{
    struct kit *kit = &((struct fix *)*state)->kit;
    assert_int_equal(kit_rd(kit, MMIO_MAGIC), 0x74726976);
    assert_int_equal(kit_rd(kit, MMIO_VERSION), 2);
    assert_int_equal(kit_rd(kit, MMIO_DEVICE_ID), 63);
    assert_int_equal(kit_rd(kit, MMIO_VENDOR_ID), 0x554d4551);
    assert_int_equal(kit_rd(kit, MMIO_STATUS), 0);
    for (uint32_t region = 0; region < 3; region++) {
        kit_wr(kit, MMIO_SHM_SEL, region);
        for (uint32_t i = 0; i < 16; i += 4)
            assert_int_equal(kit_rd(kit, MMIO_SHM_LEN + i), UINT32_MAX);
    }
    uint64_t features = ECHO_FEATURES | VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC |
                        VIRTIO_F_EVENT_IDX | VIRTIO_F_RING_RESET;
    assert_true(kit_offered(kit) == features);
    kit_wr(kit, MMIO_DEVICE_FEATURES_SEL, 2);
    assert_int_equal(kit_rd(kit, MMIO_DEVICE_FEATURES), 0);
    kit_wr(kit, MMIO_QUEUE_SEL, ECHO_QUEUES - 1);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_SIZE_MAX), ECHO_SIZE);
    kit_wr(kit, MMIO_QUEUE_SEL, ECHO_QUEUES);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_SIZE_MAX), 0);
}

static void test_empty_slot(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, 1 << 20);
    kit_attach(&kit, NULL, NULL);
    assert_int_equal(kit_rd(&kit, MMIO_MAGIC), 0x74726976);
    assert_int_equal(kit_rd(&kit, MMIO_VERSION), 2);
    for (uint32_t reg = MMIO_DEVICE_ID; reg < 0x200; reg += 4) {
        if (reg == MMIO_VENDOR_ID)
            continue;
        kit_wr(&kit, reg, 1);
        assert_int_equal(kit_rd(&kit, reg), 0);
    }
    virtio_mmio_reset(kit.slot);
    kit_finish(&kit);
}

static void test_access_sizes(void **state)
{
    struct kit *kit = &((struct fix *)*state)->kit;
    uint64_t val;
    assert_true(map_read(kit->map, KIT_SLOT, 8, &val)); /* two registers at once, as on QEMU */
    assert_true(val == (UINT64_C(2) << 32 | 0x74726976));
    assert_true(map_read(kit->map, KIT_SLOT, 1, &val)); /* registers are words: the rest is 0 */
    assert_int_equal(val, 0);
    assert_true(map_write(kit->map, KIT_SLOT + MMIO_STATUS, 1, 1));
    assert_int_equal(kit_rd(kit, MMIO_STATUS), 0);
    assert_false(map_read(kit->map, KIT_SLOT + 2, 4, &val));
    assert_false(map_read(kit->map, KIT_SLOT + 4, 8, &val));
    for (unsigned i = 0; i < ECHO_CONFIG; i++)
        ((struct fix *)*state)->echo->config[i] = (uint8_t)(0x80 + i);
    assert_true(map_read(kit->map, KIT_SLOT + MMIO_CONFIG + 8, 8, &val));
    assert_true(val == 0x8f8e8d8c8b8a8988);
    assert_true(map_write(kit->map, KIT_SLOT + MMIO_CONFIG, 8, 0x1122334455667788));
    assert_int_equal(kit_rd(kit, MMIO_CONFIG), 0x55667788);
    assert_int_equal(kit_rd(kit, MMIO_CONFIG + 4), 0x11223344);
}

static void test_negotiation(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    assert_false(kit_negotiate(kit, VIRTIO_F_VERSION_1 | 4)); /* not offered */
    assert_int_equal(f->echo->negotiated, 0);
    kit_wr(kit, MMIO_STATUS, LIVE & ~STATUS_FEATURES_OK); /* as on QEMU: what was offered */
    assert_int_equal(kit_rd(kit, MMIO_STATUS), LIVE & ~STATUS_FEATURES_OK);
    assert_true(f->echo->dev.features == VIRTIO_F_VERSION_1);
    assert_false(kit_negotiate(kit, UINT64_C(1) << 63));
    f->echo->negotiated = 0;
    assert_true(kit_negotiate(kit, VIRTIO_F_VERSION_1 | 2));
    assert_int_equal(f->echo->negotiated, 1);
    assert_true(f->echo->dev.features == (VIRTIO_F_VERSION_1 | 2));
    kit_wr(kit, MMIO_DRIVER_FEATURES_SEL, 0); /* too late */
    kit_wr(kit, MMIO_DRIVER_FEATURES, 1);
    kit_wr(kit, MMIO_STATUS, LIVE);
    assert_int_equal(kit_rd(kit, MMIO_STATUS), LIVE);
    assert_true(f->echo->dev.features == (VIRTIO_F_VERSION_1 | 2));
    assert_true(kit_negotiate(kit, 0));       /* xv6 never looks at the high word */
    kit_wr(kit, MMIO_DRIVER_FEATURES_SEL, 7); /* words that do not exist change nothing */
    kit_wr(kit, MMIO_DRIVER_FEATURES, UINT32_MAX);
}

static void test_status_bits(void **state)
{
    struct kit *kit = &((struct fix *)*state)->kit;
    kit_wr(kit, MMIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    kit_wr(kit, MMIO_STATUS, STATUS_ACKNOWLEDGE); /* bits can not be taken back */
    assert_int_equal(kit_rd(kit, MMIO_STATUS), STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    kit_wr(kit, MMIO_STATUS, STATUS_FAILED | 0xffffff00);
    assert_int_equal(kit_rd(kit, MMIO_STATUS), STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FAILED);
    kit_wr(kit, MMIO_STATUS, 0);
    assert_int_equal(kit_rd(kit, MMIO_STATUS), 0);
}

static void test_driver_ok_in_one_write(void **state)
{
    struct fix *f = *state;
    kit_reset(&f->kit);
    kit_wr(&f->kit, MMIO_STATUS, LIVE); /* all bits at once: features 0 are fine */
    assert_int_equal(kit_rd(&f->kit, MMIO_STATUS), LIVE);
}

/* Writes one queue's registers as given and says whether it became ready. */
static bool try_queue(struct kit *kit, uint32_t size, uint64_t desc, uint64_t avail, uint64_t used)
{
    assert_true(kit_negotiate(kit, VIRTIO_F_VERSION_1));
    kit_wr(kit, MMIO_QUEUE_SEL, 0);
    kit_wr(kit, MMIO_QUEUE_SIZE, size);
    const uint64_t addr[] = {desc, avail, used};
    for (unsigned i = 0; i < 3; i++) {
        kit_wr(kit, MMIO_QUEUE_DESC + i * 0x10, (uint32_t)addr[i]);
        kit_wr(kit, MMIO_QUEUE_DESC + i * 0x10 + 4, (uint32_t)(addr[i] >> 32));
    }
    kit_wr(kit, MMIO_QUEUE_READY, 1);
    return kit_rd(kit, MMIO_QUEUE_READY) == 1;
}

static void test_queue_validation(void **state)
{
    struct kit *kit = &((struct fix *)*state)->kit;
    uint64_t a = KIT_RAM_BASE, end = KIT_RAM_BASE + (4 << 20);
    static const uint32_t bad[] = {0, VQ_MAX_SIZE + 1, 0x10000, 0x10008, ~0u};
    static const uint32_t odd[] = {1, 3, ECHO_SIZE, ECHO_SIZE + 1, VQ_MAX_SIZE}; /* as on QEMU */
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(try_queue(kit, bad[i], a, a + 4096, a + 8192));
    for (unsigned i = 0; i < ARRAY_SIZE(odd); i++)
        assert_true(try_queue(kit, odd[i], a, a + 16384, a + 32768));
    assert_true(try_queue(kit, 8, a + 8, a + 4096, a + 8194));
    assert_false(try_queue(kit, 8, a, a + 4097, a + 8192));
    assert_false(try_queue(kit, 8, a, a + 4096, a + 8193));
    assert_false(try_queue(kit, 8, end - 112, a + 4096, a + 8192));
    assert_true(try_queue(kit, 8, end - 128, a + 4096, a + 8192));
    assert_false(try_queue(kit, 8, a, end - 20, a + 8192));
    assert_true(try_queue(kit, 8, a, end - 22, a + 8192));
    assert_false(try_queue(kit, 8, a, a + 4096, end - 68));
    assert_true(try_queue(kit, 8, a, a + 4096, end - 72));
    assert_false(try_queue(kit, 8, 0, a + 4096, a + 8192));
    assert_false(try_queue(kit, 8, ~0ull << 4, a + 4096, a + 8192));
}

/* Queues before the features, or without them, are served as on QEMU. */
static void test_queue_before_features(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    char b[4];
    kit_reset(kit);
    assert_true(kit_queue_setup(kit, 0, 0));
    assert_false(f->echo->dev.queue[0].event_idx);
    kit_wr(kit, MMIO_DRIVER_FEATURES_SEL, 0);
    kit_wr(kit, MMIO_DRIVER_FEATURES, (uint32_t)(VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC));
    kit_wr(kit, MMIO_STATUS, LIVE);
    assert_true(f->echo->dev.queue[0].event_idx && f->echo->dev.queue[0].indirect);
    kit->features = VIRTIO_F_EVENT_IDX;
    assert_int_equal(kit_request(kit, 0, "abcd", 4, b, 4), 4);
    kit_reset(kit);
    kit_wr(kit, MMIO_DRIVER_FEATURES_SEL, 0);
    kit_wr(kit, MMIO_DRIVER_FEATURES, (uint32_t)VIRTIO_F_EVENT_IDX); /* never confirmed */
    assert_true(kit_queue_setup(kit, 0, 0));
    kit_wr(kit, MMIO_STATUS, LIVE & ~STATUS_FEATURES_OK);
    assert_true(f->echo->dev.features == 0);
    assert_false(f->echo->dev.queue[0].event_idx);
    assert_int_equal(kit_request(kit, 0, "abcd", 4, b, 4), 4);
}

static void test_queues_that_are_not(void **state)
{
    struct kit *kit = &((struct fix *)*state)->kit;
    kit_reset(kit);
    kit_wr(kit, MMIO_QUEUE_SEL, 77); /* no such queue: nothing happens */
    kit_wr(kit, MMIO_QUEUE_SIZE, 8);
    kit_wr(kit, MMIO_QUEUE_READY, 1);
    kit_wr(kit, MMIO_QUEUE_DESC, 1);
    kit_wr(kit, MMIO_QUEUE_RESET, 1);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_READY), 0);
    kit_notify(kit, 77);
    kit_notify(kit, 0);
    assert_int_equal(((struct fix *)*state)->echo->notified, 0);
}

static void test_ready_queue_is_fixed(void **state)
{
    struct kit *kit = &((struct fix *)*state)->kit;
    char b[4];
    assert_true(kit_start(kit, KIT_ALL_FEATURES));
    kit_wr(kit, MMIO_QUEUE_SEL, 0);
    kit_wr(kit, MMIO_QUEUE_DESC, 0x1000); /* ignored while ready */
    kit_wr(kit, MMIO_QUEUE_SIZE, 2);
    assert_int_equal(kit_request(kit, 0, "abcd", 4, b, 4), 4);
}

/* Buffers that lie there when DRIVER_OK comes are served without another kick. */
static void test_buffers_before_driver_ok(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    uint16_t head;
    uint32_t len;
    assert_true(kit_negotiate(kit, kit_offered(kit)));
    assert_true(kit_queue_setup(kit, 0, 0));
    struct kit_buf b = {kit_alloc(kit, 4, 4), 4, true};
    kit_add(kit, 0, &b, 1);
    assert_false(kit_used(kit, 0, &head, &len));
    kit_wr(kit, MMIO_STATUS, LIVE);
    assert_true(kit_used(kit, 0, &head, &len));
}

/* A driver that kicks and never sets DRIVER_OK is served, as on QEMU, interrupts too. */
static void test_kick_without_driver_ok(void **state)
{
    struct kit *kit = &((struct fix *)*state)->kit;
    uint16_t head;
    uint32_t len;
    assert_true(kit_negotiate(kit, VIRTIO_F_VERSION_1));
    assert_true(kit_queue_setup(kit, 0, 0));
    struct kit_buf b = {kit_alloc(kit, 4, 4), 4, true};
    kit_add(kit, 0, &b, 1);
    kit_notify(kit, 0);
    assert_true(kit_used(kit, 0, &head, &len));
    assert_int_equal(kit_isr(kit), 1);
    assert_int_equal(kit_rd(kit, MMIO_STATUS), LIVE & ~STATUS_DRIVER_OK);
}

/* --- version 1 --- */

static int setup_legacy(void **state)
{
    struct fix *f = calloc(1, sizeof(*f));
    kit_init(&f->kit, 16 << 20);
    f->kit.legacy = true;
    f->echo = echo_create(f->kit.mem);
    kit_attach(&f->kit, &f->echo->dev, NULL);
    *state = f;
    return 0;
}

static void test_legacy(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    char b[100] = {0};
    assert_int_equal(kit_rd(kit, MMIO_VERSION), 1);
    assert_true(kit_offered(kit) == (ECHO_FEATURES | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX |
                                     VIRTIO_F_ANY_LAYOUT | VIRTIO_F_NOTIFY_EMPTY));
    for (unsigned i = 0; i < 3; i++) {
        assert_true(kit_start(kit, i ? KIT_ALL_FEATURES : 0));
        assert_int_equal(kit_rd(kit, MMIO_STATUS), LIVE & ~STATUS_FEATURES_OK);
        for (unsigned n = 1; n < sizeof(b); n++)
            assert_int_equal(kit_request(kit, n % ECHO_QUEUES, b, n, b, n), n);
    }
    kit_reset(kit);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_PFN), 0);
}

/* What the driver asks for too much is left out, as on QEMU; there is nothing to refuse with. */
static void test_legacy_features(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    kit_reset(kit);
    kit_wr(kit, MMIO_DRIVER_FEATURES, UINT32_MAX);
    assert_true(f->echo->dev.features == kit_offered(kit));
    kit_wr(kit, MMIO_DRIVER_FEATURES, 1);
    assert_true(f->echo->dev.features == 1);
    kit_wr(kit, MMIO_STATUS, LIVE); /* xv6 of 2020 sets FEATURES_OK here, too, and looks */
    assert_int_equal(kit_rd(kit, MMIO_STATUS), LIVE);
    assert_true(f->echo->dev.features == 1);
}

/* The registers in any order; what can not be is refused, and the queue is out of use. */
static void test_legacy_queue(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    struct vq *vq = &f->echo->dev.queue[0];
    uint32_t page = KIT_RAM_BASE / 4096;
    kit_reset(kit);
    kit_wr(kit, MMIO_QUEUE_SEL, 0);
    kit_wr(kit, MMIO_QUEUE_PFN, page); /* no page size: an address */
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_PFN), 0);
    kit_wr(kit, MMIO_PAGE_SIZE, 4096);
    kit_wr(kit, MMIO_QUEUE_PFN, page);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_PFN), page);
    assert_true(vq->ready && vq->size == ECHO_SIZE && vq->desc == KIT_RAM_BASE);
    assert_true(vq->avail == KIT_RAM_BASE + 16 * ECHO_SIZE && vq->used == KIT_RAM_BASE + 4096);
    kit_wr(kit, MMIO_QUEUE_SIZE, 8);
    assert_true(vq->ready && vq->size == 8 && vq->avail == KIT_RAM_BASE + 128);
    kit_wr(kit, MMIO_QUEUE_ALIGN, 16);
    assert_true(vq->ready && vq->used == KIT_RAM_BASE + 160);
    kit_wr(kit, MMIO_QUEUE_ALIGN, 3);
    assert_false(vq->ready && vq->used % 4);
    kit_wr(kit, MMIO_QUEUE_ALIGN, 0); /* the default */
    kit_wr(kit, MMIO_QUEUE_PFN, page);
    assert_true(vq->ready && vq->used == KIT_RAM_BASE + 4096);
    kit_wr(kit, MMIO_QUEUE_SIZE, VQ_MAX_SIZE + 1);
    assert_false(vq->ready);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_PFN), 0);
    kit_wr(kit, MMIO_QUEUE_SIZE, 8);
    kit_wr(kit, MMIO_QUEUE_PFN, UINT32_MAX);
    assert_false(vq->ready);
    kit_wr(kit, MMIO_QUEUE_PFN, page);
    kit_wr(kit, MMIO_QUEUE_PFN, 0); /* the driver takes it back */
    assert_false(vq->ready);
    kit_reset(kit); /* Linux writes the page size before its first reset */
    kit_wr(kit, MMIO_QUEUE_PFN, page);
    assert_true(vq->ready && vq->desc == KIT_RAM_BASE && vq->size == ECHO_SIZE);
    virtio_mmio_reset(kit->slot);
    kit_wr(kit, MMIO_QUEUE_PFN, page);
    assert_false(vq->ready);
    kit_wr(kit, MMIO_QUEUE_SEL, 77);
    kit_wr(kit, MMIO_QUEUE_ALIGN, 1);
    kit_wr(kit, MMIO_QUEUE_PFN, 1);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_PFN), 0);
    kit_wr(kit, MMIO_QUEUE_READY, 1); /* not of this version */
    kit_wr(kit, MMIO_QUEUE_DESC, 1);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_READY), 0);
}

/* NOTIFY_ON_EMPTY interrupts when the last buffer is used, even a driver that wants none. */
static void test_notify_on_empty(void **state)
{
    struct kit *kit = &((struct fix *)*state)->kit;
    uint16_t no = 1;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(kit_start(kit, i ? VIRTIO_F_NOTIFY_EMPTY : 0));
        kit_write(kit, kit->queue[0].avail, &no, sizeof(no)); /* flags: no interrupt */
        struct kit_buf b = {kit_alloc(kit, 4, 4), 4, true};
        kit_add(kit, 0, &b, 1);
        kit_notify(kit, 0);
        assert_int_equal(kit_isr(kit), i);
    }
}

static void hold_some(struct fix *f)
{
    f->echo->hold = true;
    for (unsigned q = 0; q < ECHO_QUEUES; q++) {
        for (unsigned i = 0; i < 5; i++) {
            struct kit_buf b = {kit_alloc(&f->kit, 4, 4), 4, true};
            kit_add(&f->kit, q, &b, 1);
        }
        kit_kick(&f->kit, q);
    }
    assert_int_equal(f->echo->num_held, 10);
    f->echo->hold = false;
}

static void test_reset_in_flight(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    char b[4];
    for (unsigned i = 0; i < 100; i++) {
        assert_true(kit_start(kit, KIT_ALL_FEATURES));
        hold_some(f);
        virtio_config_changed(&f->echo->dev);
        assert_int_equal(kit_rd(kit, MMIO_INTERRUPT_STATUS), 2);
        unsigned resets = f->echo->resets;
        if (i & 1)
            virtio_mmio_reset(kit->slot);
        else
            kit_reset(kit);
        assert_int_equal(f->echo->resets, resets + 1);
        assert_int_equal(f->echo->num_held, 0);
        assert_int_equal(kit_rd(kit, MMIO_INTERRUPT_STATUS), 0);
        assert_false(atomic_load(&kit->irq));
        assert_int_equal(kit_rd(kit, MMIO_STATUS), 0);
        assert_int_equal(kit_rd(kit, MMIO_QUEUE_READY), 0);
        assert_true(f->echo->dev.features == 0);
        virtio_raise(&f->echo->dev, 1); /* somebody late */
        assert_false(atomic_load(&kit->irq));
    }
    assert_true(kit_start(kit, KIT_ALL_FEATURES));
    assert_int_equal(kit_request(kit, 0, "abcd", 4, b, 4), 4);
}

static void test_ring_reset(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    char b[4];
    assert_true(kit_start(kit, KIT_ALL_FEATURES));
    hold_some(f);
    kit_wr(kit, MMIO_QUEUE_SEL, 0);
    kit_wr(kit, MMIO_QUEUE_RESET, 1);
    assert_int_equal(f->echo->queue_resets, 1);
    assert_int_equal(f->echo->num_held, 5); /* the other queue's */
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_RESET), 0);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_READY), 0);
    assert_int_equal(kit_rd(kit, MMIO_STATUS), LIVE);
    assert_true(kit_queue_setup(kit, 0, 16)); /* another size, other rings */
    assert_int_equal(kit_request(kit, 0, "abcd", 4, b, 4), 4);
    echo_release(f->echo);
    kit_wr(kit, MMIO_QUEUE_SEL, 1);
    kit_wr(kit, MMIO_QUEUE_READY, 0); /* taking ready back does the same */
    assert_int_equal(f->echo->queue_resets, 2);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_READY), 0);
}

static void test_ring_reset_not_negotiated(void **state)
{
    struct fix *f = *state;
    assert_true(kit_start(&f->kit, VIRTIO_F_VERSION_1));
    kit_wr(&f->kit, MMIO_QUEUE_SEL, 0);
    kit_wr(&f->kit, MMIO_QUEUE_RESET, 1);
    assert_int_equal(f->echo->queue_resets, 0);
    assert_int_equal(kit_rd(&f->kit, MMIO_QUEUE_READY), 1);
}

static void test_interrupt_status(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    assert_true(kit_start(kit, KIT_ALL_FEATURES));
    virtio_raise(&f->echo->dev, 1);
    virtio_raise(&f->echo->dev, 2);
    assert_int_equal(kit_rd(kit, MMIO_INTERRUPT_STATUS), 3);
    kit_wr(kit, MMIO_INTERRUPT_ACK, 1);
    assert_int_equal(kit_rd(kit, MMIO_INTERRUPT_STATUS), 2);
    assert_true(atomic_load(&kit->irq)); /* a level: still up */
    kit_wr(kit, MMIO_INTERRUPT_ACK, 2);
    assert_false(atomic_load(&kit->irq));
}

static void test_config_generation(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    assert_true(kit_start(kit, KIT_ALL_FEATURES));
    uint32_t gen = kit_rd(kit, MMIO_CONFIG_GENERATION);
    assert_int_equal(kit_rd(kit, MMIO_CONFIG_GENERATION), gen);
    virtio_config_changed(&f->echo->dev);
    assert_int_equal(kit_rd(kit, MMIO_CONFIG_GENERATION), gen + 1);
    assert_int_equal(kit_isr(kit), 2);
    kit_reset(kit);
    virtio_config_changed(&f->echo->dev); /* before DRIVER_OK: no interrupt */
    assert_int_equal(kit_rd(kit, MMIO_INTERRUPT_STATUS), 0);
    assert_int_equal(kit_rd(kit, MMIO_CONFIG_GENERATION), gen + 2);
}

static void test_config_space(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    uint64_t val;
    for (unsigned i = 0; i < ECHO_CONFIG; i++)
        f->echo->config[i] = (uint8_t)(0x80 + i);
    assert_int_equal(kit_rd(kit, MMIO_CONFIG), 0x83828180);
    assert_true(map_read(kit->map, KIT_SLOT + MMIO_CONFIG + 2, 2, &val));
    assert_int_equal(val, 0x8382);
    assert_true(map_read(kit->map, KIT_SLOT + MMIO_CONFIG + 15, 1, &val));
    assert_int_equal(val, 0x8f);
    assert_int_equal(kit_rd(kit, MMIO_CONFIG + ECHO_CONFIG), 0);
    assert_int_equal(kit_rd(kit, 0xffc), 0);
    kit_wr(kit, MMIO_CONFIG + 4, 0x11223344);
    assert_int_equal(f->echo->config[4], 0x44);
    assert_int_equal(f->echo->config[7], 0x11);
    kit_wr(kit, MMIO_CONFIG + ECHO_CONFIG, 1);
    kit_wr(kit, 0xffc, 1);
}

/* Every register written with every kind of value, in any state: nothing breaks. */
static void test_random_registers(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    char b[4];
    uint32_t x = 12345;
    for (unsigned i = 0; i < 300000; i++) {
        x = x * 1664525 + 1013904223;
        uint32_t reg = (x >> 8) % 0x44 * 4, val = x;
        switch (x >> 29) {
        case 0: val = x >> 4 & 1; break;
        case 1: val = x >> 4 & 15; break;
        case 2: val = (uint32_t)KIT_RAM_BASE + (x >> 4 & 0xffff0); break;
        case 3: val = 0; break;
        default: break;
        }
        kit_wr(kit, reg, val);
        kit_rd(kit, reg);
        if (i % 1000 == 0)
            assert_true(kit_start(kit, KIT_ALL_FEATURES));
        if (i % 1000 == 0)
            kit_free_to(kit, KIT_RAM_BASE);
    }
    assert_true(kit_start(kit, KIT_ALL_FEATURES));
    assert_int_equal(kit_request(kit, 0, "abcd", 4, b, 4), 4);
}

int main(void)
{
#define TEST(name)   cmocka_unit_test_setup_teardown(name, setup, teardown)
#define LEGACY(name) cmocka_unit_test_setup_teardown(name, setup_legacy, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_identity),
        cmocka_unit_test(test_empty_slot),
        TEST(test_access_sizes),
        TEST(test_negotiation),
        TEST(test_status_bits),
        TEST(test_driver_ok_in_one_write),
        TEST(test_queue_validation),
        TEST(test_queue_before_features),
        TEST(test_queues_that_are_not),
        TEST(test_ready_queue_is_fixed),
        TEST(test_buffers_before_driver_ok),
        TEST(test_kick_without_driver_ok),
        TEST(test_reset_in_flight),
        TEST(test_ring_reset),
        TEST(test_ring_reset_not_negotiated),
        TEST(test_interrupt_status),
        TEST(test_config_generation),
        TEST(test_config_space),
        TEST(test_random_registers),
        LEGACY(test_legacy),
        LEGACY(test_legacy_features),
        LEGACY(test_legacy_queue),
        LEGACY(test_notify_on_empty),
        LEGACY(test_random_registers),
        LEGACY(test_reset_in_flight),
        LEGACY(test_config_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
