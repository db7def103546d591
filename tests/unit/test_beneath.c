/* SPDX-License-Identifier: MIT */
/* Files beneath a folder: what may be opened is, what may not is refused at once. */
#include "host/beneath.h"
#include "kit/snares.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

static int setup(void **state)
{
    struct snares *s = calloc(1, sizeof(*s));
    *state = s;
    return s && snares_make(s) ? 0 : -1;
}

static int teardown(void **state)
{
    snares_remove(*state);
    free(*state);
    return 0;
}

static void test_good(void **state)
{
    struct snares *s = *state;
    for (unsigned i = 0; i < 4; i++) {
        int fd = host_open_beneath(s->folder, snare_good[i]);
        assert_true(fd >= 0 && snares_is_file(s, fd));
        fd = host_open_beneath_no_links(s->folder, snare_good[i]);
        assert_true(i < 2 ? fd >= 0 && snares_is_file(s, fd) : fd < 0);
    }
}

static void test_bad(void **state)
{
    struct snares *s = *state;
    for (size_t i = 0; i < sizeof(snare_bad) / sizeof(snare_bad[0]); i++) {
        errno = 0;
        int fd = host_open_beneath_no_links(s->folder, snare_bad[i]);
        assert_true(fd < 0 && errno);
        fd = host_open_beneath(s->folder, snare_bad[i]);
        /* the kernel takes empty parts and ways back that stay inside; they lead nowhere else */
        assert_true(fd < 0 ? errno : snares_is_file(s, fd));
    }
}

/* Who waits to write to the FIFO goes on waiting: it was not opened. */
static void test_fifo(void **state)
{
    struct snares *s = *state;
    int writer = -1;
    assert_true(host_open_beneath(s->folder, "p") < 0);
    writer = openat(s->folder, "p", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(writer < 0 && errno == ENXIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_fifo),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
