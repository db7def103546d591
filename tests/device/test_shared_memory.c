/* SPDX-License-Identifier: MIT */
/* Shared memory regions of the transport (VIRTIO 1.3, "Shared Memory Regions"). */
#include "kit/driver.h"
#include "kit/echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* Gives out 256 MiB of addresses from 8 GiB on, as the board does. */
static uint64_t place_region(void *ctx, uint64_t size)
{
    uint64_t *next = ctx, base = *next;
    if (size > (UINT64_C(9) << 30) - (UINT64_C(768) << 20) - base)
        return 0;
    *next += size;
    return base;
}

static uint64_t read64(struct kit *kit, uint32_t reg)
{
    return kit_rd(kit, reg) | (uint64_t)kit_rd(kit, reg + 4) << 32;
}

static void test_shared_memory_regions(void **state)
{
    (void)state;
    const uint64_t base = UINT64_C(8) << 30, mib = UINT64_C(1) << 20;
    uint64_t next = base;
    for (unsigned legacy = 0; legacy < 2; legacy++) {
        struct kit kit;
        kit_init(&kit, 1 << 20);
        kit.legacy = legacy;
        struct echo *echo = echo_create(kit.mem);
        virtio_shm_add(&echo->dev, 1, 64 * mib);
        virtio_shm_add(&echo->dev, 5, 512 * mib); /* does not fit */
        virtio_shm_add(&echo->dev, 0, 128 * mib);
        next = base;
        assert_false(virtio_shm_place(&echo->dev, place_region, &next));
        kit_attach(&kit, &echo->dev, NULL);
        for (uint32_t id = 0; id < 8; id++) {
            uint64_t size = id == 0 ? 128 * mib : id == 1 ? 64 * mib : UINT64_MAX;
            uint64_t at = id == 0 ? base + 64 * mib : id == 1 ? base : UINT64_MAX;
            kit_wr(&kit, MMIO_SHM_SEL, id);
            assert_true(read64(&kit, MMIO_SHM_LEN) == (legacy ? 0 : size));
            assert_true(read64(&kit, MMIO_SHM_BASE) == (legacy ? 0 : at));
        }
        kit_wr(&kit, MMIO_SHM_SEL, 1);
        kit_reset(&kit); /* selects region 0 */
        assert_true(read64(&kit, MMIO_SHM_LEN) == (legacy ? 0 : 128 * mib));
        kit_finish(&kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_memory_regions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
