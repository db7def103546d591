/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices saved and loaded: a device in the midst of its work, and a fresh one that loads its
 * state over the same RAM, save equal bytes and then do the same to their guests. What is cut off
 * or corrupted is refused, or does no harm.
 */
#include "display/input.h"
#include "kit/disk.h"
#include "kit/driver.h"
#include "kit/echo.h"
#include "virtio/devices.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAM    (UINT64_C(256) << 10)
#define DISK   (UINT64_C(64) << 10)
#define SECTOR 512u
#define VALUES 4 /* each byte of a state is replaced by so many others */

/* One device with what it needs. */
struct side {
    struct kit kit;
    struct kit_disk disk;
    struct input_hub *hub;
    unsigned steps; /* that the worker may still make */
};

/* A kind of device: how it is made, brought into a state, and used from there. */
struct subject {
    struct virtio_dev *(*create)(struct side *s);
    void (*prepare)(struct side *s);
    void (*go_on)(struct side *s);
    bool repeats; /* it does the same to RAM each time */
};

static void side_init(struct side *s, const struct subject *subject, bool legacy)
{
    memset(s, 0, sizeof(*s));
    s->steps = 1000000;
    kit_init(&s->kit, RAM);
    s->kit.legacy = legacy;
    kit_disk_init(&s->disk, DISK);
    s->hub = input_hub_create();
    struct virtio_dev *dev = subject->create(s);
    struct worker *worker = !strcmp(dev->ops->name, "blk") ? virtio_blk_worker(dev) : NULL;
    kit_attach(&s->kit, dev, worker);
}

static void side_finish(struct side *s)
{
    kit_finish(&s->kit);
    kit_disk_finish(&s->disk);
    input_hub_destroy(s->hub);
}

static uint8_t *ram(struct side *s)
{
    return gmem_span(s->kit.mem, KIT_RAM_BASE, RAM);
}

/* The driver's side and all memory, as they are in `from`. */
static void copy_guest(struct side *to, struct side *from)
{
    memcpy(ram(to), ram(from), RAM);
    memcpy(to->disk.bytes, from->disk.bytes, DISK);
    memcpy(to->kit.queue, from->kit.queue, sizeof(to->kit.queue));
    to->kit.brk = from->kit.brk;
    to->kit.features = from->kit.features;
    to->kit.framing = from->kit.framing;
}

static uint8_t *save(struct side *s, size_t *size)
{
    struct blob_out out = {0};
    virtio_mmio_save(s->kit.slot, &out);
    uint8_t *bytes = blob_out_take(&out, size);
    assert_non_null(bytes);
    return bytes;
}

static bool load(struct side *s, const uint8_t *bytes, size_t size)
{
    struct blob_in in;
    blob_in_init(&in, bytes, size);
    return virtio_mmio_load(s->kit.slot, &in) && blob_in_done(&in);
}

static void check_equal_state(struct side *s, const uint8_t *bytes, size_t size)
{
    size_t n;
    uint8_t *again = save(s, &n);
    assert_int_equal(n, size);
    assert_memory_equal(again, bytes, size);
    free(again);
}

static void check_round_trip(const struct subject *subject, bool legacy)
{
    static struct side a, b;
    size_t size;
    side_init(&a, subject, legacy);
    side_init(&b, subject, legacy);
    subject->prepare(&a);
    uint8_t *bytes = save(&a, &size);
    check_equal_state(&a, bytes, size); /* saving changes nothing */
    copy_guest(&b, &a);
    bool level = a.kit.irq;
    b.kit.irq = level; /* what is behind the line loads its own state, */
    assert_true(load(&b, bytes, size));
    assert_int_equal(b.kit.irq, level); /* so the slot does not touch it */
    if (subject->repeats)
        assert_memory_equal(ram(&a), ram(&b), RAM);
    check_equal_state(&b, bytes, size);
    a.steps = b.steps = 1000000;
    subject->go_on(&a);
    subject->go_on(&b);
    assert_int_equal(kit_isr(&a.kit), kit_isr(&b.kit));
    if (subject->repeats) {
        assert_memory_equal(ram(&a), ram(&b), RAM);
        assert_memory_equal(a.disk.bytes, b.disk.bytes, DISK);
    }
    free(bytes);
    side_finish(&a);
    side_finish(&b);
}

