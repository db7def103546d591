/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_holds_the_formatted_text(void **state)
{
    (void)state;
    struct error err;
    assert_false(error_set(&err, "-m %s: %d MiB", "64M", 64));
    assert_string_equal(err.text, "-m 64M: 64 MiB");
    assert_false(error_no_memory(&err));
    assert_string_equal(err.text, ERROR_NO_MEMORY);
}

/* A caller puts the name of its file before what the function below reported. */
static void test_adds_to_its_own_text(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, "no such file");
    error_set(&err, "%s: %s; check the path", "disk.img", err.text);
    assert_string_equal(err.text, "disk.img: no such file; check the path");
}

static void test_cuts_a_long_text(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, "%0600d", 7);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds_the_formatted_text),
        cmocka_unit_test(test_adds_to_its_own_text),
        cmocka_unit_test(test_cuts_a_long_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
