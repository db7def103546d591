/* SPDX-License-Identifier: MIT */
#include "ui/picture.h"

#include "monitor/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int enter_folder(void **state)
{
    char folder[] = "/tmp/test-picture-XXXXXX";
    *state = mkdtemp(folder) ? strdup(folder) : NULL;
    return *state ? chdir(*state) : -1;
}

static int leave_folder(void **state)
{
    char command[256];
    snprintf(command, sizeof(command), "rm -r '%s'", (char *)*state);
    free(*state);
    return system(command);
}

static struct picture *sample(uint32_t w, uint32_t h)
{
    struct picture *pic = picture_create(w, h);
    assert_non_null(pic);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            uint8_t *px = pic->data + (size_t)y * pic->stride + (size_t)x * 4;
            px[0] = (uint8_t)(3 * x + y);
            px[1] = (uint8_t)(x + 5 * y);
            px[2] = (uint8_t)(x ^ y);
            px[3] = 0xff;
        }
    return pic;
}

static void write_file(const char *name, const void *bytes, size_t n)
{
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void round_trip(const char *name, uint32_t w, uint32_t h)
{
    struct error err;
    struct picture *pic = sample(w, h);
    assert_int_equal(ui_save_picture(pic, name), 0);
    struct picture *back = ui_load_picture(name, &err);
    assert_non_null(back);
    assert_int_equal(back->width, w);
    assert_int_equal(back->height, h);
    assert_true(compare_rows(back, pic, 0, h, 0, NULL));
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            assert_int_equal(back->data[(size_t)y * back->stride + (size_t)x * 4 + 3], 0xff);
    picture_destroy(back);
    picture_destroy(pic);
}

static void test_round_trips(void **state)
{
    (void)state;
    round_trip("a.png", 37, 21);
    round_trip("a.ppm", 37, 21);
    round_trip("b.PPM", 1, 1);
    round_trip("b.png", 1, 1);
    round_trip("c.png", 3000, 2);
}

static void test_kinds(void **state)
{
    (void)state;
    char magic[8];
    struct picture *pic = sample(4, 4);
    assert_int_equal(ui_save_picture(pic, "k.PpM"), 0);
    FILE *f = fopen("k.PpM", "rb");
    assert_int_equal(fread(magic, 1, 2, f), 2);
    assert_memory_equal(magic, "P6", 2);
    fclose(f);
    assert_int_equal(ui_save_picture(pic, "k"), 0);
    f = fopen("k", "rb");
    assert_int_equal(fread(magic, 1, 8, f), 8);
    assert_memory_equal(magic, "\x89PNG\r\n\x1a\n", 8);
    fclose(f);
    picture_destroy(pic);
}

static void test_unwritable(void **state)
{
    (void)state;
    struct picture *pic = sample(200, 200);
    assert_int_equal(ui_save_picture(pic, "no/such/folder.png"), ENOENT);
    assert_int_equal(ui_save_png(pic, "/dev/full"), ENOSPC);
    picture_destroy(pic);
}

/* The library that writes PNGs says nothing on stderr, whatever goes wrong: the errno says it. */
static void test_quiet(void **state)
{
    (void)state;
    struct picture *pic = sample(200, 200), *none = picture_create(0, 4);
    int kept = dup(STDERR_FILENO), said = open("stderr", O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(said, STDERR_FILENO);
    int full = ui_save_png(pic, "/dev/full"), empty = ui_save_png(none, "none.png");
    dup2(kept, STDERR_FILENO);
    close(kept);
    assert_int_equal(full, ENOSPC);
    assert_int_not_equal(empty, 0);
    assert_int_equal(access("none.png", F_OK), -1);
    assert_int_equal(lseek(said, 0, SEEK_END), 0);
    close(said);
    picture_destroy(none);
    picture_destroy(pic);
}

static void refuse(const char *name, const void *bytes, size_t n)
{
    struct error err = {""};
    write_file(name, bytes, n);
    assert_null(ui_load_picture(name, &err));
    assert_string_not_equal(err.text, "");
}

static void test_damaged(void **state)
{
    (void)state;
    struct error err;
    char bytes[4096];
    assert_null(ui_load_picture("absent.png", &err));
    refuse("empty", "", 0);
    refuse("text", "hello, world", 12);
    refuse("x.ppm", "P6\n2 2\n255\nabc", 14);
    refuse("y.ppm", "P6\n2 2\n65535\nabcdabcdabcdabcd", 29);
    refuse("z.ppm", "P6\n99999 99999\n255\n", 19);
    refuse("w.ppm", "P6\n# only a comment", 19);
    refuse("v.ppm", "P6\n0 5\n255\n", 11);
    struct picture *pic = sample(64, 64);
    assert_int_equal(ui_save_png(pic, "whole.png"), 0);
    picture_destroy(pic);
    FILE *f = fopen("whole.png", "rb");
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    refuse("half.png", bytes, MIN(n, sizeof(bytes)) / 2);
}

static void set_pixel(struct picture *p, uint32_t x, uint32_t y, uint32_t bgra)
{
    for (unsigned c = 0; c < 4; c++)
        p->data[(size_t)y * p->stride + (size_t)x * 4 + c] = (uint8_t)(bgra >> (24 - 8 * c));
}

static void test_compare(void **state)
{
    (void)state;
    struct picture *a = sample(40, 30), *b = sample(40, 30);
    struct comparison c;
    assert_true(compare_rows(a, b, 0, 30, 0, &c));
    assert_int_equal(c.compared, 1200);
    assert_int_equal(c.worst, 0);
    set_pixel(a, 5, 7, 0x10203000);
    set_pixel(b, 5, 7, 0x10233000 | 0xff);
    set_pixel(a, 11, 9, 0x00000000);
    set_pixel(b, 11, 9, 0x000001ff);
    assert_false(compare_rows(a, b, 0, 30, 0, &c));
    assert_int_equal(c.different, 2);
    assert_int_equal(c.worst, 3);
    assert_int_equal(c.x1, 5);
    assert_int_equal(c.y1, 7);
    assert_int_equal(c.x2, 12);
    assert_int_equal(c.y2, 10);
    assert_false(compare_rows(a, b, 0, 30, 2, NULL));
    assert_true(compare_rows(a, b, 0, 30, 3, NULL));
    assert_true(compare_rows(a, b, 8, 1, 0, NULL));
    set_pixel(b, 5, 7, 0xff00ff00); /* transparent */
    assert_true(compare_rows(a, b, 0, 30, 1, &c));
    assert_int_equal(c.compared, 1199);
    picture_destroy(a);
    picture_destroy(b);
}

static void test_difference(void **state)
{
    (void)state;
    struct picture *a = sample(8, 8), *b = sample(8, 8);
    struct rect r = {2, 3, 4, 5};
    set_pixel(a, 3, 4, 0xffffffff);
    struct picture *diff = compare_difference(a, b, 0), *part = compare_crop(diff, &r);
    static const uint8_t red[] = {0, 0, 255, 255};
    assert_memory_equal(diff->data + 4 * diff->stride + 3 * 4, red, 4);
    assert_memory_equal(part->data + 1 * part->stride + 1 * 4, red, 4);
    assert_int_equal(part->width, 4);
    assert_int_equal(part->height, 5);
    assert_true(diff->data[2] < 100);
    picture_destroy(a);
    picture_destroy(b);
    picture_destroy(diff);
    picture_destroy(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips), cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_unwritable),  cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_damaged),     cmocka_unit_test(test_compare),
        cmocka_unit_test(test_difference),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
