/* SPDX-License-Identifier: MIT */
/* Keyboard, tablet, mouse and the hub: what Linux reads, and that no release is ever lost. */
#include "display/input.h"
#include "kit/driver.h"
#include "virtio/devices.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { EVENTS = 0, STATUS = 1 };
enum { NAME = 1, SERIAL, DEVIDS, PROPS = 0x10, EV_BITS, ABS_INFO };

struct event {
    uint16_t type, code;
    int32_t value;
};

struct fix {
    struct kit kit;
    struct input_hub *hub;
    uint64_t buf[VQ_MAX_SIZE]; /* by head: where that buffer is */
    bool down[0x300];          /* as the guest sees it */
    int32_t x, y, wheel;       /* sums (REL) or last values (ABS) */
    unsigned events, groups;
    bool in_group;
};

static struct fix *start(enum virtio_input_kind kind)
{
    struct fix *f = calloc(1, sizeof(*f));
    kit_init(&f->kit, 8 << 20);
    f->hub = input_hub_create();
    kit_attach(&f->kit, virtio_input_create(f->kit.mem, NULL, f->hub, kind), NULL);
    assert_true(kit_start(&f->kit, KIT_ALL_FEATURES));
    return f;
}

static int setup_keyboard(void **state)
{
    *state = start(VIRTIO_INPUT_KEYBOARD);
    return 0;
}
static int setup_tablet(void **state)
{
    *state = start(VIRTIO_INPUT_TABLET);
    return 0;
}
static int setup_mouse(void **state)
{
    *state = start(VIRTIO_INPUT_MOUSE);
    return 0;
}

static int setup_touch(void **state)
{
    *state = start(VIRTIO_INPUT_TOUCH);
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;
    kit_finish(&f->kit);
    input_hub_destroy(f->hub);
    free(f);
    return 0;
}

/* Hands n empty event buffers to the device. */
static void give(struct fix *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct kit_buf b = {kit_alloc(&f->kit, sizeof(struct event), 8), sizeof(struct event), 1};
        int head = kit_add(&f->kit, EVENTS, &b, 1);
        assert_true(head >= 0);
        f->buf[head] = b.pa;
    }
    kit_kick(&f->kit, EVENTS);
}

/* Takes one event; false: none. Keeps the guest's picture of the device. */
static bool take(struct fix *f, struct event *e)
{
    uint16_t head;
    uint32_t len;
    if (!kit_used(&f->kit, EVENTS, &head, &len))
        return false;
    assert_int_equal(len, sizeof(*e));
    kit_read(&f->kit, f->buf[head], e, sizeof(*e));
    f->events++;
    f->in_group = e->type != EV_SYN;
    f->groups += e->type == EV_SYN;
    if (e->type == EV_KEY) {
        assert_true(f->down[e->code] != (e->value != 0)); /* never told twice */
        f->down[e->code] = e->value != 0;
    } else if (e->type == EV_ABS) {
        *(e->code == ABS_X ? &f->x : &f->y) = e->value;
    } else if (e->type == EV_REL) {
        *(e->code == REL_X ? &f->x : e->code == REL_Y ? &f->y : &f->wheel) += e->value;
    }
    return true;
}

/* Feeds buffers until the device has nothing more to say. */
static void drain(struct fix *f)
{
    struct event e;
    unsigned before;
    do {
        before = f->events;
        give(f, f->kit.queue[EVENTS].num_free);
        while (take(f, &e)) {
        }
    } while (f->events != before);
    assert_false(f->in_group);
}

static void expect(struct fix *f, uint16_t type, uint16_t code, int32_t value)
{
    struct event e;
    assert_true(take(f, &e));
    assert_int_equal(e.type, type);
    assert_int_equal(e.code, code);
    assert_int_equal(e.value, value);
}

static void expect_nothing(struct fix *f)
{
    struct event e;
    assert_false(take(f, &e));
}

/* Configuration space as Linux's driver reads it; the size. */
static uint8_t config(struct fix *f, uint8_t select, uint8_t subsel, uint8_t payload[128])
{
    uint8_t sel[2] = {select, subsel}, size;
    kit_config_write(&f->kit, 0, sel, 2);
    kit_config_read(&f->kit, 2, &size, 1);
    kit_config_read(&f->kit, 8, payload, 128);
    return size;
}

static bool has_bit(const uint8_t *map, uint8_t size, unsigned bit)
{
    return bit / 8 < size && (map[bit / 8] >> (bit % 8) & 1);
}

