/* SPDX-License-Identifier: MIT */
/* HTTP requests: what they say, which paths name files, whose pages may see the screen. */
#include "ui/http_request.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

static void test_heads(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\nmore";
    size_t whole = sizeof(text) - 1 - 4;
    assert_int_equal(http_head_length(text, sizeof(text) - 1), whole);
    for (size_t n = 0; n < whole; n++)
        assert_int_equal(http_head_length(text, n), 0);
}

static void test_requests(void **state)
{
    (void)state;
    struct http_request r;
    assert_true(http_parse(&r, "GET /a/b.js?x=/../y HTTP/1.1\r\nHOST:  here:80 \r\n"
                               "upgrade: WebSocket\r\nOrigin: http://here:80\r\n\r\n"));
    assert_true(r.get && r.websocket);
    assert_string_equal(r.path, "/a/b.js");
    assert_string_equal(r.host, "here:80");
    assert_string_equal(r.origin, "http://here:80");
    assert_true(http_parse(&r, "HEAD / HTTP/1.0\r\n\r\n"));
    assert_false(r.get || r.websocket);
    assert_string_equal(r.host, "");
    assert_true(http_parse(&r, "GETTER / HTTP/1.1\r\n\r\n"));
    assert_false(r.get);
    static const char *const none[] = {"",
                                       "\r\n\r\n",
                                       "GET\r\n\r\n",
                                       "GET /\r\n\r\n",
                                       " / HTTP/1.1",
                                       "GET / HTTP/2.0\r\n\r\n",
                                       "GET  HTTP/1.1\r\n\r\n"};
    for (size_t i = 0; i < ARRAY_SIZE(none); i++)
        assert_false(http_parse(&r, none[i]) && r.path[0]);
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const none[] = {
        "a",     "*",     "/..",       "/a/../b", "/.a",  "/a/.b",        "/%41",
        "/a b",  "/a\\b", "http://x/", "/\x80",   "//",   "//etc/passwd", "///etc/passwd",
        "/a//b", "/a/",   "/a//",      "//a",     "//..", "/a/./b"};
    char text[600];
    struct http_request r;
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n\r\n", none[i]);
        assert_true(!http_parse(&r, text) || !r.path[0]);
    }
    snprintf(text, sizeof(text), "GET /%0300d HTTP/1.1\r\n\r\n", 0);
    assert_true(http_parse(&r, text) && !r.path[0]);
    assert_true(http_parse(&r, "GET /a-b_c.d/e..f HTTP/1.1\r\n\r\n"));
    assert_string_equal(r.path, "/a-b_c.d/e..f");
}

/* Only what is printable and said once reaches the log and the comparisons. */
static void test_values(void **state)
{
    (void)state;
    static const char *const none[] = {"a\x1b[31m", "a\x07", "a b",   "a\x80",
                                       "\2332J",    "a\tb",  "a\x7f", ""};
    char text[600];
    struct http_request r;
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\n\r\n", none[i],
                 none[i]);
        assert_true(http_parse(&r, text));
        assert_string_equal(r.host, "");
        assert_string_equal(r.origin, "");
    }
    assert_true(http_parse(&r, "GET / HTTP/1.1\r\nHost: a \t\r\n\r\n"));
    assert_string_equal(r.host, "a");
    assert_false(http_parse(&r, "GET / HTTP/1.1\r\nHost: localhost\r\nHost: a\r\n\r\n"));
    assert_false(http_parse(&r, "GET / HTTP/1.1\r\nOrigin: a\r\norigin: a\r\n\r\n"));
    assert_true(http_parse(&r, "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"));
    assert_string_equal(r.host, "");
}

static void test_origins(void **state)
{
    (void)state;
    static const struct {
        const char *host, *origin;
        bool any, local;
    } rows[] = {
        {"localhost:6080", "http://localhost:6080", true, true},
        {"LOCALHOST", "https://localhost", true, true},
        {"127.9.9.9:1", "http://127.9.9.9:1", true, true},
        {"[::1]:6080", "http://[::1]:6080", true, true},
        {"host:6080", "http://host:6080", true, false},
        {"localhost.evil:1", "http://localhost.evil:1", true, false},
        {"127.0.0.1.evil", "http://127.0.0.1.evil", true, false},
        {"[::1].evil", "http://[::1].evil", true, false},
        {"127.0.0.999", "http://127.0.0.999", true, false},
        {"127.-1.+0.1", "http://127.-1.+0.1", true, false},
        {"localhost:1.evil", "http://localhost:1.evil", true, false},
        {"1.2.3.4", "http://1.2.3.4", true, false},
        {"localhost:6080", "http://localhost:6081", false, false},
        {"localhost:6080", "http://evil", false, false},
        {"localhost:6080", "null", false, false},
        {"localhost:6080", "", false, false},
        {"", "http://", false, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_request r = {0};
        strcpy(r.host, rows[i].host);
        strcpy(r.origin, rows[i].origin);
        assert_int_equal(http_same_origin(&r, false), rows[i].any);
        assert_int_equal(http_same_origin(&r, true), rows[i].local);
        assert_true(http_host_ok(&r, false) || !rows[i].host[0]);
        assert_true(http_host_ok(&r, true) || !rows[i].local);
    }
    struct http_request rebound = {.host = "rebound.example:6080"};
    assert_true(http_host_ok(&rebound, false) && !http_host_ok(&rebound, true));
    assert_false(http_host_ok(&(struct http_request){0}, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),   cmocka_unit_test(test_requests),
        cmocka_unit_test(test_paths),   cmocka_unit_test(test_values),
        cmocka_unit_test(test_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
