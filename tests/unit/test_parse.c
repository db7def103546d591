/* SPDX-License-Identifier: MIT */
#include "base/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_numbers_are_decimal_and_in_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        uint64_t value;
    } rows[] = {
        {"1", true, 1},
        {"007", true, 7},
        {"100", true, 100},
        {"0", false, 0},
        {"101", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x10", false, 0},
        {"1.5", false, 0},
        {"99999999999999999999", false, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t v = 5;
        assert_int_equal(parse_number(rows[i].text, 1, 100, &v), rows[i].ok);
        assert_int_equal(v, rows[i].ok ? rows[i].value : 5);
    }
    unsigned u = 5;
    assert_false(parse_unsigned("4294967296", 0, UINT32_MAX, &u));
    assert_true(parse_unsigned("4294967295", 0, UINT32_MAX, &u) && u == UINT32_MAX);
}

static void test_integers_may_have_a_sign(void **state)
{
    (void)state;
    int64_t v = 7;
    assert_true(parse_integer("-100", -100, 100, &v) && v == -100);
    assert_true(parse_integer("+5", -100, 100, &v) && v == 5);
    assert_false(parse_integer("-101", -100, 100, &v) || parse_integer("--1", -100, 100, &v));
    assert_false(parse_integer("-", -100, 100, &v) || parse_integer("- 1", -100, 100, &v));
    assert_int_equal(v, 5);
}

static void test_sizes_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes; /* 0: wrong */
    } rows[] = {
        {"512", UINT64_C(512) << 20},
        {"512M", UINT64_C(512) << 20},
        {"2g", UINT64_C(2) << 30},
        {"64K", 65536},
        {"1MiB", 1 << 20},
        {"1T", UINT64_C(1) << 40},
        {"", 0},
        {"M", 0},
        {"-1", 0},
        {"1X", 0},
        {"1MM", 0},
        {" 1", 0},
        {"99999999999T", 0},
        {"0x10", 0},
        {"1M ", 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t bytes = 1;
        assert_int_equal(parse_size(rows[i].text, 0, UINT64_MAX, &bytes), rows[i].bytes != 0);
        if (rows[i].bytes)
            assert_int_equal(bytes, rows[i].bytes);
    }
}

static void test_sizes_have_bounds(void **state)
{
    (void)state;
    uint64_t v = 3;
    assert_false(parse_size("63M", 64 << 20, UINT64_C(1) << 30, &v));
    assert_false(parse_size("1025M", 64 << 20, UINT64_C(1) << 30, &v));
    assert_int_equal(v, 3);
    assert_true(parse_size("1G", 64 << 20, UINT64_C(1) << 30, &v) && v == UINT64_C(1) << 30);
}

enum scale { FIT, INTEGER, NONE };

struct settings {
    bool flag, on, second;
    const char *file;
    uint64_t number, size, half;
    unsigned count;
    enum scale scale;
    const char *called;
};

static bool read_called(void *field, const char *value, struct error *err)
{
    *(const char **)field = value;
    return strcmp(value, "bad") || error_set(err, "no such thing");
}

static const struct parse_key keys[] = {
    {"flag", NULL, NULL, PARSE_FLAG(struct settings, flag)},
    {"on", "on|off", "on", PARSE_ON_OFF(struct settings, on)},
    {"mode", "modern|legacy", "modern", PARSE_SECOND(struct settings, second)},
    {"file", "FILE", NULL, PARSE_TEXT(struct settings, file)},
    {"number", "N", "7", PARSE_NUMBER(struct settings, number, 1, 100)},
    {"size", "SIZE", "256M", PARSE_SIZE(struct settings, size, 1 << 20, UINT64_MAX)},
    {"half", "SIZE", NULL, PARSE_SIZE(struct settings, half, 1 << 20, 512 << 20)},
    {"count", "0..3", NULL, PARSE_UNSIGNED(struct settings, count, 0, 3)},
    {"scale", "fit|integer|none", "fit", PARSE_CHOICE(struct settings, scale)},
    {"called", "WORD", NULL, PARSE_CALL(offsetof(struct settings, called), read_called)},
};

/* NULL, or the error. list is copied: text fields point into the copy. */
static const char *parse(struct settings *s, const char *list)
{
    static struct error err;
    static char copy[256];
    *s = (struct settings){0};
    strcpy(copy, list);
    parse_defaults(keys, ARRAY_SIZE(keys), s);
    return parse_list(keys, ARRAY_SIZE(keys), s, copy, &err) ? NULL : err.text;
}

static void test_defaults_come_from_the_table(void **state)
{
    (void)state;
    struct settings s;
    assert_null(parse(&s, ""));
    assert_true(!s.flag && s.on && !s.second && !s.file && s.number == 7 && s.size == 256 << 20);
    assert_true(s.count == 0 && s.scale == FIT && !s.called);
}

static void test_lists_set_fields(void **state)
{
    (void)state;
    struct settings s;
    assert_null(parse(&s, "flag,on=off,mode=legacy,file=a=b,number=100,size=2g,count=3,scale=none,"
                          "called=x"));
    assert_true(s.flag && !s.on && s.second && s.number == 100 && s.size == UINT64_C(2) << 30);
    assert_true(s.count == 3 && s.scale == NONE);
    assert_string_equal(s.file, "a=b");
    assert_string_equal(s.called, "x");
    assert_null(parse(&s, "scale=integer"));
    assert_int_equal(s.scale, INTEGER);
}

static void test_errors_name_the_word_and_the_cure(void **state)
{
    (void)state;
    static const struct {
        const char *list, *says;
    } rows[] = {
        {"flag=1", "flag=1: it takes no value"},
        {"on", "on needs a value; write on=on|off"},
        {"one=on",
         "'one=on' is no setting; there are flag, on=on|off, mode=modern|legacy, file=FILE"},
        {"on=maybe", "on=maybe: unknown; give on|off"},
        {"mode=", "mode=: unknown"},
        {"file=", "file=: it is empty; give FILE"},
        {"number=0", "number=0: out of range; give N from 1 to 100"},
        {"number=1.5", "number=1.5: not a whole number; give N from 1 to 100"},
        {"number=", "number=: not a whole number"},
        {"size=1K", "size=1K: too small; give 1M or more"},
        {"size=1GB", "size=1GB: not a size; write a whole number and K, M, G or T, as in 512M"},
        {"half=2G", "half=2G: out of range; give 1M to 512M"},
        {"count=4", "count=4: out of range; give 0..3"},
        {"scale=Fit", "scale=Fit: unknown; give fit|integer|none"},
        {"scale=fi", "scale=fi: unknown"},
        {"scale=fit|integer", "unknown"},
        {"called=bad", "called=bad: no such thing"},
        {"called=", "called=: it is empty; give WORD"},
        {"flag,", "'' is no setting"},
        {"fla", "'fla' is no setting"},
        {"flags", "'flags' is no setting"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct settings s;
        const char *err = parse(&s, rows[i].list);
        if (!err || !strstr(err, rows[i].says))
            fail_msg("'%s': %s", rows[i].list, err ? err : "accepted");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_decimal_and_in_range),
        cmocka_unit_test(test_integers_may_have_a_sign),
        cmocka_unit_test(test_sizes_have_units),
        cmocka_unit_test(test_sizes_have_bounds),
        cmocka_unit_test(test_defaults_come_from_the_table),
        cmocka_unit_test(test_lists_set_fields),
        cmocka_unit_test(test_errors_name_the_word_and_the_cure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
