/* SPDX-License-Identifier: MIT */
/* State as bytes: what is put comes back, and whatever else comes is refused with a reason. */
#include "base/blob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A section with one of everything, in it another, and behind it a number. */
static uint8_t *save(size_t *size)
{
    const uint32_t words[] = {1, 0x80000000};
    const uint64_t longs[] = {UINT64_MAX, 2};
    struct blob_out out = {0};
    size_t outer = blob_begin(&out, "outer", 3);
    blob_put_bool(&out, true);
    blob_put_u8(&out, 0xfe);
    blob_put_u16(&out, 0xfedc);
    blob_put_u32(&out, 0xfedcba98);
    blob_put_u64(&out, UINT64_C(0xfedcba9876543210));
    size_t inner = blob_begin(&out, "inner", 1);
    blob_put_u32s(&out, words, 2);
    blob_put_u64s(&out, longs, 2);
    blob_end(&out, inner);
    blob_put(&out, "text", 4);
    blob_end(&out, outer);
    blob_put_u8(&out, 7);
    return blob_out_take(&out, size);
}

static bool load(struct blob_in *in)
{
    struct blob_in outer, inner;
    uint32_t words[2];
    uint64_t longs[2];
    blob_open(in, &outer, "outer", 3);
    bool good = blob_get_bool(&outer) && blob_get_u8(&outer) == 0xfe;
    good &= blob_get_u16(&outer) == 0xfedc;
    good &= blob_get_u32(&outer) == 0xfedcba98;
    good &= blob_get_u64(&outer) == UINT64_C(0xfedcba9876543210);
    blob_open(&outer, &inner, "inner", 1);
    good &= blob_get_u32s(&inner, words, 2) && words[0] == 1 && words[1] == 0x80000000;
    good &= blob_get_u64s(&inner, longs, 2) && longs[0] == UINT64_MAX && longs[1] == 2;
    good &= blob_close(&inner);
    const uint8_t *text = blob_get_run(&outer, 4);
    good &= text && !memcmp(text, "text", 4);
    good &= blob_close(&outer);
    good &= blob_get_u8(in) == 7;
    return blob_in_done(in) && good;
}

static void test_comes_back(void **state)
{
    (void)state;
    size_t size;
    uint8_t *bytes = save(&size);
    struct blob_in in;
    blob_in_init(&in, bytes, size);
    assert_true(load(&in));
    assert_null(in.error);
    free(bytes);
}

/* The bytes on the wire, which no host may change. */
static void test_has_one_layout(void **state)
{
    (void)state;
    static const uint8_t want[] = {
        'a', 'b',  0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0,   0,    0,    0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, /* version and length */
        1,   0x34, 0x12,
    };
    struct blob_out out = {0};
    size_t size, section = blob_begin(&out, "ab", 2);
    blob_put_bool(&out, true);
    blob_put_u16(&out, 0x1234);
    blob_end(&out, section);
    uint8_t *bytes = blob_out_take(&out, &size);
    assert_int_equal(size, sizeof(want));
    assert_memory_equal(bytes, want, sizeof(want));
    free(bytes);
}

/* Each copy ends where its memory does, for the sanitizer to see. */
static bool load_copy(const uint8_t *bytes, size_t size, char *reason, size_t room)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    struct blob_in in;
    blob_in_init(&in, copy, size);
    bool good = load(&in);
    assert_true(good == !in.error);
    blob_in_reason(&in, reason, room);
    free(copy);
    return good;
}

static void test_prefixes_are_refused(void **state)
{
    (void)state;
    size_t size;
    char reason[96];
    uint8_t *bytes = save(&size);
    for (size_t n = 0; n < size; n++)
        assert_false(load_copy(bytes, n, reason, sizeof(reason)));
    assert_string_equal(reason, "byte 108: it ends too early");
    free(bytes);
}