static void test_keyboard_config(void **state)
{
    struct fix *f = *state;
    uint8_t p[128];
    assert_int_equal(kit_rd(&f->kit, MMIO_DEVICE_ID), 18);
    assert_int_equal(config(f, NAME, 0, p), strlen("riscreen Keyboard"));
    assert_memory_equal(p, "riscreen Keyboard", 17);
    assert_true(config(f, SERIAL, 0, p) > 0);
    assert_int_equal(config(f, DEVIDS, 0, p), 8);
    assert_int_equal(p[0], 6);
    assert_int_equal(config(f, PROPS, 0, p), 0);
    uint8_t n = config(f, EV_BITS, EV_KEY, p);
    static const uint16_t keys[] = {
        KEY_ESC,      KEY_A,        KEY_Z,        KEY_1,          KEY_0,        KEY_F1,
        KEY_F12,      KEY_SPACE,    KEY_KP0,      KEY_KPENTER,    KEY_KPDOT,    KEY_NUMLOCK,
        KEY_SYSRQ,    KEY_PAUSE,    KEY_UP,       KEY_INSERT,     KEY_DELETE,   KEY_LEFTMETA,
        KEY_COMPOSE,  KEY_POWER,    KEY_SLEEP,    KEY_102ND,      KEY_RO,       KEY_YEN,
        KEY_HANGEUL,  KEY_HENKAN,   KEY_RIGHTALT, KEY_RIGHTCTRL,  KEY_MUTE,     KEY_VOLUMEUP,
        KEY_NEXTSONG, KEY_HOMEPAGE, KEY_F24,      KEY_SCROLLLOCK, KEY_CAPSLOCK,
    };
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        if (!has_bit(p, n, keys[i]))
            fail_msg("key %u is missing", keys[i]);
    assert_false(has_bit(p, n, 0));
    assert_false(has_bit(p, n, 84));
    assert_false(has_bit(p, n, BTN_LEFT));
    assert_int_equal(config(f, EV_BITS, EV_LED, p), 1);
    assert_int_equal(p[0], 7);
    assert_int_equal(config(f, EV_BITS, EV_REP, p), 1);
    assert_int_equal(config(f, EV_BITS, EV_REL, p), 0);
    assert_int_equal(config(f, EV_BITS, EV_ABS, p), 0);
    assert_int_equal(config(f, ABS_INFO, 0, p), 0);
    for (unsigned select = 0; select < 256; select++)
        for (unsigned subsel = 0; subsel < 256; subsel += 5)
            assert_true(config(f, (uint8_t)select, (uint8_t)subsel, p) <= 128);
}

static void test_tablet_config(void **state)
{
    struct fix *f = *state;
    uint8_t p[128];
    uint8_t n = config(f, EV_BITS, EV_KEY, p);
    static const uint16_t buttons[] = {BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA};
    for (unsigned i = 0; i < ARRAY_SIZE(buttons); i++)
        assert_true(has_bit(p, n, buttons[i]));
    assert_false(has_bit(p, n, BTN_TOUCH));
    assert_int_equal(config(f, EV_BITS, EV_ABS, p), 1);
    assert_int_equal(p[0], 3);
    assert_int_equal(config(f, EV_BITS, EV_REL, p), 2);
    assert_int_equal(p[0] | p[1] << 8, 1 << REL_WHEEL | 1 << REL_HWHEEL);
    for (uint8_t axis = 0; axis < 2; axis++) {
        int32_t abs[5];
        assert_int_equal(config(f, ABS_INFO, axis, p), 20);
        memcpy(abs, p, 20);
        assert_int_equal(abs[0], 0);
        assert_int_equal(abs[1], 32767);
    }
    assert_int_equal(config(f, ABS_INFO, 2, p), 0);
    assert_int_equal(config(f, EV_BITS, EV_LED, p), 0);
}

static void test_mouse_config(void **state)
{
    struct fix *f = *state;
    uint8_t p[128];
    assert_int_equal(config(f, EV_BITS, EV_REL, p), 2);
    assert_int_equal(p[0] | p[1] << 8, 1 << REL_X | 1 << REL_Y | 1 << REL_WHEEL | 1 << REL_HWHEEL);
    assert_int_equal(config(f, EV_BITS, EV_ABS, p), 0);
}

