/* SPDX-License-Identifier: MIT */
/* Input devices: events that wait for buffers, buffers and chains of any shape, resets, LEDs, and
 * threads that type meanwhile. */
#include "input_driver.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Groups are whole or not there: with one buffer too few nothing comes. */
static void test_whole_groups(void **state)
{
    struct input_driver *f = *state;
    events_give(f, 2);
    input_abs(f->hub, 10, 20);
    events_expect_none(f);
    input_abs(f->hub, 11, 21); /* the newest counts */
    events_give(f, 1);
    events_expect(f, EV_ABS, ABS_X, 11);
    events_expect(f, EV_ABS, ABS_Y, 21);
    events_expect(f, EV_SYN, 0, 0);
    events_expect_none(f);
}

/* Held buffers of a movement that came to nothing serve the next group. */
static void test_movement_cancels(void **state)
{
    struct input_driver *f = *state;
    events_give(f, 2);
    input_rel(f->hub, 5, 5);
    input_rel(f->hub, -5, -5);
    events_expect_none(f);
    input_button(f->hub, BTN_LEFT, true, true);
    events_expect(f, EV_KEY, BTN_LEFT, 1);
    events_expect(f, EV_SYN, 0, 0);
    input_rel(f->hub, INT32_MAX, INT32_MIN);
    input_rel(f->hub, INT32_MAX, INT32_MIN); /* saturates */
    events_give(f, 3);
    events_expect(f, EV_REL, REL_X, INT32_MAX);
    events_expect(f, EV_REL, REL_Y, INT32_MIN);
}

/* The guest reads nothing while every key is hammered: then each key is as the host has it. */
static void test_release_never_lost(void **state)
{
    struct input_driver *f = *state;
    uint32_t x = 7;
    bool want[0x100] = {false};
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 3000; i++) {
            x = x * 1664525 + 1013904223;
            unsigned code = 1 + (x >> 16) % 83;
            want[code] = (x >> 8 & 1) != 0;
            input_key(f->hub, code, want[code]);
            if (round & 1 && i % 7 == 0)
                events_give(f, MIN(3, f->kit.queue[EVENTS].num_free));
        }
        struct event e;
        while (events_take(f, &e)) {
        }
        events_drain(f);
        for (unsigned code = 1; code < 84; code++) /* a press may be lost, a release never */
            assert_false(f->down[code] && !want[code]);
        input_release_all(f->hub);
        memset(want, 0, sizeof(want));
        events_drain(f);
        for (unsigned code = 0; code < 0x300; code++)
            assert_false(f->down[code]);
    }
}

/* A few taps before the guest looks are kept in order. */
static void test_backlog_keeps_order(void **state)
{
    struct input_driver *f = *state;
    for (unsigned i = 0; i < 100; i++) {
        input_key(f->hub, KEY_1 + i % 10, true);
        input_key(f->hub, KEY_1 + i % 10, false);
    }
    for (unsigned i = 0; i < 100; i++) {
        events_give(f, 4);
        events_expect(f, EV_KEY, (uint16_t)(KEY_1 + i % 10), 1);
        events_expect(f, EV_SYN, 0, 0);
        events_expect(f, EV_KEY, (uint16_t)(KEY_1 + i % 10), 0);
        events_expect(f, EV_SYN, 0, 0);
    }
    events_expect_none(f);
}

static void test_last_position_survives(void **state)
{
    struct input_driver *f = *state;
    for (int32_t i = 0; i < 2000; i++) { /* clicks between: a full backlog */
        input_abs(f->hub, i, 2 * i);
        input_button(f->hub, BTN_LEFT, true, false);
        input_wheel(f->hub, 1, 0, false);
        input_button(f->hub, BTN_LEFT, false, false);
    }
    events_drain(f);
    assert_int_equal(f->x, 1999);
    assert_int_equal(f->y, 3998);
    assert_int_equal(f->wheel, 2000); /* nor is a step of the wheel lost */
    assert_false(f->down[BTN_LEFT]);
}

static void test_movement_adds_up(void **state)
{
    struct input_driver *f = *state;
    for (unsigned i = 0; i < 5000; i++) {
        input_rel(f->hub, 2, -1);
        if (i % 100 == 0) {
            input_button(f->hub, BTN_RIGHT, true, true);
            input_button(f->hub, BTN_RIGHT, false, true);
        }
    }
    events_drain(f);
    assert_int_equal(f->x, 10000);
    assert_int_equal(f->y, -5000);
}