/* A device that refused a state, or took a wrong one, is as good as new after a reset. */
static void check_alive(struct side *s, const struct subject *subject)
{
    s->steps = 1000000;
    kit_run(&s->kit);
    kit_free_to(&s->kit, KIT_RAM_BASE);
    s->kit.framing = (struct kit_framing){0};
    subject->prepare(s);
    subject->go_on(s);
}

static void check_wrong_states(const struct subject *subject, bool legacy)
{
    static struct side a, b;
    size_t size;
    side_init(&a, subject, legacy);
    side_init(&b, subject, legacy);
    subject->prepare(&a);
    uint8_t *bytes = save(&a, &size);
    for (size_t n = 0; n < size; n++) {
        memcpy(ram(&b), ram(&a), RAM);
        uint8_t *part = malloc(n ? n : 1);
        memcpy(part, bytes, n);
        assert_false(load(&b, part, n));
        free(part);
    }
    check_alive(&b, subject);
    for (size_t i = 0; i < size * VALUES; i++) {
        static const uint8_t flip[VALUES] = {0x01, 0x80, 0xff, 0x10};
        uint8_t was = bytes[i / VALUES];
        memcpy(ram(&b), ram(&a), RAM);
        bytes[i / VALUES] ^= flip[i % VALUES];
        load(&b, bytes, size);
        bytes[i / VALUES] = was;
        b.steps = 1000000;
        kit_run(&b.kit);
        for (unsigned q = 0; q < b.kit.dev->ops->num_queues; q++)
            kit_notify(&b.kit, q);
        if (i % 64 == 0)
            check_alive(&b, subject);
    }
    check_alive(&b, subject);
    free(bytes);
    side_finish(&a);
    side_finish(&b);
}

/* --- entropy --- */

static struct virtio_dev *rng_create(struct side *s)
{
    return virtio_rng_create(s->kit.mem, NULL, NULL);
}

static void rng_use(struct side *s)
{
    uint8_t got[16] = {0}, zero[16] = {0};
    assert_int_equal(kit_request(&s->kit, 0, NULL, 0, got, sizeof(got)), sizeof(got));
    assert_memory_not_equal(got, zero, sizeof(got));
}

/* An interrupt that is not acknowledged, registers that are not 0. */
static void rng_prepare(struct side *s)
{
    assert_true(kit_start(&s->kit, KIT_ALL_FEATURES));
    for (unsigned i = 0; i < 100; i++)
        rng_use(s);
    kit_wr(&s->kit, MMIO_QUEUE_SEL, 7);
    kit_wr(&s->kit, MMIO_DEVICE_FEATURES_SEL, 1);
    kit_wr(&s->kit, MMIO_SHM_SEL, 3);
}

static const struct subject rng = {rng_create, rng_prepare, rng_use, false};

/* --- a disk --- */

enum { T_IN = 0, T_OUT = 1, T_DISCARD = 11 };

static void nothing(void *arg)
{
    (void)arg;
}

static bool must_leave(void *arg)
{
    struct side *s = arg;
    return !s->steps || !s->steps--;
}

static struct virtio_dev *blk_create(struct side *s)
{
    struct virtio_dev *dev = virtio_blk_create(s->kit.mem, NULL, &s->disk.disk, "disk", false);
    worker_set_stepper(virtio_blk_worker(dev),
                       &(struct worker_stepper){nothing, NULL, must_leave, s});
    return dev;
}

static void blk_add(struct side *s, uint32_t type, uint64_t sector, uint64_t data, uint32_t len)
{
    struct kit *kit = &s->kit;
    struct {
        uint32_t type, reserved;
        uint64_t sector;
    } h = {.type = type, .sector = sector};
    const struct kit_buf bufs[] = {{kit_put(kit, &h, sizeof(h)), sizeof(h), false},
                                   {data, len, type == T_IN},
                                   {kit_alloc(kit, 1, 1), 1, true}};
    assert_true(kit_add(kit, 0, bufs, 3) >= 0);
}

