/* SPDX-License-Identifier: MIT */
/* virtio_gpu_info, which query-gpu prints. */
#include "trace_session.h"
#include "virtio/gpu/info.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static void test_info(void **state)
{
    struct session s;
    struct gpu_info *i = calloc(1, sizeof(*i));
    assert_non_null(i);
    session_begin(&s, *state != NULL);
    session_create(&s, 5);
    session_create(&s, 3);
    gd_scanout(&s.g, 1, 5, (struct rect){0, 8, WIDTH, 16});
    session_draw(&s, 5, 4, 1);
    session_draw(&s, 5, 9, 1);
    gd_flush(&s.g, 3, all);
    gd_flush(&s.g, 4, all);
    virtio_gpu_info(s.g.kit.dev, i);
    assert_int_equal(i->memory, BUDGET);
    assert_true(i->used > 3 * WIDTH * HEIGHT * 4 && i->used < BUDGET);
    assert_int_equal(i->commands, 11);
    assert_int_equal(i->errors, 1);
    assert_int_equal(i->transfers, 2);
    assert_int_equal(i->transferred, 2 * 4 * WIDTH * 4);
    assert_int_equal(i->flushes, 3);
    assert_int_equal(i->scanouts, 2);
    assert_int_equal(i->scanout[0].resource, 0);
    assert_false(i->scanout[0].state.active);
    assert_int_equal(i->scanout[1].resource, 5);
    assert_int_equal(i->scanout[1].rect.y, 8);
    assert_int_equal(i->scanout[1].frames, 1); /* the other flush lies beside it */
    assert_int_equal(i->scanout[1].damage, 4 * WIDTH);
    assert_int_equal(i->listed, 2);
    assert_int_equal(i->resource[0].id, 3);
    assert_int_equal(i->resource[1].id, 5);
    assert_int_equal(i->resource[1].width, WIDTH);
    assert_int_equal(i->resource[1].backing, WIDTH * HEIGHT * 4);
    assert_true(i->resource[1].scanout && !i->resource[0].scanout);
    assert_true(kit_start(&s.g.kit, KIT_ALL_FEATURES));
    virtio_gpu_info(s.g.kit.dev, i);
    assert_int_equal(i->resets, 1);
    assert_int_equal(i->listed, 0);
    assert_int_equal(i->used, 0);
    assert_int_equal(i->scanout[1].resource, 0);
    session_end(&s);
    unlink(s.path);
    free(i);
}

static void *ask_often(void *arg)
{
    struct virtio_dev *dev = arg;
    struct gpu_info *i = calloc(1, sizeof(*i));
    for (unsigned n = 0; i && n < 300; n++)
        virtio_gpu_info(dev, i);
    free(i);
    return NULL;
}

/* Queries from another thread while the guest draws and resets, for the sanitizers. */
static void test_asked_meanwhile(void **state)
{
    (void)state;
    struct session s;
    pthread_t thread;
    session_begin(&s, true);
    assert_int_equal(pthread_create(&thread, NULL, ask_often, s.g.kit.dev), 0);
    for (unsigned life = 0; life < 5; life++) {
        session_create(&s, 1);
        gd_scanout(&s.g, 0, 1, all);
        for (uint32_t y = 0; y < HEIGHT; y++)
            session_draw(&s, 1, y, life);
        assert_true(kit_start(&s.g.kit, KIT_ALL_FEATURES));
    }
    pthread_join(thread, NULL);
    session_end(&s);
    unlink(s.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_info),
        cmocka_unit_test_prestate(test_info, (void *)"threaded"),
        cmocka_unit_test(test_asked_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
