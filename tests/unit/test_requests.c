/* SPDX-License-Identifier: MIT */
/* What a machine is asked to do is never lost, and takes no memory. */
#include "board/internal.h"

#include "kit/no_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static int set_up(void **state)
{
    struct machine *m = calloc(1, sizeof(*m));
    requests_init(m);
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    requests_finish(*state);
    free(*state);
    return 0;
}

static enum request_kind take(struct machine *m)
{
    return requests_take(m, 0).kind;
}

static void test_no_request_is_lost_without_memory(void **state)
{
    struct machine *m = *state;
    no_memory = true;
    void *volatile none = malloc(1);
    machine_reset(m, CAUSE_GUEST_RESET);
    machine_stop(m);
    machine_cont(m);
    machine_powerdown(m);
    machine_quit(m, 7, CAUSE_HOST_SIGNAL);
    no_memory = false;
    assert_null(none);
    assert_int_equal(take(m), REQUEST_RESET);
    assert_int_equal(take(m), REQUEST_STOP);
    assert_int_equal(take(m), REQUEST_CONT);
    assert_int_equal(take(m), REQUEST_POWERDOWN);
    struct request quit = requests_take(m, 0);
    assert_int_equal(quit.kind, REQUEST_QUIT);
    assert_true(quit.status == 7 && quit.cause == CAUSE_HOST_SIGNAL);
    assert_int_equal(take(m), REQUEST_NONE);
}

static void test_what_a_guest_repeats_waits_once(void **state)
{
    struct machine *m = *state;
    for (int i = 0; i < 1000; i++) {
        machine_reset(m, CAUSE_GUEST_RESET);
        machine_panic(m, i == 500);
        machine_failure(m, false);
    }
    assert_int_equal(take(m), REQUEST_RESET);
    assert_int_equal(take(m), REQUEST_PANIC);
    assert_int_equal(take(m), REQUEST_FAILURE);
    assert_int_equal(take(m), REQUEST_SAID);
    assert_int_equal(take(m), REQUEST_NONE);
    machine_reset(m, CAUSE_GUEST_RESET);
    assert_int_equal(take(m), REQUEST_RESET);
}

/* Each change between stopped and running has its event; what changes nothing is left out. */
static void test_stop_and_cont_wait_one_by_one(void **state)
{
    struct machine *m = *state;
    machine_cont(m); /* it runs already */
    for (int i = 0; i < 3; i++) {
        machine_stop(m);
        machine_stop(m);
        machine_cont(m);
    }
    assert_true(machine_running(m));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(take(m), REQUEST_STOP);
        assert_int_equal(take(m), REQUEST_CONT);
    }
    assert_int_equal(take(m), REQUEST_NONE);
}

/* However many wait, the last state that was asked for is the last that is reached, and there is
 * room for the others. */
static void test_the_last_of_many_stops_and_conts_counts(void **state)
{
    struct machine *m = *state;
    for (unsigned n = 1; n < 4 * RUN_REQUESTS; n++) {
        for (unsigned i = 0; i < n; i++)
            i % 2 ? machine_cont(m) : machine_stop(m);
        machine_quit(m, 0, CAUSE_HOST_SIGNAL);
        bool running = true, quit = false;
        unsigned taken = 0;
        for (enum request_kind kind; (kind = take(m)) != REQUEST_NONE; taken++) {
            quit |= kind == REQUEST_QUIT;
            if (kind == REQUEST_STOP || kind == REQUEST_CONT) {
                assert_int_equal(running, kind == REQUEST_STOP); /* they alternate */
                running = !running;
            }
        }
        assert_true(quit && taken <= RUN_REQUESTS + 1);
        assert_int_equal(running, n % 2 == 0);
        assert_int_equal(machine_running(m), running);
        machine_cont(m);
        if (!running)
            assert_int_equal(take(m), REQUEST_CONT);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_no_request_is_lost_without_memory),
        TEST(test_what_a_guest_repeats_waits_once),
        TEST(test_stop_and_cont_wait_one_by_one),
        TEST(test_the_last_of_many_stops_and_conts_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