/* A write of many steps stands before its third one; behind it wait others. */
static void disk_prepare(struct side *s, bool cache)
{
    struct kit *kit = &s->kit;
    uint8_t pattern[8192];
    s->steps = 1000000;
    assert_true(kit_start(kit, KIT_ALL_FEATURES));
    for (unsigned i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i * 7 + i / 256);
    uint64_t data = kit_put(kit, pattern, sizeof(pattern));
    uint64_t back = kit_alloc(kit, sizeof(pattern), 8);
    kit_config_write(kit, 32, &(uint8_t){cache}, 1);
    kit_run(kit);
    blk_add(s, T_IN, 0, back, SECTOR);
    kit_kick(kit, 0);
    kit_run(kit);
    kit->framing = (struct kit_framing){.split = 16, .indirect = true};
    blk_add(s, T_OUT, 8, data, sizeof(pattern));
    kit->framing = (struct kit_framing){0};
    blk_add(s, T_IN, 8, back, sizeof(pattern));
    blk_add(s, T_OUT, 40, data + SECTOR, SECTOR);
    kit_kick(kit, 0);
    s->steps = 2;
    worker_step(kit->worker);
    s->steps = 0;
}

static void blk_prepare(struct side *s)
{
    disk_prepare(s, false);
}

static void cached_blk_prepare(struct side *s)
{
    disk_prepare(s, true);
}

static void blk_go_on(struct side *s)
{
    struct kit *kit = &s->kit;
    uint16_t head;
    uint32_t len;
    unsigned flushes = s->disk.flushes;
    s->steps = 1000000; /* nobody kicks: a load does so itself */
    for (unsigned i = 0; i < 4; i++)
        assert_true(kit_wait(kit, 0, &head, &len));
    assert_false(kit_used(kit, 0, &head, &len));
    for (unsigned i = 0; i < 8192; i++)
        assert_int_equal(s->disk.bytes[8 * SECTOR + i], (uint8_t)(i * 7 + i / 256));
    assert_memory_equal(s->disk.bytes + 40 * SECTOR, s->disk.bytes + 9 * SECTOR, SECTOR);
    bool cache;
    kit_config_read(kit, 32, &cache, 1);
    if (!cache)
        assert_true(s->disk.flushes >= flushes + 2); /* each write is flushed */
}

static const struct subject blk = {blk_create, blk_prepare, blk_go_on, true};
static const struct subject cached_blk = {blk_create, cached_blk_prepare, blk_go_on, true};

/* --- input --- */

static struct virtio_dev *keyboard_create(struct side *s)
{
    return virtio_input_create(s->kit.mem, NULL, s->hub, VIRTIO_INPUT_KEYBOARD);
}

static struct virtio_dev *tablet_create(struct side *s)
{
    return virtio_input_create(s->kit.mem, NULL, s->hub, VIRTIO_INPUT_TABLET);
}

static struct virtio_dev *touch_create(struct side *s)
{
    return virtio_input_create(s->kit.mem, NULL, s->hub, VIRTIO_INPUT_TOUCH);
}

static void add_buffers(struct side *s, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        kit_add(&s->kit, 0, &(struct kit_buf){kit_alloc(&s->kit, 8, 8), 8, true}, 1);
    kit_kick(&s->kit, 0);
}

static void start_input(struct side *s)
{
    const uint8_t config[2] = {0x11, EV_KEY};
    input_release_all(s->hub);
    assert_true(kit_start(&s->kit, KIT_ALL_FEATURES));
    kit_config_write(&s->kit, 0, config, sizeof(config));
}

/* Takes all that waits, with as many buffers as that needs. */
static void drain_input(struct side *s)
{
    uint16_t head;
    uint32_t len;
    for (unsigned i = 0; i < 40; i++) {
        add_buffers(s, 20);
        while (kit_used(&s->kit, 0, &head, &len))
            assert_int_equal(len, 8);
    }
}

/* Three buffers: one key and its SYN, and one that is held for the next key. LEDs are on. */
static void keyboard_prepare(struct side *s)
{
    const struct {
        uint16_t type, code;
        uint32_t value;
    } led = {EV_LED, LED_CAPSL, 1};
    start_input(s);
    kit_request(&s->kit, 1, &led, sizeof(led), NULL, 0);
    add_buffers(s, 3);
    for (unsigned i = 0; i < 20; i++) {
        input_key(s->hub, KEY_1 + i, true);
        if (i % 3)
            input_key(s->hub, KEY_1 + i, false);
    }
}

static void keyboard_go_on(struct side *s)
{
    add_buffers(s, 5);
    input_key(s->hub, KEY_SPACE, true);
    input_key(s->hub, KEY_SPACE, false);
    drain_input(s);
}

static const struct subject keyboard = {keyboard_create, keyboard_prepare, keyboard_go_on, true};