static void test_touch_config(void **state)
{
    struct fix *f = *state;
    uint8_t p[128];
    int32_t abs[5];
    assert_int_equal(config(f, PROPS, 0, p), 1);
    assert_int_equal(p[0], 1 << INPUT_PROP_DIRECT);
    uint8_t n = config(f, EV_BITS, EV_ABS, p);
    static const uint16_t axes[] = {
        ABS_X, ABS_Y, ABS_MT_SLOT, ABS_MT_TRACKING_ID, ABS_MT_POSITION_X, ABS_MT_POSITION_Y};
    static const int32_t max[] = {32767, 32767, 9, 65535, 32767, 32767};
    for (unsigned i = 0; i < ARRAY_SIZE(axes); i++) {
        assert_true(has_bit(p, n, axes[i]));
        uint8_t info[128];
        assert_int_equal(config(f, ABS_INFO, (uint8_t)axes[i], info), 20);
        memcpy(abs, info, 20);
        assert_int_equal(abs[0], 0);
        assert_int_equal(abs[1], max[i]);
    }
    assert_int_equal(config(f, ABS_INFO, ABS_MT_PRESSURE, p), 0);
    n = config(f, EV_BITS, EV_KEY, p);
    assert_true(has_bit(p, n, BTN_TOUCH));
    assert_false(has_bit(p, n, BTN_LEFT));
    assert_int_equal(config(f, EV_BITS, EV_REL, p), 0);
}

/* Two fingers: protocol B, and the first of them as a pointer. */
static void test_touch(void **state)
{
    struct fix *f = *state;
    give(f, 64);
    input_touch(f->hub, 0, true, 10, 20);
    expect(f, EV_ABS, ABS_MT_SLOT, 0);
    expect(f, EV_ABS, ABS_MT_TRACKING_ID, 0);
    expect(f, EV_ABS, ABS_MT_POSITION_X, 10);
    expect(f, EV_ABS, ABS_MT_POSITION_Y, 20);
    expect(f, EV_KEY, BTN_TOUCH, 1);
    expect(f, EV_ABS, ABS_X, 10);
    expect(f, EV_ABS, ABS_Y, 20);
    expect(f, EV_SYN, 0, 0);
    input_touch(f->hub, 4, true, 30, 40);
    expect(f, EV_ABS, ABS_MT_SLOT, 4);
    expect(f, EV_ABS, ABS_MT_TRACKING_ID, 1);
    expect(f, EV_ABS, ABS_MT_POSITION_X, 30);
    expect(f, EV_ABS, ABS_MT_POSITION_Y, 40);
    expect(f, EV_SYN, 0, 0);
    input_touch(f->hub, 0, true, 11, 21);
    expect(f, EV_ABS, ABS_MT_SLOT, 0);
    expect(f, EV_ABS, ABS_MT_POSITION_X, 11);
    expect(f, EV_ABS, ABS_MT_POSITION_Y, 21);
    expect(f, EV_ABS, ABS_X, 11);
    expect(f, EV_ABS, ABS_Y, 21);
    expect(f, EV_SYN, 0, 0);
    input_touch(f->hub, 0, false, 0, 0);
    expect(f, EV_ABS, ABS_MT_SLOT, 0);
    expect(f, EV_ABS, ABS_MT_TRACKING_ID, -1);
    expect(f, EV_SYN, 0, 0);
    input_release_all(f->hub);
    expect(f, EV_ABS, ABS_MT_SLOT, 4);
    expect(f, EV_ABS, ABS_MT_TRACKING_ID, -1);
    expect(f, EV_KEY, BTN_TOUCH, 0);
    expect(f, EV_SYN, 0, 0);
    expect_nothing(f);
}

/* However long the guest looks away: each finger's last place arrives, and each finger goes. */
static void test_touch_is_never_stuck(void **state)
{
    struct fix *f = *state;
    struct event e;
    int32_t slot = 0, x[INPUT_TOUCHES] = {0};
    bool there[INPUT_TOUCHES] = {false};
    for (unsigned round = 0; round < 300; round++)
        for (unsigned i = 0; i < INPUT_TOUCHES; i++) {
            bool lift = (round + i) % 7 == 0 && round < 290;
            input_touch(f->hub, i, !lift, (int32_t)(100 * i + round), 0);
        }
    for (unsigned half = 0; half < 2; half++) {
        for (unsigned n = 0; n < 4000; n++) {
            if (f->kit.queue[EVENTS].num_free)
                give(f, f->kit.queue[EVENTS].num_free);
            if (!take(f, &e))
                break;
            if (e.type == EV_ABS && e.code == ABS_MT_SLOT)
                slot = e.value;
            else if (e.type == EV_ABS && e.code == ABS_MT_TRACKING_ID)
                there[slot] = e.value >= 0;
            else if (e.type == EV_ABS && e.code == ABS_MT_POSITION_X)
                x[slot] = e.value;
        }
        for (unsigned i = 0; i < INPUT_TOUCHES; i++) {
            if (there[i])
                assert_int_equal(x[i], 100 * i + 299);
            assert_false(half && there[i]);
        }
        input_release_all(f->hub);
    }
}