/* Queues smaller than a group get it piecemeal. */
static void test_tiny_queues(void **state)
{
    struct input_driver *f = *state;
    for (uint16_t size = 1; size <= 2; size++) {
        assert_true(kit_negotiate(&f->kit, kit_offered(&f->kit)));
        assert_true(kit_queue_setup(&f->kit, EVENTS, size));
        kit_wr(&f->kit, MMIO_STATUS, 15);
        input_abs(f->hub, 7, 8);
        input_abs(f->hub, 9, 10);
        events_drain(f);
        assert_int_equal(f->x, 9);
        assert_int_equal(f->y, 10);
    }
}

static void test_odd_buffers(void **state)
{
    struct input_driver *f = *state;
    struct kit *kit = &f->kit;
    uint16_t head;
    uint32_t len;
    kit->framing = (struct kit_framing){.split = 1, .indirect = true}; /* eight descriptors each */
    events_give(f, 4);
    input_key(f->hub, KEY_B, true);
    events_expect(f, EV_KEY, KEY_B, 1);
    events_expect(f, EV_SYN, 0, 0);
    kit->framing = (struct kit_framing){0};
    struct kit_buf small = {kit_alloc(kit, 4, 4), 4, true},
                   wrong = {kit_alloc(kit, 8, 8), 8, false};
    input_key(f->hub, KEY_B, false);
    events_expect(f, EV_KEY, KEY_B, 0);
    events_expect(f, EV_SYN, 0, 0);
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
    struct input_driver *f = *state;
    events_give(f, 1); /* held: half a group */
    input_key(f->hub, KEY_A, true);
    for (unsigned i = 0; i < 1000; i++)
        input_key(f->hub, KEY_1 + i % 10, (i / 10 & 1) == 0);
    kit_reset(&f->kit);
    assert_false(atomic_load(&f->kit.irq));
    input_key(f->hub, KEY_S, true); /* without a driver it is dropped */
    assert_true(kit_start(&f->kit, KIT_ALL_FEATURES));
    events_give(f, 32);
    events_expect_none(f);
    input_key(f->hub, KEY_A, false); /* up is its state in the guest already */
    input_key(f->hub, KEY_S, false);
    events_expect_none(f);
    input_key(f->hub, KEY_A, true);
    events_expect(f, EV_KEY, KEY_A, 1);
}

static void test_ring_reset(void **state)
{
    struct input_driver *f = *state;
    events_give(f, 1);
    input_key(f->hub, KEY_A, true);
    kit_wr(&f->kit, MMIO_QUEUE_SEL, EVENTS);
    kit_wr(&f->kit, MMIO_QUEUE_RESET, 1);
    assert_true(kit_queue_setup(&f->kit, EVENTS, 0));
    events_give(f, 8);
    events_expect(f, EV_KEY, KEY_A, 1); /* the device lives on, and so do its events */
    events_expect(f, EV_SYN, 0, 0);
}

static void set_led(struct input_driver *f, uint16_t type, uint16_t code, int32_t on)
{
    struct event e = {type, code, on};
    assert_int_equal(kit_request(&f->kit, STATUS, &e, sizeof(e), NULL, 0), 0);
}

static void test_leds(void **state)
{
    struct input_driver *f = *state;
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
    struct input_driver *f = *state;
    struct event e[65];
    for (unsigned i = 0; i < ARRAY_SIZE(e); i++)
        e[i] = (struct event){EV_LED, LED_CAPSL, i < 64};
    assert_int_equal(kit_request(&f->kit, STATUS, e, sizeof(e), NULL, 0), 0);
    assert_int_equal(input_leds(f->hub), 2);
}

/* What waits beyond the device's share of one kick waits for the next, which it asks for. */
static void test_status_share(void **state)
{
    struct input_driver *f = *state;
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
    struct input_driver *f = *state;
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
        if (i % 4 == 0) /* let the guest run: the locks are not fair */
            nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    }
    input_release_all(t->hub);
    return NULL;
}

static void test_threads(void **state)
{
    struct input_driver *f = *state;
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
            events_give(f, f->kit.queue[EVENTS].num_free);
            while (events_take(f, &e)) {
            }
            set_led(f, EV_LED, LED_CAPSL, i & 1);
        }
    }
    atomic_store(&t.stop, true);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    events_drain(f);
    for (unsigned code = 0; code < 0x300; code++)
        assert_false(f->down[code]);
}

int main(void)
{
#define KEYBOARD(name) cmocka_unit_test_setup_teardown(name, setup_keyboard, teardown)
#define TABLET(name)   cmocka_unit_test_setup_teardown(name, setup_tablet, teardown)
#define MOUSE(name)    cmocka_unit_test_setup_teardown(name, setup_mouse, teardown)
    const struct CMUnitTest tests[] = {
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