/* A queue that is smaller than a group: the driver has a part of one. */
static void small_queue_prepare(struct side *s)
{
    start_input(s);
    kit_reset(&s->kit);
    assert_true(kit_negotiate(&s->kit, s->kit.legacy ? 0 : VIRTIO_F_VERSION_1));
    assert_true(kit_queue_setup(&s->kit, 0, 1) && kit_queue_setup(&s->kit, 1, 1));
    kit_wr(&s->kit, MMIO_STATUS, kit_rd(&s->kit, MMIO_STATUS) | STATUS_DRIVER_OK);
    add_buffers(s, 1);
    input_key(s->hub, KEY_A, true);
    input_key(s->hub, KEY_A, false);
}

static const struct subject small_queue = {keyboard_create, small_queue_prepare, drain_input, true};

static void tablet_prepare(struct side *s)
{
    start_input(s);
    add_buffers(s, 4);
    for (int i = 0; i < 5; i++) {
        input_abs(s->hub, i * 100, i * 50);
        input_button(s->hub, BTN_LEFT, i % 2 == 0, false);
        input_wheel(s->hub, i - 2, i, false);
    }
}

static void tablet_go_on(struct side *s)
{
    input_abs(s->hub, 1234, 4321);
    drain_input(s);
}

static const struct subject tablet = {tablet_create, tablet_prepare, tablet_go_on, true};

/* Fingers that the driver has seen, and some that it has not. */
static void touch_prepare(struct side *s)
{
    start_input(s);
    add_buffers(s, 10);
    for (unsigned i = 0; i < 5; i++)
        input_touch(s->hub, i, true, 100 * (int)i, 7);
    input_touch(s->hub, 1, true, 999, 8);
    input_touch(s->hub, 0, false, 0, 0);
}

static const struct subject touch = {touch_create, touch_prepare, drain_input, true};

/* --- all --- */

static const struct subject *const subjects[] = {&rng,         &blk,    &cached_blk, &keyboard,
                                                 &small_queue, &tablet, &touch};

static void test_devices_go_on_where_they_were(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(subjects) * 2; i++)
        check_round_trip(subjects[i / 2], i % 2);
}

static void test_wrong_states_do_no_harm(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(subjects) * 2; i++)
        check_wrong_states(subjects[i / 2], i % 2);
}

/* A key that is down when it is saved still comes up afterwards. */
static void test_held_keys_come_up(void **state)
{
    (void)state;
    static struct side a, b;
    uint8_t event[8];
    uint16_t head;
    uint32_t len;
    size_t size;
    side_init(&a, &keyboard, false);
    side_init(&b, &keyboard, false);
    start_input(&a);
    add_buffers(&a, 2);
    input_key(a.hub, KEY_A, true);
    while (kit_used(&a.kit, 0, &head, &len)) {
    }
    uint8_t *bytes = save(&a, &size);
    copy_guest(&b, &a);
    input_key(b.hub, KEY_A, true); /* the same keyboard's: down already, the device does not know */
    assert_true(load(&b, bytes, size));
    uint64_t buffer = b.kit.brk;
    add_buffers(&b, 2);
    input_key(b.hub, KEY_A, false);
    assert_true(kit_used(&b.kit, 0, &head, &len));
    kit_read(&b.kit, buffer, event, sizeof(event));
    assert_int_equal(event[0], EV_KEY);
    assert_int_equal(event[2], KEY_A);
    assert_int_equal(event[4], 0);
    free(bytes);
    side_finish(&a);
    side_finish(&b);
}

/* The same kind of device, and of slot? */
static bool same_device(unsigned i, unsigned j)
{
    return subjects[i / 2]->create == subjects[j / 2]->create && i % 2 == j % 2;
}

static void test_other_slots_are_refused(void **state)
{
    (void)state;
    static struct side side[ARRAY_SIZE(subjects) * 2];
    uint8_t *bytes[ARRAY_SIZE(side)];
    size_t size[ARRAY_SIZE(side)];
    for (unsigned i = 0; i < ARRAY_SIZE(side); i++) {
        side_init(&side[i], subjects[i / 2], i % 2);
        bytes[i] = save(&side[i], &size[i]);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(side); i++)
        for (unsigned j = 0; j < ARRAY_SIZE(side); j++)
            assert_true(load(&side[i], bytes[j], size[j]) == same_device(i, j));
    for (unsigned i = 0; i < ARRAY_SIZE(side); i++) {
        free(bytes[i]);
        side_finish(&side[i]);
    }
}