static void test_keys(void **state)
{
    struct fix *f = *state;
    give(f, 64);
    input_key(f->hub, KEY_A, true);
    input_key(f->hub, KEY_A, true); /* repeats are dropped */
    input_key(f->hub, KEY_A, false);
    input_key(f->hub, KEY_A, false);
    input_key(f->hub, 0, true); /* no such keys */
    input_key(f->hub, 84, true);
    input_key(f->hub, BTN_LEFT, true);
    input_key(f->hub, 0x2ff, true);
    input_key(f->hub, 0x300, true);
    input_key(f->hub, ~0u, true);
    expect(f, EV_KEY, KEY_A, 1);
    expect(f, EV_SYN, 0, 0);
    expect(f, EV_KEY, KEY_A, 0);
    expect(f, EV_SYN, 0, 0);
    expect_nothing(f);
    assert_int_equal(kit_isr(&f->kit), 1);
}

static void test_pointer(void **state)
{
    struct fix *f = *state;
    give(f, 64);
    input_abs(f->hub, -5, 40000); /* clamped */
    expect(f, EV_ABS, ABS_X, 0);
    expect(f, EV_ABS, ABS_Y, 32767);
    expect(f, EV_SYN, 0, 0);
    input_button(f->hub, BTN_SIDE, true, false);
    expect(f, EV_KEY, BTN_SIDE, 1);
    expect(f, EV_SYN, 0, 0);
    input_button(f->hub, BTN_SIDE, false, true); /* released wherever it is down */
    expect(f, EV_KEY, BTN_SIDE, 0);
    expect(f, EV_SYN, 0, 0);
    input_wheel(f->hub, -2, 1, false);
    expect(f, EV_REL, REL_WHEEL, -2);
    expect(f, EV_REL, REL_HWHEEL, 1);
    expect(f, EV_SYN, 0, 0);
    input_wheel(f->hub, 0, 0, false);
    input_button(f->hub, KEY_A, true, false);
    input_rel(f->hub, 5, 5); /* the mouse's */
    input_button(f->hub, BTN_LEFT, true, true);
    expect_nothing(f);
}

static void test_mouse(void **state)
{
    struct fix *f = *state;
    give(f, 64);
    input_rel(f->hub, 3, 0);
    expect(f, EV_REL, REL_X, 3);
    expect(f, EV_SYN, 0, 0);
    input_rel(f->hub, 0, 0);
    input_button(f->hub, BTN_LEFT, true, true);
    expect(f, EV_KEY, BTN_LEFT, 1);
    expect(f, EV_SYN, 0, 0);
    input_wheel(f->hub, 1, 0, true);
    expect(f, EV_REL, REL_WHEEL, 1);
    expect(f, EV_SYN, 0, 0);
    input_abs(f->hub, 1, 1);
    expect_nothing(f);
}

static void test_release_all(void **state)
{
    struct fix *f = *state;
    input_key(f->hub, KEY_A, true);
    input_key(f->hub, KEY_LEFTSHIFT, true);
    assert_true(input_is_down(f->hub, KEY_LEFTSHIFT));
    drain(f);
    assert_true(f->down[KEY_A] && f->down[KEY_LEFTSHIFT]);
    input_release_all(f->hub);
    assert_false(input_is_down(f->hub, KEY_LEFTSHIFT));
    drain(f);
    assert_false(f->down[KEY_A] || f->down[KEY_LEFTSHIFT]);
}

/* Groups are whole or not there: with one buffer too few nothing comes. */
static void test_whole_groups(void **state)
{
    struct fix *f = *state;
    give(f, 2);
    input_abs(f->hub, 10, 20);
    expect_nothing(f);
    input_abs(f->hub, 11, 21); /* the newest counts */
    give(f, 1);
    expect(f, EV_ABS, ABS_X, 11);
    expect(f, EV_ABS, ABS_Y, 21);
    expect(f, EV_SYN, 0, 0);
    expect_nothing(f);
}

