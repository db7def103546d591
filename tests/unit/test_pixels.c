/* SPDX-License-Identifier: MIT */
#include "display/pixels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const uint32_t formats[] = {PIXEL_BGRA, PIXEL_BGRX, PIXEL_ARGB, PIXEL_XRGB,
                                   PIXEL_RGBA, PIXEL_XBGR, PIXEL_ABGR, PIXEL_RGBX};

static void test_names(void **state)
{
    (void)state;
    /* what each name says: bytes in memory order */
    static const struct {
        uint32_t format;
        const char *order;
    } names[] = {{PIXEL_BGRA, "BGRA"}, {PIXEL_BGRX, "BGRA"}, {PIXEL_ARGB, "ARGB"},
                 {PIXEL_XRGB, "ARGB"}, {PIXEL_RGBA, "RGBA"}, {PIXEL_XBGR, "ABGR"},
                 {PIXEL_ABGR, "ABGR"}, {PIXEL_RGBX, "RGBA"}};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *order = names[i].order;
        uint8_t src[4], dst[4];
        for (int k = 0; k < 4; k++)
            src[k] = (uint8_t)order[k];
        pixel_row_to_bgra(names[i].format, dst, src, 1, true);
        assert_memory_equal(dst, "BGRA", 4);
        pixel_row_to_bgra(names[i].format, dst, src, 1, false);
        assert_memory_equal(dst, "BGR\xff", 4);
    }
}

/* pixman agrees, for formats with alpha; those without it reads as opaque. */
static void test_against_pixman(void **state)
{
    (void)state;
    enum { N = 1021 };
    uint32_t src[N], mine[N], theirs[N];
    srand(7);
    for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
        for (int i = 0; i < N; i++)
            src[i] = (uint32_t)rand() ^ (uint32_t)rand() << 16;
        pixman_format_code_t code = pixel_format_pixman(formats[f]);
        assert_int_equal(PIXMAN_FORMAT_BPP(code), 32);
        bool alpha = PIXMAN_FORMAT_A(code) != 0;
        pixman_image_t *s = pixman_image_create_bits(code, N, 1, src, N * 4);
        pixman_image_t *d = pixman_image_create_bits(PIXMAN_a8r8g8b8, N, 1, theirs, N * 4);
        pixman_image_composite32(PIXMAN_OP_SRC, s, NULL, d, 0, 0, 0, 0, 0, 0, N, 1);
        pixel_row_to_bgra(formats[f], (uint8_t *)mine, (uint8_t *)src, N, alpha);
        assert_memory_equal(mine, theirs, sizeof(mine));
        pixman_image_unref(s);
        pixman_image_unref(d);
    }
}

static void test_unknown_formats(void **state)
{
    (void)state;
    unsigned known = 0;
    for (uint32_t f = 0; f < 100000; f++)
        known += pixel_format_pixman(f) != 0;
    assert_int_equal(known, 8);
    assert_int_equal(pixel_format_pixman(UINT32_MAX), 0);
}

static void test_intersect(void **state)
{
    (void)state;
    struct rect out;
    const struct rect a = {10, 10, 20, 20};
    assert_true(rect_intersect(&a, &(struct rect){0, 0, 15, 100}, &out));
    assert_memory_equal(&out, (&(struct rect){10, 10, 5, 20}), sizeof(out));
    assert_true(rect_intersect(&a, &(struct rect){29, 29, UINT32_MAX, UINT32_MAX}, &out));
    assert_memory_equal(&out, (&(struct rect){29, 29, 1, 1}), sizeof(out));
    assert_false(rect_intersect(&a, &(struct rect){30, 10, 5, 5}, &out));
    assert_false(rect_intersect(&a, &(struct rect){0, 10, 10, 5}, &out));
    assert_false(rect_intersect(&a, &(struct rect){15, 15, 0, 5}, &out));
    assert_false(rect_inside(&(struct rect){UINT32_MAX, 0, 2, 1}, 100, 100));
    assert_true(rect_inside(&(struct rect){99, 0, 1, 100}, 100, 100));
}

/* Merges only what has too many boxes, and then into the one box around all of them. */
static void test_region_limit(void **state)
{
    (void)state;
    pixman_region32_t r;
    pixman_region32_init(&r);
    region_limit(&r, 1);
    assert_int_equal(pixman_region32_n_rects(&r), 0);
    for (int i = 1; i <= 4; i++)
        pixman_region32_union_rect(&r, &r, 10 * i, 20 * i, 3, 2);
    region_limit(&r, 4);
    assert_int_equal(pixman_region32_n_rects(&r), 4);
    region_limit(&r, 3);
    assert_int_equal(pixman_region32_n_rects(&r), 1);
    struct rect all = rect_from_box(pixman_region32_rectangles(&r, NULL));
    assert_memory_equal(&all, (&(struct rect){10, 20, 33, 62}), sizeof(all));
    pixman_region32_fini(&r);
}

static void test_picture(void **state)
{
    (void)state;
    struct picture *p = picture_create(3, 2);
    assert_non_null(p);
    assert_int_equal(p->stride, 12);
    for (int i = 0; i < 24; i++)
        assert_int_equal(p->data[i], 0);
    picture_destroy(p);
    picture_destroy(NULL);
    assert_null(picture_create(UINT32_MAX, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_against_pixman),
        cmocka_unit_test(test_intersect), cmocka_unit_test(test_unknown_formats),
        cmocka_unit_test(test_picture),   cmocka_unit_test(test_region_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