#define PAGE_SHIFT_AT (4 + 4 + 5 * 4 + 8 + 1) /* behind the versions, the registers, `refused` */

/* QueuePFN is shifted by page_shift, which a driver's reset keeps; a refused one must not stay. */
static void test_a_refused_state_leaves_a_slot_as_made(void **state)
{
    (void)state;
    static struct side s;
    size_t size;
    side_init(&s, &rng, true);
    uint8_t *bytes = save(&s, &size), *wrong = malloc(size);
    memcpy(wrong, bytes, size);
    wrong[PAGE_SHIFT_AT] = 200;
    assert_false(load(&s, wrong, size));
    check_equal_state(&s, bytes, size);
    wrong[PAGE_SHIFT_AT] = 12;
    assert_false(load(&s, wrong, size - 1));
    check_equal_state(&s, bytes, size);
    free(wrong);
    free(bytes);
    side_finish(&s);
}

static void test_empty_slot(void **state)
{
    (void)state;
    struct blob_out out = {0};
    struct blob_in in;
    size_t size;
    struct virtio_mmio *slot = virtio_mmio_create(NULL, (struct irq_line){0}, false);
    virtio_mmio_save(slot, &out);
    uint8_t *bytes = blob_out_take(&out, &size);
    blob_in_init(&in, bytes, size);
    assert_true(virtio_mmio_load(slot, &in) && blob_in_done(&in));
    blob_in_init(&in, bytes, size - 1);
    assert_false(virtio_mmio_load(slot, &in));
    free(bytes);
    virtio_mmio_destroy(slot);
}

static void test_device_without_a_state(void **state)
{
    (void)state;
    struct kit kit;
    struct blob_out out = {0};
    struct blob_in in;
    size_t size;
    kit_init(&kit, 1 << 20);
    kit_attach(&kit, &echo_create(kit.mem)->dev, NULL);
    virtio_mmio_save(kit.slot, &out);
    assert_null(blob_out_take(&out, &size));
    blob_put_u32(&out, 2); /* the version of virtio-mmio, the device's id */
    blob_put_u32(&out, 63);
    uint8_t *bytes = blob_out_take(&out, &size);
    blob_in_init(&in, bytes, size);
    assert_false(virtio_mmio_load(kit.slot, &in));
    assert_string_equal(in.error, "the state of this device cannot be loaded");
    free(bytes);
    kit_finish(&kit);
}

static bool live; /* when the device went on, its queue could be served */

static void note_live(struct virtio_dev *dev)
{
    live |= atomic_load(&dev->driver_ok) || dev->queue[0].ready;
}

static void save_nothing(struct virtio_dev *dev, struct blob_out *out)
{
    (void)dev, (void)out;
}

static bool refuse(struct virtio_dev *dev, struct blob_in *in)
{
    (void)dev;
    return blob_fail(in, "refused");
}

/* A kick that came before the load makes a worker run as soon as the device is resumed. */
static void test_a_refused_state_is_never_served(void **state)
{
    (void)state;
    struct kit kit;
    struct blob_out out = {0};
    struct blob_in in;
    size_t size;
    kit_init(&kit, 1 << 20);
    struct virtio_dev *dev = &echo_create(kit.mem)->dev;
    struct virtio_ops ops = *dev->ops;
    ops.save = save_nothing;
    ops.load = refuse;
    ops.quiesce = NULL;
    ops.resume = note_live;
    dev->ops = &ops;
    kit_attach(&kit, dev, NULL);
    assert_true(kit_start(&kit, KIT_ALL_FEATURES));
    virtio_mmio_save(kit.slot, &out);
    uint8_t *bytes = blob_out_take(&out, &size);
    blob_in_init(&in, bytes, size);
    live = false;
    assert_false(virtio_mmio_load(kit.slot, &in));
    assert_string_equal(in.error, "refused");
    assert_false(live);
    free(bytes);
    kit_finish(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_devices_go_on_where_they_were),
        cmocka_unit_test(test_wrong_states_do_no_harm),
        cmocka_unit_test(test_held_keys_come_up),
        cmocka_unit_test(test_other_slots_are_refused),
        cmocka_unit_test(test_a_refused_state_leaves_a_slot_as_made),
        cmocka_unit_test(test_a_refused_state_is_never_served),
        cmocka_unit_test(test_empty_slot),
        cmocka_unit_test(test_device_without_a_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