/* Held buffers of a movement that came to nothing serve the next group. */
static void test_movement_cancels(void **state)
{
    struct fix *f = *state;
    give(f, 2);
    input_rel(f->hub, 5, 5);
    input_rel(f->hub, -5, -5);
    expect_nothing(f);
    input_button(f->hub, BTN_LEFT, true, true);
    expect(f, EV_KEY, BTN_LEFT, 1);
    expect(f, EV_SYN, 0, 0);
    input_rel(f->hub, INT32_MAX, INT32_MIN);
    input_rel(f->hub, INT32_MAX, INT32_MIN); /* saturates */
    give(f, 3);
    expect(f, EV_REL, REL_X, INT32_MAX);
    expect(f, EV_REL, REL_Y, INT32_MIN);
}

/* The guest reads nothing while every key is hammered: then each key is as the host has it. */
static void test_release_never_lost(void **state)
{
    struct fix *f = *state;
    uint32_t x = 7;
    bool want[0x100] = {false};
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 3000; i++) {
            x = x * 1664525 + 1013904223;
            unsigned code = 1 + (x >> 16) % 83;
            want[code] = (x >> 8 & 1) != 0;
            input_key(f->hub, code, want[code]);
            if (round & 1 && i % 7 == 0)
                give(f, MIN(3, f->kit.queue[EVENTS].num_free));
        }
        struct event e;
        while (take(f, &e)) {
        }
        drain(f);
        for (unsigned code = 1; code < 84; code++) /* a press may be lost, a release never */
            assert_false(f->down[code] && !want[code]);
        input_release_all(f->hub);
        memset(want, 0, sizeof(want));
        drain(f);
        for (unsigned code = 0; code < 0x300; code++)
            assert_false(f->down[code]);
    }
}

/* A few taps before the guest looks are kept in order. */
static void test_backlog_keeps_order(void **state)
{
    struct fix *f = *state;
    for (unsigned i = 0; i < 100; i++) {
        input_key(f->hub, KEY_1 + i % 10, true);
        input_key(f->hub, KEY_1 + i % 10, false);
    }
    for (unsigned i = 0; i < 100; i++) {
        give(f, 4);
        expect(f, EV_KEY, (uint16_t)(KEY_1 + i % 10), 1);
        expect(f, EV_SYN, 0, 0);
        expect(f, EV_KEY, (uint16_t)(KEY_1 + i % 10), 0);
        expect(f, EV_SYN, 0, 0);
    }
    expect_nothing(f);
}

static void test_last_position_survives(void **state)
{
    struct fix *f = *state;
    for (int32_t i = 0; i < 2000; i++) { /* clicks between: a full backlog */
        input_abs(f->hub, i, 2 * i);
        input_button(f->hub, BTN_LEFT, true, false);
        input_wheel(f->hub, 1, 0, false);
        input_button(f->hub, BTN_LEFT, false, false);
    }
    drain(f);
    assert_int_equal(f->x, 1999);
    assert_int_equal(f->y, 3998);
    assert_int_equal(f->wheel, 2000); /* nor is a step of the wheel lost */
    assert_false(f->down[BTN_LEFT]);
}

static void test_movement_adds_up(void **state)
{
    struct fix *f = *state;
    for (unsigned i = 0; i < 5000; i++) {
        input_rel(f->hub, 2, -1);
        if (i % 100 == 0) {
            input_button(f->hub, BTN_RIGHT, true, true);
            input_button(f->hub, BTN_RIGHT, false, true);
        }
    }
    drain(f);
    assert_int_equal(f->x, 10000);
    assert_int_equal(f->y, -5000);
}

/* Queues smaller than a group get it piecemeal. */
static void test_tiny_queues(void **state)
{
    struct fix *f = *state;
    for (uint16_t size = 1; size <= 2; size++) {
        assert_true(kit_negotiate(&f->kit, kit_offered(&f->kit)));
        assert_true(kit_queue_setup(&f->kit, EVENTS, size));
        kit_wr(&f->kit, MMIO_STATUS, 15);
        input_abs(f->hub, 7, 8);
        input_abs(f->hub, 9, 10);
        drain(f);
        assert_int_equal(f->x, 9);
        assert_int_equal(f->y, 10);
    }
}

