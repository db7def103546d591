/* SPDX-License-Identifier: MIT */
#include "board/panic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define PANIC "Kernel panic - not syncing: Attempted to kill init!\r\n"
#define END   "---[ end Kernel panic - not syncing: Attempted to kill init! ]---\r\n"

static const struct {
    const char *text;
    enum panic_event event; /* the last of all */
} rows[] = {
    {PANIC, PANIC_BEGUN},
    {"\r\n" PANIC, PANIC_BEGUN},
    {"[    6.123456] " PANIC, PANIC_BEGUN},
    {"a line\r\n[    6.123456][    T1] " PANIC, PANIC_BEGUN},
    {"[12345.678901][   C3] " PANIC, PANIC_BEGUN},
    {"login: [    6.123456] " PANIC, PANIC_BEGUN}, /* into a line that a program began */
    {"[  OK  ] Started [    6.123456] " PANIC, PANIC_BEGUN},
    {"\033[0m[    6.123456] " PANIC, PANIC_BEGUN},
    {"[    6.123456] " PANIC "[    6.2] Call Trace:\r\n[    6.3] " END, PANIC_SAID},
    {PANIC "Call Trace:\r\n" END, PANIC_SAID},
    {PANIC PANIC, PANIC_BEGUN},
    {"# echo " PANIC, PANIC_NONE},
    {"root@host:~# echo '[' " PANIC, PANIC_NONE},
    {"root@[host]:~# " PANIC, PANIC_NONE},
    {"panic: " PANIC, PANIC_NONE},
    {"Kernel panic: no init\r\n", PANIC_BEGUN}, /* not Linux */
    {"Kernel panic\n", PANIC_BEGUN},
    {"Kernel panic!\n[    6.3] " END, PANIC_SAID},
    {"Kernel panics\r\n", PANIC_NONE},
    {"Kernel panic_on_oops = 1\r\n", PANIC_NONE},
    {"Kernel \r\npanic - not syncing\r\n", PANIC_NONE},
    {"[6.1 Kernel panic - not syncing\r\n", PANIC_NONE},
    {"[    6.123456] Kernel command line: panic=1 Kernel panic - not syncing\r\n", PANIC_NONE},
    {END, PANIC_NONE},
};

/* In one piece, and in pieces of every size. */
static void test_finds_panics(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t n = strlen(rows[i].text);
        for (size_t piece = 1; piece <= n; piece++) {
            struct panic_watch w;
            enum panic_event last = PANIC_NONE;
            panic_watch_reset(&w);
            for (size_t at = 0; at < n; at += piece) {
                enum panic_event event =
                    panic_watch_feed(&w, (const uint8_t *)rows[i].text + at, MIN(piece, n - at));
                last = event ? event : last;
            }
            if (last != rows[i].event)
                fail_msg("row %u in pieces of %zu: %d", i, piece, last);
        }
    }
}

static void test_begins_anew(void **state)
{
    (void)state;
    struct panic_watch w;
    panic_watch_reset(&w);
    const uint8_t *text = (const uint8_t *)PANIC;
    assert_int_equal(panic_watch_feed(&w, text, strlen(PANIC)), PANIC_BEGUN);
    assert_int_equal(panic_watch_feed(&w, text, strlen(PANIC)), PANIC_NONE);
    assert_int_equal(panic_watch_feed(&w, (const uint8_t *)"half a li", 9), PANIC_NONE);
    panic_watch_reset(&w);
    assert_int_equal(panic_watch_feed(&w, text, strlen(PANIC)), PANIC_BEGUN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_panics),
        cmocka_unit_test(test_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
