/* SPDX-License-Identifier: MIT */
#include "host/worker.h"

#include "host/clock.h"
#include "host/loop.h"
#include "host/thread.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* A device with a worker. What is not atomic belongs to the worker: TSan sees who breaks in. */
struct device {
    struct worker *worker;
    int end[2]; /* of a pipe; the worker reads end[0] */
    struct loop_fd *src;
    struct loop_timer *timer;
    struct loop_event event;
    char log[64]; /* what was called, in order */
    unsigned bytes, inline_runs, timers, events;
    uint32_t bits;
    bool inside;
    pthread_mutex_t pausers; /* only one of them uses what is the worker's */
};

static void add(struct device *d, char what)
{
    size_t n = strlen(d->log);
    if (n + 1 < sizeof(d->log)) {
        d->log[n] = what;
        d->log[n + 1] = '\0';
    }
}

static void on_run(void *ctx, uint32_t bits, bool inline_run)
{
    struct device *d = ctx;
    assert_false(d->inside);
    d->inside = true;
    add(d, inline_run ? 'i' : 'r');
    d->bits |= bits;
    d->inline_runs += inline_run;
    if (inline_run && d->timer)
        loop_timer_set(d->timer, host_now_ns() + 1000000);
    d->inside = false;
}

static void on_read(void *arg, unsigned events)
{
    struct device *d = arg;
    char buf[16];
    (void)events;
    assert_false(d->inside);
    ssize_t n = read(d->end[0], buf, sizeof(buf));
    if (n > 0)
        d->bytes += (unsigned)n;
    add(d, 'f');
}

static void on_timer(void *arg)
{
    struct device *d = arg;
    assert_false(d->inside);
    d->timers++;
    add(d, 't');
}

static void on_event(void *arg)
{
    struct device *d = arg;
    assert_false(d->inside);
    d->events++;
    add(d, 'e');
}

static void device_init(struct device *d, bool threaded)
{
    *d = (struct device){.pausers = PTHREAD_MUTEX_INITIALIZER};
    assert_int_equal(pipe2(d->end, O_NONBLOCK | O_CLOEXEC), 0);
    d->worker = worker_create_with_loop("test", threaded, on_run, d);
    assert_non_null(d->worker);
    worker_pause(d->worker);
    struct loop *loop = worker_loop(d->worker);
    d->src = loop_fd_add(loop, d->end[0], LOOP_READ, on_read, d);
    d->timer = loop_timer_add(loop, on_timer, d);
    loop_event_init(&d->event, loop, on_event, d);
    assert_true(d->src && d->timer);
    worker_resume(d->worker);
}

static void device_finish(struct device *d)
{
    worker_destroy(d->worker);
    close(d->end[0]);
    close(d->end[1]);
}

static unsigned calls(const struct device *d)
{
    return d->bytes + d->events + d->timers;
}

/* Waits for the nth call of a source. There may be calls of run without one, from a poll that was
 * under way when the sources changed. */
static void wait_for_calls(struct device *d, unsigned n)
{
    uint64_t give_up = host_now_ns() + 30 * NS_PER_SEC;
    for (unsigned seen = 0; seen < n;) {
        assert_true(host_now_ns() < give_up);
        worker_pause(d->worker);
        seen = calls(d);
        worker_resume(d->worker);
        usleep(100);
    }
}

static void test_plain_worker_is_stepped(void **state)
{
    (void)state;
    struct device d = {0};
    d.worker = worker_create("test", false, on_run, &d);
    assert_null(worker_loop(d.worker));
    assert_false(worker_step(d.worker));
    worker_kick(d.worker, 1);
    worker_kick(d.worker, 4);
    assert_false(worker_run_inline(d.worker, 2)); /* it has no thread that could be waited for */
    assert_true(worker_step(d.worker));
    assert_int_equal(d.bits, 5);
    worker_wake_at(d.worker, host_now_ns());
    worker_pause(d.worker);
    assert_false(worker_step(d.worker));
    worker_resume(d.worker);
    assert_true(worker_step(d.worker));
    assert_false(worker_step(d.worker));
    assert_string_equal(d.log, "rr");
    worker_destroy(d.worker);
}

/* One round: events, descriptors, timers, then the function. */
static void test_sources_come_before_the_function(void **state)
{
    (void)state;
    struct device d;
    device_init(&d, false);
    assert_false(worker_step(d.worker));
    assert_int_equal(write(d.end[1], "ab", 2), 2);
    assert_true(worker_step(d.worker));
    assert_string_equal(d.log, "fr");
    assert_int_equal(d.bits, 0);
    assert_false(worker_step(d.worker));
    loop_timer_set(d.timer, 0);
    loop_event_post(&d.event);
    assert_int_equal(write(d.end[1], "ab", 2), 2);
    worker_kick(d.worker, 8);
    assert_true(worker_step(d.worker));
    assert_string_equal(d.log, "freftr");
    assert_int_equal(d.bits, 8);
    assert_int_equal(d.bytes, 4);
    assert_false(worker_step(d.worker));
    device_finish(&d);
}

static void test_paused_worker_calls_nothing(void **state)
{
    (void)state;
    for (unsigned threaded = 0; threaded < 2; threaded++) {
        struct device d;
        device_init(&d, threaded);
        worker_pause(d.worker);
        d.log[0] = '\0';
        assert_int_equal(write(d.end[1], "a", 1), 1);
        loop_event_post(&d.event);
        loop_timer_set(d.timer, 0);
        worker_kick(d.worker, 1);
        assert_false(worker_run_inline(d.worker, 1));
        usleep(2000);
        if (!threaded)
            assert_false(worker_step(d.worker));
        assert_string_equal(d.log, "");
        worker_resume(d.worker);
        worker_drain(d.worker);
        wait_for_calls(&d, 3);
        device_finish(&d);
        assert_true(d.bytes == 1 && d.events == 1 && d.timers == 1);
    }
}

