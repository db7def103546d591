/* SPDX-License-Identifier: MIT */
#include "ui/keymap.h"

#include "ui/viewport.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static unsigned named(const char *name)
{
    return keymap_from_name(name, strlen(name));
}

static void test_usb(void **state)
{
    (void)state;
    assert_int_equal(keymap_from_usb(0), 0);
    assert_int_equal(keymap_from_usb(4), KEY_A);
    assert_int_equal(keymap_from_usb(29), KEY_Z);
    assert_int_equal(keymap_from_usb(30), KEY_1);
    assert_int_equal(keymap_from_usb(39), KEY_0);
    assert_int_equal(keymap_from_usb(40), KEY_ENTER);
    assert_int_equal(keymap_from_usb(69), KEY_F12);
    assert_int_equal(keymap_from_usb(100), KEY_102ND);
    assert_int_equal(keymap_from_usb(224), KEY_LEFTCTRL);
    assert_int_equal(keymap_from_usb(231), KEY_RIGHTMETA);
    assert_int_equal(keymap_from_usb(282), KEY_SLEEP);
    assert_int_equal(keymap_from_usb(512), 0);
    assert_int_equal(keymap_from_usb(UINT32_MAX), 0);
}

/* Every key of a PC keyboard can be pressed in the window. */
static void test_usb_has_every_pc_key(void **state)
{
    (void)state;
    for (unsigned code = KEY_ESC; code <= KEY_COMPOSE; code++) {
        static const uint8_t none[] = {84,        KEY_KPJPCOMMA, KEY_LINEFEED,
                                       KEY_MACRO, KEY_SCALE,     KEY_KPPLUSMINUS};
        bool found = memchr(none, (int)code, sizeof(none));
        for (unsigned usage = 0; usage < 300 && !found; usage++)
            found = keymap_from_usb(usage) == code;
        if (!found)
            fail_msg("key %u is on no key of a USB keyboard", code);
    }
}

static void test_qcodes(void **state)
{
    (void)state;
    assert_int_equal(keymap_from_qcode("ret"), KEY_ENTER);
    assert_int_equal(keymap_from_qcode("ctrl_r"), KEY_RIGHTCTRL);
    assert_int_equal(keymap_from_qcode("katakanahiragana"), KEY_KATAKANAHIRAGANA);
    assert_int_equal(keymap_from_qcode("f24"), KEY_F24);
    assert_int_equal(keymap_from_qcode("power"), KEY_POWER);
    assert_int_equal(keymap_from_qcode("A"), 0);
    assert_int_equal(keymap_from_qcode("enter"), 0);
    assert_int_equal(keymap_from_qcode(""), 0);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(keymap_from_number(1), KEY_ESC);
    assert_int_equal(keymap_from_number(30), KEY_A);
    assert_int_equal(keymap_from_number(0x58), KEY_F12);
    assert_int_equal(keymap_from_number(0x80 | 0x1c), KEY_KPENTER);
    assert_int_equal(keymap_from_number(0x80 | 0x48), KEY_UP);
    assert_int_equal(keymap_from_number(0), 0);
    assert_int_equal(keymap_from_number(-1), 0);
    assert_int_equal(keymap_from_number(0x100), 0);
    assert_int_equal(keymap_from_number(INT64_MAX), 0);
    for (int64_t n = -10; n < 300; n++)
        assert_true(keymap_from_number(n) < KEY_CNT);
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(named("Enter"), KEY_ENTER);
    assert_int_equal(named("super"), KEY_LEFTMETA);
    assert_int_equal(named("F2"), KEY_F2);
    assert_int_equal(keymap_from_name("f2-x", 2), KEY_F2);
    assert_int_equal(named("nokey"), 0);
    assert_int_equal(named(""), 0);
}

static void test_characters(void **state)
{
    (void)state;
    bool shift;
    for (char c = 0x20; c < 0x7f; c++)
        assert_int_not_equal(keymap_from_char(c, &shift), 0);
    assert_int_equal(keymap_from_char('z', &shift), KEY_Z);
    assert_false(shift);
    assert_int_equal(keymap_from_char('Z', &shift), KEY_Z);
    assert_true(shift);
    assert_int_equal(keymap_from_char('?', &shift), KEY_SLASH);
    assert_true(shift);
    assert_int_equal(keymap_from_char('\n', &shift), KEY_ENTER);
    assert_false(shift);
    assert_int_equal(keymap_from_char('\0', &shift), 0);
    assert_int_equal(keymap_from_char((char)0xe4, &shift), 0);
}

static void test_fit(void **state)
{
    (void)state;
    struct viewport p = viewport_fit(320, 200, 700, 400);
    assert_int_equal(p.x, 30);
    assert_int_equal(p.y, 0);
    assert_int_equal(p.w, 640);
    assert_int_equal(p.h, 400);
    p = viewport_fit(320, 200, 320, 500);
    assert_int_equal(p.y, 150);
    assert_int_equal(p.w, 320);
    p = viewport_fit(16384, 1, 10, 10);
    assert_int_equal(p.w, 10);
    assert_int_equal(p.h, 1);
}

static void assert_place(struct viewport p, int x, int y, int w, int h)
{
    assert_int_equal(p.x, x);
    assert_int_equal(p.y, y);
    assert_int_equal(p.w, w);
    assert_int_equal(p.h, h);
}

static void test_scale(void **state)
{
    (void)state;
    assert_place(viewport_scale(VIEWPORT_FIT, 320, 200, 700, 400), 30, 0, 640, 400);
    assert_place(viewport_scale(VIEWPORT_INTEGER, 320, 200, 700, 500), 30, 50, 640, 400);
    assert_place(viewport_scale(VIEWPORT_INTEGER, 320, 200, 160, 300), 0, 100, 160,
                 100); /* as fit */
    assert_place(viewport_scale(VIEWPORT_NONE, 320, 200, 700, 500), 190, 150, 320, 200);
    assert_place(viewport_scale(VIEWPORT_NONE, 320, 200, 200, 500), 0, 150, 320, 200);
    struct viewport p = {10, 20, 30, 40};
    assert_true(viewport_contains(&p, 10, 20) && viewport_contains(&p, 39, 59));
    assert_false(viewport_contains(&p, 9, 20) || viewport_contains(&p, 40, 20) ||
                 viewport_contains(&p, 10, 60));
}

/* A guest finds the very pixel, whichever way it rounds. */
static void test_abs(void **state)
{
    (void)state;
    static const unsigned sizes[] = {1, 2, 100, 640, 800, 1280, 1366, 3840, 8192};
    for (size_t s = 0; s < ARRAY_SIZE(sizes); s++)
        for (unsigned px = 0; px < sizes[s]; px++) {
            int32_t at = viewport_to_abs(px, sizes[s]);
            assert_in_range(at, 0, 32767);
            assert_int_equal((int64_t)at * sizes[s] / 32768, px);
            assert_int_equal(((int64_t)at * (sizes[s] - 1) + 16383) / 32767, px);
        }
    assert_int_equal(viewport_to_abs(-5, 100), 0);
    assert_int_equal(viewport_to_abs(100, 100), 32767);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usb),    cmocka_unit_test(test_usb_has_every_pc_key),
        cmocka_unit_test(test_qcodes), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_names),  cmocka_unit_test(test_characters),
        cmocka_unit_test(test_fit),    cmocka_unit_test(test_abs),
        cmocka_unit_test(test_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
