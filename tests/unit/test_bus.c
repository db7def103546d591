/* SPDX-License-Identifier: MIT */
/* gmem, map, vclock and the tree's builder. */
#include "bus/fdt.h"
#include "bus/gmem.h"
#include "bus/map.h"
#include "bus/vclock.h"
#include "host/clock.h"
#include "host/thread.h"

#include <libfdt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define BASE UINT64_C(0x80000000)
#define SIZE UINT64_C(0x10000)

/* True if reading this byte of the process's memory is a fault. */
static bool kills(const uint8_t *p)
{
    pid_t child = fork();
    if (!child) {
        signal(SIGSEGV, SIG_DFL); /* the sanitizers' handler would report it */
        (void)*(const volatile uint8_t *)p;
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void test_gmem_lies_between_guards(void **state)
{
    (void)state;
    struct gmem *mem = gmem_create(BASE, SIZE);
    const uint8_t *ram = gmem_span(mem, BASE, SIZE);
    assert_false(kills(ram));
    assert_false(kills(ram + SIZE - 1));
    assert_true(kills(ram - 1));
    assert_true(kills(ram - (2 << 20)));
    assert_true(kills(ram + SIZE));
    assert_true(kills(ram + SIZE + (2 << 20) - 1));
    gmem_destroy(mem);
    assert_null(gmem_create(BASE, UINT64_MAX - 4095));
}

/* Which of the first 16 pages take memory of the host, as bits. */
static unsigned resident_pages(const struct gmem *mem)
{
    unsigned char page[16];
    unsigned bits = 0;
    assert_int_equal(mincore(gmem_span(mem, BASE, SIZE), SIZE, page), 0);
    for (unsigned i = 0; i < 16; i++)
        bits |= (unsigned)(page[i] & 1) << i;
    return bits;
}

static void test_gmem_write_fresh_leaves_zeros_alone(void **state)
{
    (void)state;
    static uint8_t file[5 * GMEM_PAGE], back[sizeof(file)];
    struct gmem *mem = gmem_create(BASE, SIZE);
    file[GMEM_PAGE] = 1;         /* the last byte of the second page, from an odd address */
    file[4 * GMEM_PAGE] = 2;     /* of the fifth */
    file[5 * GMEM_PAGE - 1] = 3; /* in the sixth */
    assert_true(gmem_write_fresh(mem, BASE + GMEM_PAGE - 1, file, sizeof(file)));
    assert_int_equal(resident_pages(mem), 1 << 1 | 1 << 4 | 1 << 5);
    assert_true(gmem_read(mem, BASE + GMEM_PAGE - 1, back, sizeof(back)));
    assert_memory_equal(back, file, sizeof(file));
    assert_false(gmem_write_fresh(mem, BASE + SIZE - 1, file, 2));
    gmem_destroy(mem);
}

static void test_gmem_releases_pages_of_zeros(void **state)
{
    (void)state;
    struct gmem *mem = gmem_create(BASE, SIZE);
    assert_true(gmem_fill(mem, BASE, 0, 8 * GMEM_PAGE));
    assert_true(gmem_fill(mem, BASE + 3 * GMEM_PAGE - 1, 1, 1));
    assert_true(gmem_fill(mem, BASE + 5 * GMEM_PAGE, 1, 1));
    assert_int_equal(gmem_count_zeros(mem, BASE, SIZE), 6 * GMEM_PAGE);
    assert_int_equal(resident_pages(mem), 0xff);
    /* only whole pages inside the extent */
    assert_int_equal(gmem_release_zeros(mem, BASE + 1, 2 * GMEM_PAGE), GMEM_PAGE);
    assert_int_equal(resident_pages(mem), 0xfd);
    assert_int_equal(gmem_release_zeros(mem, BASE, SIZE), 5 * GMEM_PAGE);
    assert_int_equal(resident_pages(mem), 1 << 2 | 1 << 5);
    assert_int_equal(gmem_release_zeros(mem, BASE, SIZE), 0);
    assert_int_equal(gmem_release_zeros(mem, BASE, SIZE + 1), 0);
    gmem_destroy(mem);
}

static void test_gmem_checks_whole_extents(void **state)
{
    (void)state;
    struct gmem *mem = gmem_create(BASE, SIZE);
    uint8_t b[16] = {0};
    uint16_t h;
    assert_true(gmem_read(mem, BASE + SIZE - 16, b, 16));
    assert_false(gmem_read(mem, BASE + SIZE - 15, b, 16));
    assert_false(gmem_equal(mem, BASE + SIZE - 15, b, 16));
    assert_false(gmem_write(mem, BASE - 1, b, 16));
    assert_false(gmem_has(mem, UINT64_MAX - 4, 16));
    assert_false(gmem_has(mem, BASE + 8, UINT64_MAX - 4));
    assert_true(gmem_has(mem, BASE + SIZE, 0));
    assert_null(gmem_span(mem, BASE + SIZE, 1));
    assert_false(gmem_load16_acquire(mem, BASE + 1, &h));
    assert_false(gmem_store16_release(mem, BASE + SIZE - 1, 7));
    gmem_destroy(mem);
}

/* Every alignment of both sides and every small length moves exactly its bytes. */
static void test_gmem_copies_any_alignment(void **state)
{
    (void)state;
    struct gmem *mem = gmem_create(BASE, SIZE);
    uint8_t src[64], back[64];
    for (unsigned i = 0; i < sizeof(src); i++)
        src[i] = (uint8_t)(i * 7 + 1);
    for (unsigned at = 0; at < 9; at++) {
        for (unsigned from = 0; from < 9; from++) {
            for (unsigned len = 0; len < 40; len++) {
                gmem_fill(mem, BASE, 0xee, 64);
                assert_true(gmem_write(mem, BASE + at, src + from, len));
                assert_true(gmem_read(mem, BASE, back, 64));
                for (unsigned i = 0; i < 64; i++)
                    assert_int_equal(back[i], i >= at && i < at + len ? src[from + i - at] : 0xee);
                memset(back, 0, sizeof(back));
                assert_true(gmem_read(mem, BASE + at, back + from, len));
                assert_memory_equal(back + from, src + from, len);
                assert_true(gmem_equal(mem, BASE + at, src + from, len));
                for (unsigned i = 0; i < len; i += len - 1 ? len - 1 : 1) { /* first and last */
                    gmem_fill(mem, BASE + at + i, 0, 1);
                    assert_false(gmem_equal(mem, BASE + at, src + from, len));
                    gmem_fill(mem, BASE + at + i, src[from + i], 1);
                }
            }
        }
    }
    gmem_destroy(mem);
}

static void test_gmem_clears(void **state)
{
    (void)state;
    struct gmem *mem = gmem_create(BASE, SIZE);
    uint8_t b[8] = {1};
    assert_true(gmem_write(mem, BASE + 0x1ffc, b, 8));
    assert_true(gmem_store16_release(mem, BASE + 0x2ffe, 1));
    gmem_clear(mem);
    assert_true(gmem_read(mem, BASE + 0x1ffc, b, 8));
    assert_int_equal(b[0], 0);
    gmem_destroy(mem);
}

static uint64_t read_echo(void *dev, uint64_t off, unsigned size)
{
    (void)dev;
    return off << 8 | size;
}

static void write_note(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    *(uint64_t *)dev = off << 32 | val << 8 | size;
}

static void test_map_finds_and_refuses(void **state)
{
    (void)state;
    static const struct mmio_ops words = {
        .min_size = 4, .max_size = 8, .read = read_echo, .write = write_note};
    static const struct mmio_ops bytes = {
        .min_size = 1, .max_size = 1, .read = read_echo, .write = write_note};
    uint64_t dev = 0, val;
    struct map *map = map_create();
    assert_false(map_read(map, 0x1000, 4, &val));
    assert_true(map_add(map, 0x2000, 0x1000, &bytes, &dev));
    assert_true(map_add(map, 0x1000, 0x1000, &words, &dev));
    assert_false(map_add(map, 0x2fff, 1, &words, &dev));
    assert_false(map_add(map, 0x0, 0x1001, &words, &dev));
    assert_false(map_add(map, 0x5000, 0, &words, &dev));
    assert_true(map_read(map, 0x1ff8, 8, &val));
    assert_int_equal(val, 0xff8 << 8 | 8);
    assert_false(map_read(map, 0x1ffc, 8, &val)); /* misaligned, and past the end */
    assert_false(map_read(map, 0x1002, 4, &val));
    assert_false(map_read(map, 0x1000, 2, &val));
    assert_false(map_read(map, 0x2000, 4, &val));
    assert_false(map_read(map, 0xfff, 1, &val));
    assert_true(map_write(map, 0x2abc, 1, 5));
    assert_int_equal(dev, UINT64_C(0xabc) << 32 | 5 << 8 | 1);
    assert_false(map_write(map, 0x3000, 1, 5));
    static const struct mmio_ops cut = {
        .min_size = 1, .max_size = 8, .unit = 4, .read = read_echo, .write = write_note};
    assert_true(map_add(map, 0x4000, 0x1000, &cut, &dev));
    assert_true(map_read(map, 0x4008, 8, &val)); /* two words, the low one first */
    assert_true(val == (UINT64_C(0xc04) << 32 | 0x804));
    assert_true(map_read(map, 0x4002, 2, &val));
    assert_int_equal(val, 2 << 8 | 2);
    assert_true(map_write(map, 0x4010, 8, UINT64_C(7) << 32 | 6));
    assert_true(dev == (UINT64_C(0x14) << 32 | 7 << 8 | 4)); /* the high one was last */
    map_destroy(map);
}

static void test_vclock_freezes(void **state)
{
    (void)state;
    const struct timespec nap = {0, 5000000};
    struct vclock *c = vclock_create();
    uint64_t before = host_now_ns(), t0 = vclock_ticks(c), due = vclock_deadline(c, t0 + VCLOCK_HZ);
    assert_in_range(due, before + NS_PER_SEC - 1000, host_now_ns() + NS_PER_SEC);
    assert_int_equal(vclock_deadline(c, UINT64_MAX), HOST_FOREVER);
    vclock_stop(c);
    uint64_t t1 = vclock_ticks(c), w1 = vclock_wall_ns(c);
    nanosleep(&nap, NULL);
    vclock_stop(c);
    assert_int_equal(vclock_ticks(c), t1);
    assert_int_equal(vclock_wall_ns(c), w1);
    assert_int_equal(vclock_deadline(c, t1 + 5), HOST_FOREVER);
    uint64_t begin = host_now_ns();
    vclock_cont(c);
    uint64_t t2 = vclock_ticks(c);
    assert_in_range(t2 - t1, 0, (host_now_ns() - begin) / 100 + 1);
    nanosleep(&nap, NULL);
    assert_true(vclock_ticks(c) - t2 >= VCLOCK_HZ / 200);
    begin = host_now_ns();
    vclock_set_wall_ns(c, 12345 * NS_PER_SEC);
    uint64_t w2 = vclock_wall_ns(c);
    assert_in_range(w2, 12345 * NS_PER_SEC - 100, 12345 * NS_PER_SEC + host_now_ns() - begin + 100);
    vclock_destroy(c);
}

static void test_fdt_grows_and_reads_back(void **state)
{
    (void)state;
    struct fdt_builder *b = fdt_builder_create();
    uint8_t big[5000] = {0};
    size_t size;
    int len;
    fdt_node(b, "%s", "");
    fdt_strs(b, "compatible", "a,b\0c", sizeof("a,b\0c"));
    for (unsigned i = 0; i < 20; i++) {
        fdt_node(b, "n@%x", i);
        fdt_reg(b, UINT64_C(0x100000000) * i, 0x1000);
        fdt_bytes(b, "big", big, sizeof(big));
        fdt_u32(b, "phandle", fdt_phandle(b));
        fdt_node_end(b);
    }
    fdt_node_end(b);
    void *blob = fdt_builder_end(b, &size);
    assert_non_null(blob);
    assert_int_equal(fdt_check_full(blob, size), 0);
    int at = fdt_path_offset(blob, "/n@13");
    const fdt32_t *reg = fdt_getprop(blob, at, "reg", &len);
    assert_int_equal(len, 16);
    assert_int_equal(fdt32_to_cpu(reg[0]), 0x13);
    assert_int_equal(fdt_get_phandle(blob, at), 20);
    assert_int_equal(fdt_node_check_compatible(blob, 0, "c"), 0);
    free(blob);
    fdt_builder_destroy(b);
}

static void test_fdt_errors_stick(void **state)
{
    (void)state;
    struct fdt_builder *b = fdt_builder_create();
    size_t size;
    fdt_node(b, "%s", "");
    fdt_node_end(b);
    fdt_node_end(b); /* one too many */
    fdt_u32(b, "x", 1);
    assert_null(fdt_builder_end(b, &size));
    fdt_builder_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gmem_lies_between_guards),
        cmocka_unit_test(test_gmem_checks_whole_extents),
        cmocka_unit_test(test_gmem_write_fresh_leaves_zeros_alone),
        cmocka_unit_test(test_gmem_releases_pages_of_zeros),
        cmocka_unit_test(test_gmem_copies_any_alignment),
        cmocka_unit_test(test_gmem_clears),
        cmocka_unit_test(test_map_finds_and_refuses),
        cmocka_unit_test(test_vclock_freezes),
        cmocka_unit_test(test_fdt_grows_and_reads_back),
        cmocka_unit_test(test_fdt_errors_stick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