/* The thread sleeps in the loop all the while, with the sources from before. */
static void test_sources_change_during_a_pause(void **state)
{
    (void)state;
    struct device d;
    int other[2];
    device_init(&d, true);
    assert_int_equal(pipe2(other, O_NONBLOCK | O_CLOEXEC), 0);
    usleep(2000);
    worker_pause(d.worker);
    loop_fd_remove(d.src);
    close(d.end[0]);
    close(d.end[1]);
    d.end[0] = other[0];
    d.end[1] = other[1];
    d.src = loop_fd_add(worker_loop(d.worker), d.end[0], LOOP_READ, on_read, &d);
    worker_resume(d.worker);
    assert_int_equal(write(d.end[1], "abc", 3), 3);
    wait_for_calls(&d, 3);
    device_finish(&d);
    assert_int_equal(d.bytes, 3);
}

/* An inline run arms a timer while the worker's thread sleeps without one. */
static void test_inline_run_changes_the_sources(void **state)
{
    (void)state;
    struct device d;
    unsigned armed = 0;
    device_init(&d, true);
    for (unsigned i = 0; i < 20; i++) {
        usleep(i * 50);
        if (worker_run_inline(d.worker, 1))
            wait_for_calls(&d, ++armed);
    }
    device_finish(&d);
    assert_true(armed > 0);
    assert_int_equal(d.inline_runs, armed);
    assert_int_equal(d.timers, armed);
}

struct slow {
    struct worker *worker;
    atomic_uint calls;
};

static void work_until_paused(void *ctx, uint32_t bits, bool inline_run)
{
    struct slow *s = ctx;
    (void)inline_run;
    assert_int_equal(bits, 0);
    if (atomic_fetch_add(&s->calls, 1) == 0)
        while (!worker_stopping(s->worker))
            usleep(100);
}

static void wait_for_runs(struct slow *s, unsigned n)
{
    uint64_t give_up = host_now_ns() + 30 * NS_PER_SEC;
    while (atomic_load(&s->calls) < n) {
        assert_true(host_now_ns() < give_up);
        usleep(100);
    }
}

/* A deadline brings no bits. */
static void test_what_a_pause_cut_short_goes_on(void **state)
{
    (void)state;
    for (unsigned with_loop = 0; with_loop < 2; with_loop++) {
        struct slow s = {.calls = 0};
        s.worker = (with_loop ? worker_create_with_loop : worker_create)("test", true,
                                                                         work_until_paused, &s);
        worker_wake_at(s.worker, host_now_ns());
        wait_for_runs(&s, 1);
        worker_pause(s.worker);
        worker_resume(s.worker);
        wait_for_runs(&s, 2);
        worker_destroy(s.worker);
    }
}

static void *storm(void *arg)
{
    struct device *d = arg;
    for (unsigned i = 0; i < 500; i++) {
        if (write(d->end[1], "x", 1) != 1)
            i--;
        if (i % 3 == 0)
            worker_kick(d->worker, 1);
        if (i % 3 == 1 && !worker_run_inline(d->worker, 2))
            worker_kick(d->worker, 2);
        if (i % 7 == 0)
            loop_event_post(&d->event);
        if (i % 5)
            continue;
        worker_pause(d->worker);
        pthread_mutex_lock(&d->pausers);
        assert_false(d->inside);
        loop_fd_set(d->src, i % 10 ? LOOP_READ : 0);
        loop_timer_set(d->timer, i % 10 ? host_now_ns() : HOST_FOREVER);
        pthread_mutex_unlock(&d->pausers);
        worker_resume(d->worker);
    }
    return NULL;
}

/* Two threads kick, run inline, post, write and change sources; a third pauses and wakes. */
static void test_storm_from_many_threads(void **state)
{
    (void)state;
    struct device d;
    pthread_t thread[2];
    device_init(&d, true);
    assert_int_equal(host_thread_start(&thread[0], "one", storm, &d), 0);
    assert_int_equal(host_thread_start(&thread[1], "two", storm, &d), 0);
    for (unsigned i = 0; i < 500; i++) {
        worker_pause(d.worker);
        worker_pause(d.worker);
        pthread_mutex_lock(&d.pausers);
        assert_false(d.inside);
        d.log[0] = '\0';
        pthread_mutex_unlock(&d.pausers);
        worker_resume(d.worker);
        worker_wake_at(d.worker, i % 2 ? host_now_ns() : HOST_FOREVER);
        worker_resume(d.worker);
    }
    pthread_join(thread[0], NULL);
    pthread_join(thread[1], NULL);
    worker_pause(d.worker);
    loop_fd_set(d.src, LOOP_READ);
    worker_resume(d.worker);
    uint64_t give_up = host_now_ns() + 30 * NS_PER_SEC;
    for (unsigned bytes = 0; bytes != 1000;) {
        assert_true(host_now_ns() < give_up);
        worker_pause(d.worker);
        bytes = d.bytes;
        worker_resume(d.worker);
        usleep(1000);
    }
    device_finish(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_worker_is_stepped),
        cmocka_unit_test(test_sources_come_before_the_function),
        cmocka_unit_test(test_paused_worker_calls_nothing),
        cmocka_unit_test(test_sources_change_during_a_pause),
        cmocka_unit_test(test_inline_run_changes_the_sources),
        cmocka_unit_test(test_what_a_pause_cut_short_goes_on),
        cmocka_unit_test(test_storm_from_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