static void test_odd_buffers(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    uint16_t head;
    uint32_t len;
    kit->framing = (struct kit_framing){.split = 1, .indirect = true}; /* eight descriptors each */
    give(f, 4);
    input_key(f->hub, KEY_B, true);
    expect(f, EV_KEY, KEY_B, 1);
    expect(f, EV_SYN, 0, 0);
    kit->framing = (struct kit_framing){0};
    struct kit_buf small = {kit_alloc(kit, 4, 4), 4, true},
                   wrong = {kit_alloc(kit, 8, 8), 8, false};
    input_key(f->hub, KEY_B, false);
    expect(f, EV_KEY, KEY_B, 0);
    expect(f, EV_SYN, 0, 0);
    kit_add(kit, EVENTS, &small, 1); /* too short, or not writable: the driver's loss */
    kit_add(kit, EVENTS, &wrong, 1);
    kit_kick(kit, EVENTS);
    input_key(f->hub, KEY_C, true);
    assert_true(kit_used(kit, EVENTS, &head, &len));
    assert_int_equal(len, 4);
    assert_true(kit_used(kit, EVENTS, &head, &len));
    assert_int_equal(len, 0);
}

static void test_reset_forgets(void **state)
{
    struct fix *f = *state;
    give(f, 1); /* held: half a group */
    input_key(f->hub, KEY_A, true);
    for (unsigned i = 0; i < 1000; i++)
        input_key(f->hub, KEY_1 + i % 10, (i / 10 & 1) == 0);
    kit_reset(&f->kit);
    assert_false(atomic_load(&f->kit.irq));
    input_key(f->hub, KEY_S, true); /* without a driver nobody hears */
    assert_true(kit_start(&f->kit, KIT_ALL_FEATURES));
    give(f, 32);
    expect_nothing(f);
    input_key(f->hub, KEY_A, false); /* up is what the guest believes already */
    input_key(f->hub, KEY_S, false);
    expect_nothing(f);
    input_key(f->hub, KEY_A, true);
    expect(f, EV_KEY, KEY_A, 1);
}

static void test_ring_reset(void **state)
{
    struct fix *f = *state;
    give(f, 1);
    input_key(f->hub, KEY_A, true);
    kit_wr(&f->kit, MMIO_QUEUE_SEL, EVENTS);
    kit_wr(&f->kit, MMIO_QUEUE_RESET, 1);
    assert_true(kit_queue_setup(&f->kit, EVENTS, 0));
    give(f, 8);
    expect(f, EV_KEY, KEY_A, 1); /* the device lives on, and so do its events */
    expect(f, EV_SYN, 0, 0);
}

static void set_led(struct fix *f, uint16_t type, uint16_t code, int32_t on)
{
    struct event e = {type, code, on};
    assert_int_equal(kit_request(&f->kit, STATUS, &e, sizeof(e), NULL, 0), 0);
}

static void test_leds(void **state)
{
    struct fix *f = *state;
    set_led(f, EV_LED, LED_CAPSL, 1);
    assert_int_equal(input_leds(f->hub), 2);
    f->kit.framing.split = 3;
    set_led(f, EV_LED, LED_NUML, 1);
    set_led(f, EV_LED, LED_CAPSL, 0);
    set_led(f, EV_LED, 9, 1);
    set_led(f, EV_LED, 0xffff, 1);
    set_led(f, EV_KEY, LED_SCROLLL, 1);
    assert_int_equal(input_leds(f->hub), 1);
    assert_int_equal(kit_request(&f->kit, STATUS, "abc", 3, NULL, 0), 0);
    kit_reset(&f->kit);
    assert_int_equal(input_leds(f->hub), 0);
}

/* A chain may be 4 GiB long: of its events 64 count. */
static void test_too_many_leds(void **state)
{
    struct fix *f = *state;
    struct event e[65];
    for (unsigned i = 0; i < ARRAY_SIZE(e); i++)
        e[i] = (struct event){EV_LED, LED_CAPSL, i < 64};
    assert_int_equal(kit_request(&f->kit, STATUS, e, sizeof(e), NULL, 0), 0);
    assert_int_equal(input_leds(f->hub), 2);
}

