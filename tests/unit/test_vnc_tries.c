/* SPDX-License-Identifier: MIT */
/* Passwords: one try a second for each address, whatever the others do. */
#include "ui/vnc_tries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)
#define NOW    (1000 * SECOND)
#define ROWS   64 /* addresses that have counters of their own at a time */

static int set_up(void **state)
{
    *state = vnc_tries_create(NULL);
    return !*state;
}

static int tear_down(void **state)
{
    vnc_tries_destroy(*state);
    return 0;
}

static void test_wrong(void **state)
{
    struct vnc_tries *t = *state;
    const struct peer a = {"192.0.2.1", 1}, b = {"192.0.2.2", 2};
    assert_int_equal(vnc_tries_begin(t, &a, NOW), 0);
    assert_int_equal(vnc_tries_begin(t, &a, NOW + 1), NOW + SECOND); /* a second connection */
    assert_int_equal(vnc_tries_begin(t, &b, NOW + 1), 0);            /* another address */
    vnc_tries_end(t, &a, false);
    assert_int_equal(vnc_tries_begin(t, &a, NOW + SECOND - 1), NOW + SECOND);
    assert_int_equal(vnc_tries_begin(t, &a, NOW + SECOND), 0);
    assert_int_equal(vnc_tries_begin(t, &a, NOW + SECOND), NOW + 2 * SECOND);
}

static void test_right(void **state)
{
    struct vnc_tries *t = *state;
    const struct peer a = {"192.0.2.1", 1}, b = {"192.0.2.2", 2};
    assert_int_equal(vnc_tries_begin(t, &a, NOW), 0);
    assert_int_equal(vnc_tries_begin(t, &b, NOW), 0);
    vnc_tries_end(t, &a, true);
    assert_int_equal(vnc_tries_begin(t, &a, NOW), 0);
    assert_int_equal(vnc_tries_begin(t, &b, NOW), NOW + SECOND); /* b's own was not right */
}

static void test_crowd(void **state)
{
    struct vnc_tries *t = *state;
    struct peer peer = {"192.0.2.1", 0};
    for (peer.key = 0; peer.key < ROWS; peer.key++)
        assert_int_equal(vnc_tries_begin(t, &peer, NOW + peer.key), 0);
    assert_int_equal(vnc_tries_begin(t, &peer, NOW + ROWS), NOW + ROWS + SECOND);
    peer.key = 3;
    assert_int_equal(vnc_tries_begin(t, &peer, NOW + ROWS), NOW + 3 + SECOND);
    peer.key = ROWS;
    assert_int_equal(vnc_tries_begin(t, &peer, NOW + SECOND), 0); /* the first row is free again */
    peer.key = 1;
    assert_int_equal(vnc_tries_begin(t, &peer, NOW + SECOND), NOW + 1 + SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_right, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_crowd, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
