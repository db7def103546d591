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
        size_t n = edid_make(edid, sizes[i].width, sizes[i].height, sizes[i].refresh, 0);
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
        edid_make(e, sizes[i].width, sizes[i].height, sizes[i].refresh, 0);
        const uint8_t *d = e + 54;
        uint32_t w = d[2] | (d[4] & 0xf0u) << 4, h = d[5] | (d[7] & 0xf0u) << 4;
        uint32_t wb = d[3] | (d[4] & 15u) << 8, hb = d[6] | (d[7] & 15u) << 8;
        uint32_t clock = (d[0] | d[1] * 256u) * 10000;
        if (e[e[126] * 128] == 0x70) /* too large for it: in the DisplayID, preferred */
            continue;
        assert_int_equal(w, sizes[i].width);
        assert_int_equal(h, sizes[i].height);
        double refresh = (double)clock / ((w + wb) * (double)(h + hb));
        assert_true(refresh > sizes[i].refresh / 1000.0 - 0.05);
        assert_true(refresh < sizes[i].refresh / 1000.0 + 0.05);
    }
}

static bool within(uint32_t w, uint32_t h, size_t i)
{
    return w <= sizes[i].width && h <= sizes[i].height;
}

/* No mode is larger than the preferred one: who takes the largest gets what was chosen. */
static void test_none_larger(void **state)
{
    (void)state;
    static const uint16_t vics[98][2] = {[1] = {640, 480},
                                         [3] = {720, 480},
                                         [4] = {1280, 720},
                                         [16] = {1920, 1080},
                                         [97] = {3840, 2160}};
    static const uint8_t shapes[4][2] = {{16, 10}, {4, 3}, {5, 4}, {16, 9}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t e[EDID_MAX_SIZE];
        edid_make(e, sizes[i].width, sizes[i].height, sizes[i].refresh, 0);
        assert_true(within(1024, 768, i) || !(e[36] & 8));
        assert_true(within(800, 600, i) || !(e[35] & 1));
        assert_true(within(640, 480, i) || !(e[35] & 32));
        assert_int_equal((e[35] & ~33) | (e[36] & ~8) | e[37], 0);
        for (const uint8_t *t = e + 38; t < e + 54; t += 2) {
            uint32_t w = (t[0] + 31u) * 8, h = w * shapes[t[1] >> 6][1] / shapes[t[1] >> 6][0];
            assert_true((t[0] == 1 && t[1] == 1) || within(w, h, i));
        }
        if (!e[126])
            continue;
        assert_int_equal(e[128], 2); /* CTA-861 */
        for (unsigned k = 0; k < (e[132] & 31u); k++)
            assert_true(vics[e[133 + k]][0] && within(vics[e[133 + k]][0], vics[e[133 + k]][1], i));
    }
}

static void test_check(void **state)
{
    (void)state;
    uint8_t e[EDID_WIRE_SIZE + 128] = {0};
    size_t n = edid_make(e, 1280, 800, 60000, 0);
    assert_int_equal(n, 256);
    assert_null(edid_check(e, n));
    assert_non_null(edid_check(e, 0));
    assert_non_null(edid_check(e, 128)); /* it says two blocks */
    assert_non_null(edid_check(e, 255));
    assert_non_null(edid_check(e, sizeof(e)));
    for (size_t i = 0; i < n; i += 13) {
        e[i]++;
        assert_non_null(edid_check(e, n));
        e[i]--;
    }
    assert_null(edid_check(e, n));
}

static void test_heads_differ(void **state)
{
    (void)state;
    uint8_t a[EDID_MAX_SIZE], b[EDID_MAX_SIZE];
    edid_make(a, 1280, 800, 60000, 0);
    edid_make(b, 1280, 800, 60000, 15);
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
        size_t n = edid_make(edid, sizes[i].width, sizes[i].height, sizes[i].refresh, 0);
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
            named |= strstr(line, "Name: 'riscreen 1'") != NULL;
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
        cmocka_unit_test(test_checksums),    cmocka_unit_test(test_preferred),
        cmocka_unit_test(test_none_larger),  cmocka_unit_test(test_check),
        cmocka_unit_test(test_heads_differ), cmocka_unit_test(test_edid_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
