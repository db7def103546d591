/* SPDX-License-Identifier: MIT */
/* WebSockets: the RFC's own examples, every wrong header, and frames cut anywhere. */
#include "ui/websocket.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

static void test_handshake(void **state)
{
    (void)state;
    char got[WEBSOCKET_ACCEPT];
    assert_true(websocket_accept(got, "dGhlIHNhbXBsZSBub25jZQ=="));
    assert_string_equal(got, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_false(websocket_accept(got, ""));
    assert_false(websocket_accept(got, "dGhlIHNhbXBsZSBub25jZQ="));
    assert_false(websocket_accept(got, "dGhlIHNhbXBsZSBub25jZQ==="));
    assert_false(websocket_accept(got, "dGhl\x1bHNhbXBsZSBub25jZQ=="));
    assert_false(websocket_accept(got, "dGhlIHNhbXBsZSBub25jZQ=A"));
}

/* A masked frame; returns its length. claims: the size in its header. */
static size_t frame(uint8_t *to, unsigned first, const char *data, size_t n, uint64_t claims)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned words = claims < 126 ? 0 : claims < 65536 ? 2 : 8;
    size_t at = 2 + words;
    to[0] = (uint8_t)first;
    to[1] = (uint8_t)(0x80 | (words == 0 ? claims : words == 2 ? 126 : 127));
    for (unsigned i = 0; i < words; i++)
        to[2 + i] = (uint8_t)(claims >> 8 * (words - 1 - i));
    memcpy(to + at, mask, 4);
    for (size_t i = 0; i < n; i++)
        to[at + 4 + i] = (uint8_t)data[i] ^ mask[i & 3];
    return at + 4 + n;
}

static void test_rfc_example(void **state)
{
    (void)state;
    struct websocket_reader r = {0};
    uint8_t hello[] = {0x82, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
    assert_int_equal(websocket_read(&r, hello, sizeof(hello)), 5);
    assert_memory_equal(hello, "Hello", 5);
    assert_false(r.in_frame || r.in_message || r.status);
}

/* A stream with fragments, pings between them and a long frame, given in pieces of each size. */
static void test_pieces(void **state)
{
    (void)state;
    char long_one[1000];
    memset(long_one, 'x', sizeof(long_one));
    for (size_t piece = 1; piece < 40; piece++) {
        struct websocket_reader r = {0};
        uint8_t all[2000], got[2000];
        size_t n = 0, have = 0;
        n += frame(all + n, 0x02, "ab", 2, 2);
        n += frame(all + n, 0x89, "ping", 4, 4);
        n += frame(all + n, 0x00, "", 0, 0);
        n += frame(all + n, 0x80, "cd", 2, 2);
        n += frame(all + n, 0x82, long_one, sizeof(long_one), sizeof(long_one));
        n += frame(all + n, 0x8a, "", 0, 0);
        size_t before_close = n;
        n += frame(all + n, 0x88, "\3\xe8", 2, 2);
        n += frame(all + n, 0x82, "late", 4, 4);
        for (size_t i = 0; i < n; i += piece) {
            size_t part = websocket_read(&r, all + i, MIN(piece, n - i));
            memcpy(got + have, all + i, part);
            have += part;
            assert_true(i + piece <= before_close ? !r.status : true);
        }
        assert_int_equal(have, 4 + sizeof(long_one));
        assert_memory_equal(got, "abcdx", 5);
        assert_true(r.pinged && r.ping_size == 4 && !memcmp(r.ping, "ping", 4));
        assert_int_equal(r.status, WEBSOCKET_NORMAL);
    }
}

static void test_wrong(void **state)
{
    (void)state;
    static const struct {
        unsigned first;
        uint64_t claims;
        unsigned status;
    } rows[] = {
        {0x8a, 65536, WEBSOCKET_WRONG},
        {0x88, 65536, WEBSOCKET_WRONG},
        {0x89, 126, WEBSOCKET_WRONG},
        {0x8a, UINT64_C(1) << 63, WEBSOCKET_WRONG},
        {0x09, 4, WEBSOCKET_WRONG},
        {0x08, 0, WEBSOCKET_WRONG},
        {0x80, 4, WEBSOCKET_WRONG},
        {0x81, 4, WEBSOCKET_NOT_HERE},
        {0x83, 4, WEBSOCKET_WRONG},
        {0x8b, 4, WEBSOCKET_WRONG},
        {0x8f, 4, WEBSOCKET_WRONG},
        {0xc2, 4, WEBSOCKET_WRONG},
        {0xa2, 4, WEBSOCKET_WRONG},
        {0x92, 4, WEBSOCKET_WRONG},
        {0x82, UINT64_MAX, WEBSOCKET_WRONG},
        {0x82, UINT64_C(1) << 63, WEBSOCKET_WRONG},
        {0x82, UINT64_MAX >> 1, WEBSOCKET_TOO_BIG},
        {0x82, WEBSOCKET_FRAME + 1, WEBSOCKET_TOO_BIG},
        {0x82, WEBSOCKET_FRAME, 0},
        {0x88, 1, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct websocket_reader r = {0};
        uint8_t data[64];
        size_t n = frame(data, rows[i].first, "", 0, rows[i].claims);
        assert_int_equal(websocket_read(&r, data, n), 0);
        assert_int_equal(r.status, rows[i].status);
        assert_true(r.status || r.size == rows[i].claims);
    }
}

static void test_wrong_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } rows[] = {
        {"\x82\x05", 2},                          /* no mask */
        {"\x82\xfe\0\x05mask", 8},                /* longer than it need be */
        {"\x82\xff\0\0\0\0\0\0\xff\xffmask", 14}, /* the same */
        {"\x02\x80mask\x82\x80", 8},              /* a message within another */
        {"\x88\x81mask\0", 7},                    /* half a status */
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct websocket_reader r = {0};
        uint8_t data[64];
        memcpy(data, rows[i].bytes, rows[i].n);
        assert_int_equal(websocket_read(&r, data, rows[i].n), 0);
        assert_int_equal(r.status, WEBSOCKET_WRONG);
        assert_int_equal(websocket_read(&r, data, rows[i].n), 0);
    }
}

static void test_headers(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 1 << 20};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        uint8_t head[WEBSOCKET_HEADER];
        size_t n = websocket_put_header(head, WEBSOCKET_BINARY, sizes[i]), size = head[1];
        assert_int_equal(head[0], 0x82);
        assert_int_equal(n, sizes[i] < 126 ? 2 : sizes[i] < 65536 ? 4 : 10);
        for (size_t k = 2; k < n; k++)
            size = (k == 2 ? 0 : size << 8) | head[k];
        assert_int_equal(size, sizes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake),   cmocka_unit_test(test_rfc_example),
        cmocka_unit_test(test_pieces),      cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_wrong_bytes), cmocka_unit_test(test_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
