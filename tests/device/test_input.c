/* SPDX-License-Identifier: MIT */
/* Keyboard, tablet, mouse and touch screen as Linux reads them: configuration space and events. */
#include "input_driver.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NAME = 1, SERIAL, DEVIDS, PROPS = 0x10, EV_BITS, ABS_INFO };

/* Configuration space as Linux's driver reads it; the size. */
static uint8_t config(struct input_driver *f, uint8_t select, uint8_t subsel, uint8_t payload[128])
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
    struct input_driver *f = *state;
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
    struct input_driver *f = *state;
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
    struct input_driver *f = *state;
    uint8_t p[128];
    assert_int_equal(config(f, EV_BITS, EV_REL, p), 2);
    assert_int_equal(p[0] | p[1] << 8, 1 << REL_X | 1 << REL_Y | 1 << REL_WHEEL | 1 << REL_HWHEEL);
    assert_int_equal(config(f, EV_BITS, EV_ABS, p), 0);
}

static void test_touch_config(void **state)
{
    struct input_driver *f = *state;
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
    struct input_driver *f = *state;
    events_give(f, 64);
    input_touch(f->hub, 0, true, 10, 20);
    events_expect(f, EV_ABS, ABS_MT_SLOT, 0);
    events_expect(f, EV_ABS, ABS_MT_TRACKING_ID, 0);
    events_expect(f, EV_ABS, ABS_MT_POSITION_X, 10);
    events_expect(f, EV_ABS, ABS_MT_POSITION_Y, 20);
    events_expect(f, EV_KEY, BTN_TOUCH, 1);
    events_expect(f, EV_ABS, ABS_X, 10);
    events_expect(f, EV_ABS, ABS_Y, 20);
    events_expect(f, EV_SYN, 0, 0);
    input_touch(f->hub, 4, true, 30, 40);
    events_expect(f, EV_ABS, ABS_MT_SLOT, 4);
    events_expect(f, EV_ABS, ABS_MT_TRACKING_ID, 1);
    events_expect(f, EV_ABS, ABS_MT_POSITION_X, 30);
    events_expect(f, EV_ABS, ABS_MT_POSITION_Y, 40);
    events_expect(f, EV_SYN, 0, 0);
    input_touch(f->hub, 0, true, 11, 21);
    events_expect(f, EV_ABS, ABS_MT_SLOT, 0);
    events_expect(f, EV_ABS, ABS_MT_POSITION_X, 11);
    events_expect(f, EV_ABS, ABS_MT_POSITION_Y, 21);
    events_expect(f, EV_ABS, ABS_X, 11);
    events_expect(f, EV_ABS, ABS_Y, 21);
    events_expect(f, EV_SYN, 0, 0);
    input_touch(f->hub, 0, false, 0, 0);
    events_expect(f, EV_ABS, ABS_MT_SLOT, 0);
    events_expect(f, EV_ABS, ABS_MT_TRACKING_ID, -1);
    events_expect(f, EV_SYN, 0, 0);
    input_release_all(f->hub);
    events_expect(f, EV_ABS, ABS_MT_SLOT, 4);
    events_expect(f, EV_ABS, ABS_MT_TRACKING_ID, -1);
    events_expect(f, EV_KEY, BTN_TOUCH, 0);
    events_expect(f, EV_SYN, 0, 0);
    events_expect_none(f);
}

/* However long the guest looks away: each finger's last place arrives, and each finger goes. */
static void test_touch_is_never_stuck(void **state)
{
    struct input_driver *f = *state;
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
                events_give(f, f->kit.queue[EVENTS].num_free);
            if (!events_take(f, &e))
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
    struct input_driver *f = *state;
    events_give(f, 64);
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
    events_expect(f, EV_KEY, KEY_A, 1);
    events_expect(f, EV_SYN, 0, 0);
    events_expect(f, EV_KEY, KEY_A, 0);
    events_expect(f, EV_SYN, 0, 0);
    events_expect_none(f);
    assert_int_equal(kit_isr(&f->kit), 1);
}

static void test_pointer(void **state)
{
    struct input_driver *f = *state;
    events_give(f, 64);
    input_abs(f->hub, -5, 40000); /* clamped */
    events_expect(f, EV_ABS, ABS_X, 0);
    events_expect(f, EV_ABS, ABS_Y, 32767);
    events_expect(f, EV_SYN, 0, 0);
    input_button(f->hub, BTN_SIDE, true, false);
    events_expect(f, EV_KEY, BTN_SIDE, 1);
    events_expect(f, EV_SYN, 0, 0);
    input_button(f->hub, BTN_SIDE, false, true); /* released wherever it is down */
    events_expect(f, EV_KEY, BTN_SIDE, 0);
    events_expect(f, EV_SYN, 0, 0);
    input_wheel(f->hub, -2, 1, false);
    events_expect(f, EV_REL, REL_WHEEL, -2);
    events_expect(f, EV_REL, REL_HWHEEL, 1);
    events_expect(f, EV_SYN, 0, 0);
    input_wheel(f->hub, 0, 0, false);
    input_button(f->hub, KEY_A, true, false);
    input_rel(f->hub, 5, 5); /* the mouse's */
    input_button(f->hub, BTN_LEFT, true, true);
    events_expect_none(f);
}

static void test_mouse(void **state)
{
    struct input_driver *f = *state;
    events_give(f, 64);
    input_rel(f->hub, 3, 0);
    events_expect(f, EV_REL, REL_X, 3);
    events_expect(f, EV_SYN, 0, 0);
    input_rel(f->hub, 0, 0);
    input_button(f->hub, BTN_LEFT, true, true);
    events_expect(f, EV_KEY, BTN_LEFT, 1);
    events_expect(f, EV_SYN, 0, 0);
    input_wheel(f->hub, 1, 0, true);
    events_expect(f, EV_REL, REL_WHEEL, 1);
    events_expect(f, EV_SYN, 0, 0);
    input_abs(f->hub, 1, 1);
    events_expect_none(f);
}

static void test_release_all(void **state)
{
    struct input_driver *f = *state;
    input_key(f->hub, KEY_A, true);
    input_key(f->hub, KEY_LEFTSHIFT, true);
    assert_true(input_is_down(f->hub, KEY_LEFTSHIFT));
    events_drain(f);
    assert_true(f->down[KEY_A] && f->down[KEY_LEFTSHIFT]);
    input_release_all(f->hub);
    assert_false(input_is_down(f->hub, KEY_LEFTSHIFT));
    events_drain(f);
    assert_false(f->down[KEY_A] || f->down[KEY_LEFTSHIFT]);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
