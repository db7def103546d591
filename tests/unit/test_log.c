/* SPDX-License-Identifier: MIT */
/* The log: printable text, whole lines, and no thread waits for the reader. */
#include "base/log.h"
#include "base/log_sink.h"
#include "base/text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define ROOM (1u << 20)

static void test_printable(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } rows[] = {
        {"plain 'text' \\ ~", "plain 'text' \\ ~"},
        {"\x1b[31mred\x07\n\t", "\\x1b[31mred\\x07\\x0a\\x09"},
        {"\x7f", "\\x7f"},
        {"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80",
         "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xc2\x9b"
         "2J",
         "\\xc2\\x9b2J"},  /* CSI, of C1 */
        {"\x9b", "\\x9b"}, /* the same, a bare byte */
        {"\xc0\x9b \xe0\x82\x9b \xf0\x80\x82\x9b",
         "\\xc0\\x9b \\xe0\\x82\\x9b \\xf0\\x80\\x82\\x9b"},
        {"\xed\xa0\x80 \xf4\x90\x80\x80 \xff", "\\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80 \\xff"},
        {"\xe2\x80\xae", "\\xe2\\x80\\xae"}, /* writes right to left */
        {"cut \xe2\x82", "cut \\xe2\\x82"},
    };
    char out[128];
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(text_printable(out, sizeof(out), rows[i].text), strlen(rows[i].shown));
        assert_string_equal(out, rows[i].shown);
    }
}

static void test_printable_cut(void **state)
{
    (void)state;
    const char *text = "a\x1b\xe2\x82\xac"
                       "b";
    static const char *const shown[] = {
        "", "a", "a", "a", "a", "a\\x1b", "a\\x1b", "a\\x1b", "a\\x1b\xe2\x82\xac"};
    char out[16];
    for (size_t size = 1; size <= ARRAY_SIZE(shown); size++) {
        memset(out, '!', sizeof(out));
        assert_int_equal(text_printable(out, size, text), strlen(shown[size - 1]));
        assert_string_equal(out, shown[size - 1]);
        assert_int_equal(out[size], '!');
    }
}

static void test_utf8(void **state)
{
    (void)state;
    unsigned n = 9;
    assert_true(text_utf8((const uint8_t *)"a", 1, &n) == 'a' && n == 1);
    assert_true(text_utf8((const uint8_t *)"\xf4\x8f\xbf\xbf", 4, &n) == 0x10ffff && n == 4);
    assert_true(text_utf8((const uint8_t *)"\xe2\x82\xac", 2, &n) == TEXT_NO_UTF8 && n == 0);
    assert_true(text_utf8((const uint8_t *)"\x80", 1, &n) == TEXT_NO_UTF8 && n == 0);
    assert_true(text_utf8(NULL, 0, &n) == TEXT_NO_UTF8 && n == 0);
}

/* Everything that can be read now. */
static size_t read_all(int fd, char *to)
{
    size_t n = 0;
    ssize_t got;
    while ((got = read(fd, to + n, ROOM - n)) > 0)
        n += (size_t)got;
    return n;
}

static void count_held(void *ctx)
{
    ++*(unsigned *)ctx;
}

/*
 * `lines` numbered lines into a reader that sleeps, who then reads it all: they arrive whole and
 * in order, and what is missing is counted where it is missing.
 */
static void put_unread(int reader, int writer, unsigned lines)
{
    unsigned held = 0, next = 0, missing = 0, number;
    char line[64], *text = malloc(ROOM + 1);
    struct log_sink *s = log_sink_create(writer);
    assert_non_null(s);
    log_sink_on_held(s, count_held, &held);
    for (unsigned i = 0; i < lines; i++)
        log_sink_put(s, line, (size_t)snprintf(line, sizeof(line), "line %u of many lines\n", i));
    assert_int_equal(held, 1);
    size_t n = 0;
    do
        n += read_all(reader, text + n);
    while (!log_sink_flush(s));
    log_sink_put(s, line, (size_t)snprintf(line, sizeof(line), "line %u of many lines\n", lines));
    assert_true(log_sink_flush(s));
    n += read_all(reader, text + n);
    text[n] = 0;
    for (char *p = text, *end; (end = strchr(p, '\n')); p = end + 1) {
        *end = 0;
        if (sscanf(p, "riscreen: %u lines are missing here", &number) == 1) {
            missing += number;
            next += number;
            continue;
        }
        assert_int_equal(sscanf(p, "line %u of many lines", &number), 1);
        assert_int_equal(number, next);
        next++;
    }
    assert_int_equal(next, lines + 1);
    assert_true(missing > 0);
    log_sink_destroy(s);
    free(text);
}

static void test_unread(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    put_unread(ends[0], ends[1], 20000);
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0); /* others write there, too */
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    put_unread(ends[0], ends[1], 40000);
    close(ends[0]);
    close(ends[1]);
}

/* The end waits for a reader only for a while, and not at all for one that is gone. */
static void test_end(void **state)
{
    (void)state;
    int ends[2];
    char line[256];
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    for (int gone = 0; gone < 2; gone++) {
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        struct log_sink *s = log_sink_create(ends[1]);
        for (unsigned i = 0; i < 4096; i++)
            log_sink_put(s, line, sizeof(line));
        if (gone)
            close(ends[0]);
        log_sink_destroy(s);
        close(ends[1]);
        if (!gone)
            close(ends[0]);
    }
}

/* A message is one line, and shows what it is made of. */
static void test_message(void **state)
{
    (void)state;
    int ends[2], saved = dup(STDERR_FILENO);
    char text[8192];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    dup2(ends[1], STDERR_FILENO);
    struct log *log = log_create("ui", NULL);
    struct log_limit limit = {0};
    log_warn(log, "file '%s'", "a\nriscreen: b\x1b[2J");
    log_debug(log, LOG_UI, "%s", "\r\xff");
    log_debug(log, LOG_GPU, "off");
    log_limited(log, &limit, LOG_BY_GUEST, "%s", "\x07");
    log_limited(log, &limit, LOG_BY_CLIENT, "wrong");
    log_limited(log, &limit, LOG_BY_HOST, "full");
    log_error("who", "%s", "\x08");
    log_destroy(log);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t n = read(ends[0], text, sizeof(text) - 1);
    text[MAX(n, 0)] = 0;
    assert_string_equal(text,
                        "riscreen: file 'a\\x0ariscreen: b\\x1b[2J'\nui: \\x0d\\xff\n"
                        "riscreen: guest: \\x07\nriscreen: client: wrong\nriscreen: host: full\n"
                        "who: \\x08\n");
    close(ends[0]);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printable), cmocka_unit_test(test_printable_cut),
        cmocka_unit_test(test_utf8),      cmocka_unit_test(test_unread),
        cmocka_unit_test(test_end),       cmocka_unit_test(test_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
