/* SPDX-License-Identifier: MIT */
/* A guest's symbols, for --perf-map. */
#include "jit/symbols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct symbols *parse(const char *text, struct error *err)
{
    err->text[0] = '\0';
    return symbols_parse(strdup(text), strlen(text), err);
}

static void assert_name(const struct symbols *s, uint64_t address, const char *name)
{
    const char *found = symbols_find(s, address);
    if (name)
        assert_string_equal(found ? found : "none", name);
    else
        assert_null(found);
}

static void test_functions_are_found(void **state)
{
    (void)state;
    struct error err;
    struct symbols *s = parse("0000000000000000 A absolute\n"
                              "ffffffff80000100 t second\t[module]\r\n"
                              "ffffffff80000000 T first\n"
                              "\n"
                              "ffffffff80000000 D data_at_first\n"
                              "ffffffff80000104 t $x\n"
                              "FFFFFFFF80000200 D _data\n"
                              "ffffffff80000300 w last",
                              &err);
    assert_non_null(s);
    assert_name(s, 0, NULL);
    assert_name(s, 0x10000, NULL);
    assert_name(s, UINT64_C(0xffffffff80000000), "first");
    assert_name(s, UINT64_C(0xffffffff800000ff), "first");
    assert_name(s, UINT64_C(0xffffffff80000100), "second");
    assert_name(s, UINT64_C(0xffffffff800001ff), "second"); /* not the mark */
    assert_name(s, UINT64_C(0xffffffff80000200), NULL);
    assert_name(s, UINT64_MAX, "last");
    symbols_free(s);
}

static void test_long_names_are_cut(void **state)
{
    (void)state;
    struct error err;
    char text[2100];
    memset(text, 'n', sizeof(text));
    memcpy(text, "1000 T ", 7);
    text[sizeof(text) - 1] = '\0';
    struct symbols *s = parse(text, &err);
    assert_non_null(s);
    assert_int_equal(strlen(symbols_find(s, 0x1000)), 200);
    symbols_free(s);
}

static void test_bad_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "no functions"},
        {"\n\n", "no functions"},
        {"1000 D data\n", "no functions"},
        {"ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n",
         "no functions"},
        {"0000000000000000 T a\n0000000000000000 t b\n", "as root"},
        {"1000 T a\n2000 T\n", "line 2 is no"},
        {"1000 T a\n2000 T \n", "line 2 is no"},
        {"1000 T a\n\n2000\n", "line 3 is no"},
        {"12345678901234567 T a\n", "line 1 is no"},
        {"T a\n", "line 1 is no"},
        {"1000  T a\n", "line 1 is no"},
        {"1000 T \x1b[31m\n", "line 1 is no"},
        {"1000 T a\x1b\n", "line 1 is no"},
        {"1000 T \xc3\xa4\n", "line 1 is no"},
        {"\x10\x11 T a\n", "line 1 is no"},
        {"\x7f"
         "ELF\x02\x01\x01\n",
         "line 1 is no"},
    };
    struct error err;
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_null(parse(bad[i].text, &err));
        assert_non_null(strstr(err.text, bad[i].why));
        assert_null(strchr(err.text, '\n'));
    }
    static const char nul[] = "1000 T a\0b\n";
    char *text = malloc(sizeof(nul));
    memcpy(text, nul, sizeof(nul));
    assert_null(symbols_parse(text, sizeof(nul) - 1, &err));
    assert_null(symbols_read("/", &err));
    assert_non_null(strstr(err.text, "cannot be read: "));
    assert_null(symbols_read("/nowhere", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_are_found),
        cmocka_unit_test(test_long_names_are_cut),
        cmocka_unit_test(test_bad_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
