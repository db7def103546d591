/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/edid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const struct {
    uint32_t width, height, refresh;
} sizes[] = {
    {1280, 800, 60000},   {1024, 768, 60000},  {640, 480, 60000},   {1920, 1080, 60000},
    {1920, 1080, 144000}, {3840, 2160, 60000}, {1366, 768, 75000},  {1601, 999, 60000},
    {32, 32, 60000},      {8192, 8192, 60000}, {5120, 2880, 30000}, {16384, 16384, 60000},
};

static void test_checksums(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        uint8_t edid[EDID_MAX_SIZE];
        size_t n = edid_make(edid, sizes[i].width, sizes[i].height, sizes[i].refresh, 1);
        assert_int_equal(n, 128 * (1 + edid[126]));
        for (size_t b = 0; b < n; b += 128) {
            uint8_t sum = 0;
            for (size_t k = 0; k < 128; k++)
                sum += edid[b + k];
            assert_int_equal(sum, 0);
        }
    }
}

/* The first detailed timing: the size exactly, the refresh within 10 kHz of pixel clock. */
static void test_preferred(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        uint8_t e[EDID_MAX_SIZE];
        edid_make(e, sizes[i].width, sizes[i].height, sizes[i].refresh, 1);
        const uint8_t *d = e + 54;
        uint32_t w = d[2] | (d[4] & 0xf0u) << 4, h = d[5] | (d[7] & 0xf0u) << 4;
        uint32_t wb = d[3] | (d[4] & 15u) << 8, hb = d[6] | (d[7] & 15u) << 8;
        uint32_t clock = (d[0] | d[1] * 256u) * 10000;
        if (e[126]) { /* too large for it: in the extension, preferred */
            assert_int_equal(e[128], 0x70);
            continue;
        }
        assert_int_equal(w, sizes[i].width);
        assert_int_equal(h, sizes[i].height);
        double refresh = (double)clock / ((w + wb) * (double)(h + hb));
        assert_true(refresh > sizes[i].refresh / 1000.0 - 0.05);
        assert_true(refresh < sizes[i].refresh / 1000.0 + 0.05);
    }
}

static void test_heads_differ(void **state)
{
    (void)state;
    uint8_t a[EDID_MAX_SIZE], b[EDID_MAX_SIZE];
    edid_make(a, 1280, 800, 60000, 1);
    edid_make(b, 1280, 800, 60000, 2);
    assert_memory_not_equal(a + 12, b + 12, 4);
}

/* edid-decode says PASS and warns of nothing. */
static void test_edid_decode(void **state)
{
    (void)state;
    if (system("command -v edid-decode >/dev/null 2>&1"))
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        uint8_t edid[EDID_MAX_SIZE];
        size_t n = edid_make(edid, sizes[i].width, sizes[i].height, sizes[i].refresh, 1);
        char path[] = "/tmp/riscreen-edid-XXXXXX", cmd[128], line[512];
        int fd = mkstemp(path);
        assert_true(fd >= 0 && write(fd, edid, n) == (ssize_t)n);
        close(fd);
        snprintf(cmd, sizeof(cmd), "edid-decode --check %s", path);
        FILE *f = popen(cmd, "r");
        assert_non_null(f);
        bool pass = false, named = false, warned = false;
        while (fgets(line, sizeof(line), f)) {
            pass |= strstr(line, "EDID conformity: PASS") != NULL;
            named |= strstr(line, "Name: 'riscreen'") != NULL;
            warned |= strstr(line, "Warnings") != NULL;
        }
        pclose(f);
        unlink(path);
        assert_true(pass);
        assert_true(named);
        assert_false(warned);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_preferred),
        cmocka_unit_test(test_heads_differ),
        cmocka_unit_test(test_edid_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
