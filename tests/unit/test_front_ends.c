/* SPDX-License-Identifier: MIT */
/* Several front-ends at once: which open, which are refused, that all end. */
#include "ui/ui.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

struct fixture {
    struct ui_env env;
    struct front_ends *set;
    struct error err;
};

static int set_up(void **state)
{
    static const struct head_mode preferred = {true, 320, 200, 60000};
    struct fixture *f = test_calloc(1, sizeof(*f));
    f->env.display = display_create(1, &preferred);
    f->env.input = input_hub_create();
    f->env.name = "test";
    f->set = front_ends_create(NULL);
    *state = f;
    return !f->set;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    front_ends_destroy(f->set);
    input_hub_destroy(f->env.input);
    display_destroy(f->env.display);
    test_free(f);
    return 0;
}

static bool add(struct fixture *f, const char *name, const char *args)
{
    return front_ends_add(f->set, &f->env, name, args, &f->err);
}

static void test_many_run_and_end(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < FRONT_ENDS_MAX; i++)
        assert_true(add(f, "none", ""));
    assert_false(add(f, "none", ""));
    assert_non_null(strstr(f->err.text, "leave some out"));
    assert_true(front_ends_start(f->set));
    front_ends_stop(f->set);
    front_ends_run(f->set); /* stop was said already: it does not hang */
}

static void test_never_run(void **state)
{
    struct fixture *f = *state;
    assert_true(add(f, "none", ""));
    assert_true(front_ends_start(f->set)); /* tear_down stops and joins */
}

static void test_unknown(void **state)
{
    struct fixture *f = *state;
    assert_false(add(f, "cinema", ""));
    assert_non_null(strstr(f->err.text, "cinema"));
    assert_false(add(f, "none", "colour"));
    assert_non_null(strstr(f->err.text, "colour"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many_run_and_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_never_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
