/* SPDX-License-Identifier: MIT */
/* The input hub: who holds what, fingers, and what comes back from the guest. */
#include "display/input.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct heard {
    struct input_event_raw ev[64];
    unsigned n;
};

static void hear(void *ctx, const struct input_event_raw *ev, unsigned n)
{
    struct heard *h = ctx;
    for (unsigned i = 0; i < n && h->n < ARRAY_SIZE(h->ev); i++)
        h->ev[h->n++] = ev[i];
}

static void expect(struct heard *h, const struct input_event_raw *want, unsigned n)
{
    assert_int_equal(h->n, n);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(h->ev[i].type, want[i].type);
        assert_int_equal(h->ev[i].code, want[i].code);
        assert_int_equal(h->ev[i].value, want[i].value);
    }
    h->n = 0;
}
#define EXPECT(h, ...)                                                                             \
    expect(h, (const struct input_event_raw[]){__VA_ARGS__},                                       \
           sizeof((const struct input_event_raw[]){__VA_ARGS__}) / sizeof(struct input_event_raw))

/* A front-end lets go of what it holds and of nothing else. */
static void test_held(void **state)
{
    (void)state;
    struct input_hub *hub = input_hub_create();
    struct input_held one, two;
    input_held_init(&one, hub);
    input_held_init(&two, hub);
    input_held_key(&one, KEY_A, true);
    input_held_button(&one, BTN_LEFT, true, true);
    input_held_key(&two, KEY_B, true);
    input_held_key(&two, KEY_A, false); /* not its own */
    input_held_key(&two, 0x300, true);  /* no key */
    assert_true(input_is_down(hub, KEY_A));
    input_held_release(&two);
    assert_true(input_is_down(hub, KEY_A) && input_is_down(hub, BTN_LEFT));
    assert_false(input_is_down(hub, KEY_B));
    input_held_release(&one);
    assert_false(input_is_down(hub, KEY_A) || input_is_down(hub, BTN_LEFT));
    input_hub_destroy(hub);
}

static void test_touch(void **state)
{
    (void)state;
    struct input_hub *hub = input_hub_create();
    struct heard h = {.n = 0};
    struct input_held held;
    input_held_init(&held, hub);
    assert_false(input_has(hub, INPUT_KIND_TOUCH));
    input_hub_set_sink(hub, INPUT_KIND_TOUCH, hear, &h);
    assert_true(input_has(hub, INPUT_KIND_TOUCH));
    input_touch(hub, 3, false, 0, 0); /* no finger there */
    input_touch(hub, INPUT_TOUCHES, true, 0, 0);
    EXPECT(&h);
    input_held_touch(&held, 3, true, -1, 40000);
    EXPECT(&h, {EV_ABS, ABS_MT_SLOT, 3}, {EV_ABS, ABS_MT_TRACKING_ID, 0},
           {EV_ABS, ABS_MT_POSITION_X, 0}, {EV_ABS, ABS_MT_POSITION_Y, 32767}, {EV_SYN, 0, 0});
    input_held_touch(&held, 3, true, 5, 6);
    EXPECT(&h, {EV_ABS, ABS_MT_SLOT, 3}, {EV_ABS, ABS_MT_POSITION_X, 5},
           {EV_ABS, ABS_MT_POSITION_Y, 6}, {EV_SYN, 0, 0});
    input_held_release(&held);
    EXPECT(&h, {EV_ABS, ABS_MT_SLOT, 3}, {EV_ABS, ABS_MT_TRACKING_ID, -1}, {EV_SYN, 0, 0});
    input_held_touch(&held, 3, false, 0, 0);
    EXPECT(&h);
    input_hub_destroy(hub);
}

static void count(void *ctx)
{
    ++*(unsigned *)ctx;
}

static void test_watch(void **state)
{
    (void)state;
    struct input_hub *hub = input_hub_create();
    unsigned one = 0, two = 0;
    struct input_watch *first = input_watch(hub, count, &one);
    struct input_watch *second = input_watch(hub, count, &two);
    input_set_leds(hub, 2);
    input_set_leds(hub, 2); /* nothing new */
    assert_int_equal(one, 1);
    assert_int_equal(two, 1);
    input_unwatch(first);
    input_set_waiting(hub, INPUT_KIND_KEYBOARD, 5);
    input_set_waiting(hub, INPUT_KIND_KEYBOARD, 2);
    assert_int_equal(two, 1);
    assert_int_equal(input_waiting(hub, INPUT_KIND_KEYBOARD), 2);
    input_set_waiting(hub, INPUT_KIND_KEYBOARD, 0); /* all read */
    input_set_waiting(hub, INPUT_KIND_KEYBOARD, 0);
    assert_int_equal(one, 1);
    assert_int_equal(two, 2);
    input_unwatch(second);
    input_unwatch(NULL);
    input_hub_destroy(hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held),
        cmocka_unit_test(test_touch),
        cmocka_unit_test(test_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