/* What waits beyond the device's share of one kick waits for the next, which it asks for. */
static void test_status_share(void **state)
{
    struct fix *f = *state;
    struct kit_queue *q = &f->kit.queue[STATUS];
    struct event e = {EV_LED, LED_CAPSL, 1};
    struct kit_buf b = {kit_put(&f->kit, &e, sizeof(e)), sizeof(e), false};
    uint16_t head;
    uint32_t len;
    unsigned used = 0;
    for (unsigned i = 0; i < 3; i++) {
        while (kit_add(&f->kit, STATUS, &b, 1) >= 0) {
        }
        assert_true(kit_kick(&f->kit, STATUS));
        while (kit_used(&f->kit, STATUS, &head, &len))
            used++;
    }
    assert_int_equal(used, 3 * q->size);
}

/* A chain longer than the queue, against the specification, is handed back unread. */
static void test_long_chain(void **state)
{
    struct fix *f = *state;
    struct event e[20];
    for (unsigned i = 0; i < ARRAY_SIZE(e); i++)
        e[i] = (struct event){EV_LED, LED_CAPSL, 1};
    f->kit.framing = (struct kit_framing){.split = 2, .indirect = true};
    assert_int_equal(kit_request(&f->kit, STATUS, e, sizeof(e), NULL, 0), 0);
    assert_int_equal(input_leds(f->hub), 0);
    assert_int_equal(kit_request(&f->kit, STATUS, e, 128, NULL, 0), 0);
    assert_int_equal(input_leds(f->hub), 2);
}

/* --- threads: front-ends type while the guest reads, resets and comes back --- */

struct typist {
    struct input_hub *hub;
    _Atomic bool stop;
};

static void *type_on(void *arg)
{
    struct typist *t = arg;
    for (unsigned i = 0; !atomic_load(&t->stop); i++) {
        input_key(t->hub, 1 + i % 83, i / 83 & 1);
        if (i % 1000 == 0)
            input_release_all(t->hub);
        if (i % 4 == 0) /* leave the guest a turn: the locks know no order */
            nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    }
    input_release_all(t->hub);
    return NULL;
}

static void test_threads(void **state)
{
    struct fix *f = *state;
    struct typist t = {.hub = f->hub};
    pthread_t thread[2];
    uint64_t brk = f->kit.brk;
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, type_on, &t), 0);
    for (unsigned round = 0; round < 20; round++) {
        struct event e;
        kit_reset(&f->kit);
        kit_free_to(&f->kit, brk);
        memset(f->down, 0, sizeof(f->down));
        assert_true(kit_start(&f->kit, KIT_ALL_FEATURES));
        for (unsigned i = 0; i < 50; i++) {
            give(f, f->kit.queue[EVENTS].num_free);
            while (take(f, &e)) {
            }
            set_led(f, EV_LED, LED_CAPSL, i & 1);
        }
    }
    atomic_store(&t.stop, true);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    drain(f);
    for (unsigned code = 0; code < 0x300; code++)
        assert_false(f->down[code]);
}

int main(void)
{
#define KEYBOARD(name) cmocka_unit_test_setup_teardown(name, setup_keyboard, teardown)
#define TABLET(name)   cmocka_unit_test_setup_teardown(name, setup_tablet, teardown)
#define TOUCH(name)    cmocka_unit_test_setup_teardown(name, setup_touch, teardown)
#define MOUSE(name)    cmocka_unit_test_setup_teardown(name, setup_mouse, teardown)
    const struct CMUnitTest tests[] = {
        KEYBOARD(test_keyboard_config),
        TABLET(test_tablet_config),
        MOUSE(test_mouse_config),
        TOUCH(test_touch_config),
        TOUCH(test_touch),
        TOUCH(test_touch_is_never_stuck),
        KEYBOARD(test_keys),
        TABLET(test_pointer),
        MOUSE(test_mouse),
        KEYBOARD(test_release_all),
        TABLET(test_whole_groups),
        MOUSE(test_movement_cancels),
        KEYBOARD(test_release_never_lost),
        KEYBOARD(test_backlog_keeps_order),
        TABLET(test_last_position_survives),
        MOUSE(test_movement_adds_up),
        TABLET(test_tiny_queues),
        KEYBOARD(test_odd_buffers),
        KEYBOARD(test_reset_forgets),
        KEYBOARD(test_ring_reset),
        KEYBOARD(test_leds),
        KEYBOARD(test_too_many_leds),
        KEYBOARD(test_status_share),
        KEYBOARD(test_long_chain),
        KEYBOARD(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
