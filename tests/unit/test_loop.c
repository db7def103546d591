/* SPDX-License-Identifier: MIT */
#include "host/loop.h"

#include "host/clock.h"
#include "host/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
#include <cmocka.h>

struct seen {
    struct loop *loop;
    struct loop_fd *src, *other;
    struct loop_timer *timer;
    struct loop_event one;
    int fd;
    unsigned count, order;
};

static void add_one(void *arg)
{
    struct seen *s = arg;
    s->order = s->order * 10 + 1;
    s->count++;
}

static void add_two(void *arg)
{
    struct seen *s = arg;
    s->order = s->order * 10 + 2;
    loop_event_post(&s->one);
}

static void test_events_keep_their_order(void **state)
{
    (void)state;
    struct seen s = {.loop = loop_create()};
    struct loop_event two, gone;
    loop_event_init(&s.one, s.loop, add_one, &s);
    loop_event_init(&two, s.loop, add_two, &s);
    loop_event_init(&gone, s.loop, add_two, &s);
    loop_event_post(&gone);
    loop_event_post(&s.one);
    loop_event_post(&two);
    loop_event_cancel(&gone);
    assert_true(loop_step(s.loop, 0));
    assert_int_equal(s.order, 12);
    assert_true(loop_step(s.loop, 0));
    assert_int_equal(s.order, 121);
    loop_event_post(&two);
    loop_event_post(&s.one);
    loop_event_cancel(&s.one);
    loop_event_cancel(&s.one);
    loop_event_post(&gone);
    loop_event_cancel(&two);
    loop_step(s.loop, 0);
    assert_int_equal(s.order, 1212);
    loop_step(s.loop, 0);
    assert_int_equal(s.order, 12121);
    loop_event_post(&s.one); /* never run */
    loop_destroy(s.loop);
}

/* However often one is posted, it costs no memory and one call in a round. */
static void test_posts_are_merged(void **state)
{
    (void)state;
    struct seen s = {.loop = loop_create()};
    loop_event_init(&s.one, s.loop, add_one, &s);
    for (unsigned i = 0; i < 1000000; i++)
        loop_event_post(&s.one);
    loop_step(s.loop, 0);
    assert_int_equal(s.count, 1);
    loop_step(s.loop, 0);
    assert_int_equal(s.count, 1);
    loop_destroy(s.loop);
}

static void again(void *arg)
{
    struct seen *s = arg;
    s->order++;
    assert_true(s->order < 10);
    loop_event_post(&s->one);
}

static void on_read(void *arg, unsigned events);

/* An event that posts itself, as a guest can make one do, does not keep others from their turn. */
static void test_endless_event(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct seen s = {.loop = loop_create(), .fd = ends[0]};
    loop_event_init(&s.one, s.loop, again, &s);
    s.src = loop_fd_add(s.loop, ends[0], LOOP_READ, on_read, &s);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    loop_event_post(&s.one);
    for (unsigned i = 1; i <= 3; i++) {
        loop_step(s.loop, HOST_FOREVER);
        assert_int_equal(s.count, i);
        assert_int_equal(s.order, i);
    }
    close(ends[0]);
    close(ends[1]);
    loop_destroy(s.loop);
}

static void on_read(void *arg, unsigned events)
{
    struct seen *s = arg;
    char c;
    s->count += events & LOOP_READ && read(s->fd, &c, 1) == 1;
    if (s->other)
        loop_fd_remove(s->other);
    s->other = NULL;
    if (events & LOOP_HANGUP && !(events & LOOP_READ)) {
        loop_fd_remove(s->src);
        s->src = NULL;
    }
}

static void test_descriptors(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct seen s = {.loop = loop_create(), .fd = ends[0]};
    s.src = loop_fd_add(s.loop, ends[0], LOOP_READ, on_read, &s);
    loop_step(s.loop, 0);
    assert_int_equal(s.count, 0);
    assert_int_equal(write(ends[1], "ab", 2), 2);
    loop_fd_set(s.src, 0);
    loop_step(s.loop, 0);
    assert_int_equal(s.count, 0);
    loop_fd_set(s.src, LOOP_READ);
    loop_step(s.loop, 0);
    assert_int_equal(s.count, 1);
    loop_step(s.loop, 0);
    assert_int_equal(s.count, 2);
    close(ends[1]);
    loop_step(s.loop, NS_PER_SEC);
    assert_null(s.src);
    close(ends[0]);
    loop_destroy(s.loop);
}

/* Two sources ready at once; whichever runs first removes the other. */
static void test_removal_inside_a_round(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct loop *loop = loop_create();
    struct seen a = {.loop = loop, .fd = ends[0]}, b = a;
    a.src = b.other = loop_fd_add(loop, ends[0], LOOP_READ, on_read, &a);
    b.src = a.other = loop_fd_add(loop, ends[0], LOOP_READ, on_read, &b);
    assert_int_equal(write(ends[1], "ab", 2), 2);
    loop_step(loop, NS_PER_SEC);
    assert_int_equal(a.count + b.count, 1);
    loop_step(loop, NS_PER_SEC);
    assert_int_equal(a.count + b.count, 2);
    close(ends[0]);
    close(ends[1]);
    loop_destroy(loop);
}

static void test_timers_are_one_shot(void **state)
{
    (void)state;
    struct seen s = {.loop = loop_create()};
    s.timer = loop_timer_add(s.loop, add_one, &s);
    loop_step(s.loop, 0);
    assert_int_equal(s.count, 0);
    uint64_t due = host_now_ns() + NS_PER_SEC / 200;
    loop_timer_set(s.timer, due);
    while (!s.count)
        loop_step(s.loop, HOST_FOREVER);
    assert_true(host_now_ns() >= due);
    loop_step(s.loop, 0);
    assert_int_equal(s.count, 1);
    loop_timer_remove(s.timer);
    loop_step(s.loop, 0);
    loop_destroy(s.loop);
}

static void *quit_later(void *arg)
{
    loop_quit(arg);
    return NULL;
}

static void test_quits_from_another_thread(void **state)
{
    (void)state;
    pthread_t thread;
    struct loop *loop = loop_create();
    assert_int_equal(host_thread_start(&thread, "quit", quit_later, loop), 0);
    loop_run(loop);
    pthread_join(thread, NULL);
    assert_false(loop_step(loop, 0));
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_keep_their_order),
        cmocka_unit_test(test_posts_are_merged),
        cmocka_unit_test(test_endless_event),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_removal_inside_a_round),
        cmocka_unit_test(test_timers_are_one_shot),
        cmocka_unit_test(test_quits_from_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