static void test_reasons_name_the_place(void **state)
{
    (void)state;
    static const struct {
        size_t at; /* the byte that is changed */
        uint8_t value;
        const char *reason;
    } rows[] = {
        {0, 'x', "section 'outer', byte 0: another is in its place"},
        {20, 4, "section 'outer', byte 0: of another version"},
        {24, 255, "section 'outer', byte 0: it ends too early"},
        {24, 74, "section 'outer', byte 72: it ends too early"},
        {24, 77, "section 'outer', byte 76: bytes are left over"},
        {32, 2, "section 'outer', byte 1: neither yes nor no"},
        {48, 'x', "section 'inner', byte 16: another is in its place"},
        {68, 2, "section 'inner', byte 16: of another version"},
        {72, 23, "section 'inner', byte 16: it ends too early"},
        {72, 25, "section 'inner', byte 24: bytes are left over"},
    };
    char reason[96];
    size_t size;
    uint8_t *bytes = save(&size);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t kept = bytes[rows[i].at];
        bytes[rows[i].at] = rows[i].value;
        assert_false(load_copy(bytes, size, reason, sizeof(reason)));
        assert_string_equal(reason, rows[i].reason);
        bytes[rows[i].at] = kept;
    }
    free(bytes);
}

/* After a failure, and of a section that is not there, zeros come and the failure stays. */
static void test_the_first_failure_stays(void **state)
{
    (void)state;
    struct blob_in in, section;
    uint8_t dst[2] = {1, 1};
    blob_in_init(&in, "abcdef", 6);
    assert_true(blob_check(&in, true, "nothing"));
    assert_false(blob_check(&in, false, "first"));
    assert_false(blob_fail(&in, "second"));
    assert_false(blob_get(&in, dst, 2));
    assert_int_equal(dst[0] | dst[1], 0);
    assert_int_equal(blob_get_u32(&in), 0);
    assert_null(blob_get_run(&in, 0));
    assert_false(blob_open(&in, &section, "name", 1));
    assert_int_equal(blob_get_u8(&section), 0);
    assert_false(blob_close(&section));
    assert_string_equal(in.error, "first");
    blob_in_init(&in, NULL, 0);
    assert_non_null(blob_get_run(&in, 0));
    assert_null(blob_get_run(&in, UINT64_MAX));
}

/* Out of memory is noticed once, at the end, and writing goes on meanwhile. */
static void test_a_failed_writer_yields_nothing(void **state)
{
    (void)state;
    struct blob_out out = {0};
    size_t size = 1, section = blob_begin(&out, "name", 1);
    out.failed = true;
    blob_put(&out, "bytes", 5);
    blob_end(&out, section);
    assert_null(blob_out_take(&out, &size));
    assert_int_equal(size, 0);
    blob_put(&out, "x", SIZE_MAX / 2 + 1); /* more than there can be; not read */
    assert_true(out.failed);
    blob_out_finish(&out);
    uint8_t *empty = blob_out_take(&out, &size);
    assert_non_null(empty);
    assert_int_equal(size, 0);
    free(empty);
}

static void test_many_bytes_and_a_patch(void **state)
{
    (void)state;
    struct blob_out out = {0};
    size_t size;
    for (uint32_t i = 0; i < 10000; i++)
        blob_put_u32(&out, i);
    blob_patch(&out, 4, "abcd", 4);
    blob_patch(&out, 39997, "abcd", 4); /* not wholly inside: ignored */
    uint8_t *bytes = blob_out_take(&out, &size);
    struct blob_in in;
    blob_in_init(&in, bytes, size);
    for (uint32_t i = 0; i < 10000; i++)
        assert_int_equal(blob_get_u32(&in), i == 1 ? 0x64636261 : i);
    assert_true(blob_in_done(&in));
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_has_one_layout),
        cmocka_unit_test(test_prefixes_are_refused),
        cmocka_unit_test(test_reasons_name_the_place),
        cmocka_unit_test(test_the_first_failure_stays),
        cmocka_unit_test(test_a_failed_writer_yields_nothing),
        cmocka_unit_test(test_many_bytes_and_a_patch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
