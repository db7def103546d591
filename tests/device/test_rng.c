/* SPDX-License-Identifier: MIT */
/* Entropy: the device fills all buffers, with other bytes each time. */
#include "kit/driver.h"
#include "virtio/devices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    struct kit *kit = calloc(1, sizeof(*kit));
    kit_init(kit, 4 << 20);
    kit_attach(kit, virtio_rng_create(kit->mem, NULL, NULL), NULL);
    assert_true(kit_start(kit, KIT_ALL_FEATURES));
    assert_int_equal(kit_rd(kit, MMIO_DEVICE_ID), 4);
    *state = kit;
    return 0;
}

static int teardown(void **state)
{
    kit_finish(*state);
    free(*state);
    return 0;
}

static void test_fills(void **state)
{
    static const uint32_t sizes[] = {1, 16, 64, 255, 256, 257, 1000, 4096};
    uint8_t a[4096], b[4096];
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        assert_int_equal(kit_request(*state, 0, NULL, 0, a, sizes[i]), sizes[i]);
        assert_int_equal(kit_request(*state, 0, NULL, 0, b, sizes[i]), sizes[i]);
        if (sizes[i] >= 16)
            assert_memory_not_equal(a, b, sizes[i]);
    }
}

static void test_at_most_a_page(void **state)
{
    uint8_t b[5000];
    assert_int_equal(kit_request(*state, 0, NULL, 0, b, sizeof(b)), 4096);
    static const uint8_t untouched[16] = {0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
                                          0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc};
    assert_memory_equal(b + 4096, untouched, 16);
}

static void test_framing(void **state)
{
    struct kit *kit = *state;
    uint8_t b[300];
    kit->framing = (struct kit_framing){.split = 1, .indirect = true};
    assert_int_equal(kit_request(kit, 0, NULL, 0, b, sizeof(b)), sizeof(b));
    kit->framing = (struct kit_framing){.split = 7};
    assert_int_equal(kit_request(kit, 0, NULL, 0, b, sizeof(b)), sizeof(b));
}

static void test_nothing_to_fill(void **state)
{
    uint8_t b[8];
    assert_int_equal(kit_request(*state, 0, "ab", 2, NULL, 0), 0);
    assert_int_equal(kit_request(*state, 0, NULL, 0, b, 8), 8);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(test_fills), TEST(test_at_most_a_page),
                                       TEST(test_framing), TEST(test_nothing_to_fill)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
