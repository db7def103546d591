/* SPDX-License-Identifier: MIT */
/* Keyboard layouts, and typing with them. tests/gui/test_sdl_input.py compares each key with
 * libxkbcommon. */
#include "ui/keyboard_layout.h"

#include "host/thread.h"
#include "ui/type_text.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static unsigned type(const char *layout, uint32_t c, struct key_stroke s[KEYBOARD_MAX_STROKES])
{
    memset(s, 0, sizeof(*s) * KEYBOARD_MAX_STROKES);
    return keyboard_layout_strokes(keyboard_layout_find(layout), c, s);
}

static void test_find(void **state)
{
    (void)state;
    assert_null(keyboard_layout_find("xx"));
    assert_null(keyboard_layout_find(""));
    static const char *const names[] = {"us", "uk", "de", "fr"};
    struct key_stroke s[KEYBOARD_MAX_STROKES];
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        for (uint32_t c = 32; c < 127; c++)
            if (!type(names[i], c, s))
                fail_msg("%s cannot type '%c'", names[i], (int)c);
}

static void test_strokes(void **state)
{
    (void)state;
    struct key_stroke s[KEYBOARD_MAX_STROKES];
    assert_int_equal(type("us", '"', s), 1);
    assert_int_equal(s[0].code, KEY_APOSTROPHE);
    assert_int_equal(s[0].modifiers, KEYBOARD_SHIFT);
    assert_int_equal(type("de", 'z', s), 1);
    assert_int_equal(s[0].code, KEY_Y);
    assert_true(s[0].letter);
    assert_int_equal(type("de", '@', s), 1);
    assert_int_equal(s[0].code, KEY_Q);
    assert_int_equal(s[0].modifiers, KEYBOARD_ALTGR);
    assert_int_equal(type("de", '^', s), 2);
    assert_int_equal(s[0].code, KEY_GRAVE);
    assert_int_equal(s[1].code, KEY_SPACE);
    assert_int_equal(type("fr", 0xea, s), 2); /* e with circumflex */
    assert_int_equal(s[0].code, KEY_LEFTBRACE);
    assert_int_equal(s[1].code, KEY_E);
    assert_int_equal(type("fr", 0xe9, s), 1); /* e with acute: caps lock leaves it alone */
    assert_false(s[0].letter);
    assert_int_equal(type("us", 0xe9, s), 0);
    assert_int_equal(type("de", 0x302, s), 0);
    assert_int_equal(type("us", 7, s), 0);
    assert_int_equal(type("us", 0, s), 0);
}

static void test_utf8(void **state)
{
    (void)state;
    const char *p = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff\xc3(\xc0\x80\xed\xa0\x80";
    static const uint32_t want[] = {'a',    0xe9,   0x20ac, 0x1f600, 0xfffd, 0xfffd, '(',
                                    0xfffd, 0xfffd, 0xfffd, 0xfffd,  0xfffd, 0,      0};
    for (size_t i = 0; i < ARRAY_SIZE(want); i++)
        assert_int_equal(utf8_next(&p), want[i]);
}

struct heard {
    unsigned presses, releases;
};

static void hear(void *ctx, const struct input_event_raw *ev, unsigned n)
{
    struct heard *h = ctx;
    for (unsigned i = 0; i < n; i++)
        if (ev[i].type == EV_KEY)
            *(ev[i].value ? &h->presses : &h->releases) += 1;
}

static void test_type_text(void **state)
{
    (void)state;
    struct input_hub *hub = input_hub_create();
    struct heard heard = {0};
    struct type_text t;
    input_hub_set_sink(hub, INPUT_KIND_KEYBOARD, hear, &heard);
    type_text_init(&t, hub, NULL, keyboard_layout_find("us"));
    assert_int_equal(t.due, HOST_FOREVER);
    type_text_step(&t, 1000);
    assert_int_equal(heard.presses, 0);
    type_text_start(&t, "a\r\nB");
    type_text_step(&t, 1000);
    assert_int_equal(heard.presses, 1);
    assert_true(t.due > 1000 && t.due != HOST_FOREVER);
    type_text_step(&t, t.due - 1); /* not yet */
    assert_int_equal(heard.presses, 1);
    input_set_waiting(hub, INPUT_KIND_KEYBOARD, 1); /* the guest is slow */
    type_text_step(&t, t.due);
    assert_int_equal(heard.presses, 1);
    assert_int_equal(t.due, HOST_FOREVER);
    input_set_waiting(hub, INPUT_KIND_KEYBOARD, 0);
    type_text_step(&t, 5000);
    assert_int_equal(heard.presses, 2); /* one Enter for CR LF */
    type_text_step(&t, t.due);
    assert_int_equal(heard.presses, 4); /* shift and B */
    assert_int_equal(heard.releases, 4);
    type_text_step(&t, t.due);
    assert_null(t.text);
    assert_int_equal(t.due, HOST_FOREVER);
    type_text_start(&t, "abc");
    type_text_finish(&t);
    assert_null(t.text);
    input_hub_destroy(hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_strokes),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_type_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
