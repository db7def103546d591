/* SPDX-License-Identifier: MIT */
#include "ui/websocket.h"

#include <stdio.h>
#include <string.h>

enum { CONTINUATION = 0, TEXT = 1 };

/* --- frames --- */

static unsigned opcode_of(const struct websocket_reader *r)
{
    return r->header[0] & 15;
}

static bool is_control(const struct websocket_reader *r)
{
    return opcode_of(r) & 8;
}

/* Returns the header's length, which follows from its second byte. */
static unsigned header_length(const struct websocket_reader *r)
{
    unsigned size = r->header[1] & 127;
    return 2 + (size == 126 ? 2 : size == 127 ? 8 : 0) + 4;
}

/* Checks the first two bytes (5.2). Returns 0, or the status with which the stream ends. */
static unsigned check_start(const struct websocket_reader *r)
{
    bool whole = r->header[0] & 0x80, masked = r->header[1] & 0x80;
    if ((r->header[0] & 0x70) || !masked)
        return WEBSOCKET_WRONG;
    switch (opcode_of(r)) {
    case CONTINUATION: return r->in_message ? 0 : WEBSOCKET_WRONG;
    case WEBSOCKET_BINARY: return r->in_message ? WEBSOCKET_WRONG : 0;
    case TEXT: return WEBSOCKET_NOT_HERE;
    case WEBSOCKET_CLOSE:
    case WEBSOCKET_PING:
    case WEBSOCKET_PONG:
        return whole && (r->header[1] & 127) <= WEBSOCKET_CONTROL ? 0 : WEBSOCKET_WRONG;
    default: return WEBSOCKET_WRONG;
    }
}

/* Reads the mask and the size, which must have the shortest form. Returns as check_start. */
static unsigned read_size(struct websocket_reader *r)
{
    unsigned words = header_length(r) - 6;
    r->size = words ? 0 : r->header[1] & 127;
    for (unsigned i = 0; i < words; i++)
        r->size = r->size << 8 | r->header[2 + i];
    memcpy(r->mask, r->header + 2 + words, sizeof(r->mask));
    if ((words == 2 && r->size < 126) || (words == 8 && (r->size < 65536 || r->size >> 63)))
        return WEBSOCKET_WRONG;
    return r->size <= WEBSOCKET_FRAME ? 0 : WEBSOCKET_TOO_BIG;
}

static void end_frame(struct websocket_reader *r)
{
    r->in_frame = false;
    r->header_size = 0;
    if (!is_control(r)) {
        r->in_message = !(r->header[0] & 0x80);
    } else if (opcode_of(r) == WEBSOCKET_CLOSE) {
        r->status = r->size == 1 ? WEBSOCKET_WRONG : WEBSOCKET_NORMAL;
    } else if (opcode_of(r) == WEBSOCKET_PING) {
        memcpy(r->ping, r->control, r->size);
        r->ping_size = (unsigned)r->size;
        r->pinged = true;
    }
}

static void take_header_byte(struct websocket_reader *r, uint8_t byte)
{
    r->header[r->header_size++] = byte;
    if (r->header_size == 2)
        r->status = check_start(r);
    if (r->header_size < 2 || r->status || r->header_size < header_length(r))
        return;
    r->status = read_size(r);
    r->at = 0;
    r->in_frame = !r->status;
    if (r->in_frame && !r->size)
        end_frame(r);
}

/* Unmasks n bytes of the payload into `to`, which may begin before `from` and overlap it. */
static void take_payload(struct websocket_reader *r, uint8_t *to, const uint8_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i] ^ r->mask[(r->at + i) & 3];
    r->at += n;
    if (r->at == r->size)
        end_frame(r);
}

size_t websocket_read(struct websocket_reader *r, uint8_t *data, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n && !r->status;) {
        if (!r->in_frame) {
            take_header_byte(r, data[i++]);
            continue;
        }
        size_t part = (size_t)MIN((uint64_t)(n - i), r->size - r->at);
        bool control = is_control(r);
        take_payload(r, control ? r->control + r->at : data + out, data + i, part);
        out += control ? 0 : part;
        i += part;
    }
    return out;
}

size_t websocket_put_header(uint8_t to[WEBSOCKET_HEADER], unsigned opcode, size_t size)
{
    unsigned words = size < 126 ? 0 : size < 65536 ? 2 : 8;
    to[0] = (uint8_t)(0x80 | opcode);
    to[1] = (uint8_t)(words == 0 ? size : words == 2 ? 126 : 127);
    for (unsigned i = 0; i < words; i++)
        to[2 + i] = (uint8_t)((uint64_t)size >> 8 * (words - 1 - i));
    return 2 + words;
}

/* --- the handshake --- */

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* One block of SHA-1 (FIPS 180-4, 6.1.2). */
static void sha1_block(uint32_t h[5], const uint8_t block[64])
{
    uint32_t w[80], v[5];
    for (unsigned t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (unsigned t = 16; t < 80; t++)
        w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    memcpy(v, h, sizeof(v));
    for (unsigned t = 0; t < 80; t++) {
        static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
        uint32_t choose = (v[1] & v[2]) | (~v[1] & v[3]), parity = v[1] ^ v[2] ^ v[3];
        uint32_t majority = (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
        uint32_t f = t < 20 ? choose : t >= 40 && t < 60 ? majority : parity;
        uint32_t next = rotate(v[0], 5) + f + v[4] + k[t / 20] + w[t];
        v[4] = v[3];
        v[3] = v[2];
        v[2] = rotate(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (unsigned i = 0; i < 5; i++)
        h[i] += v[i];
}

/* n: less than 120. */
static void sha1(uint8_t digest[20], const char *text, size_t n)
{
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t data[128] = {0};
    size_t size = n < 56 ? 64 : 128;
    memcpy(data, text, n);
    data[n] = 0x80;
    data[size - 2] = (uint8_t)(n * 8 >> 8);
    data[size - 1] = (uint8_t)(n * 8);
    for (size_t i = 0; i < size; i += 64)
        sha1_block(h, data + i);
    for (unsigned i = 0; i < 20; i++)
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool websocket_accept(char to[WEBSOCKET_ACCEPT], const char *key)
{
    char text[WEBSOCKET_KEY + 40];
    uint8_t digest[21] = {0}; /* with a 0, which completes the last group of three */
    if (strlen(key) != WEBSOCKET_KEY || strspn(key, base64) != WEBSOCKET_KEY - 2 ||
        strcmp(key + WEBSOCKET_KEY - 2, "==") != 0)
        return false;
    snprintf(text, sizeof(text), "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1(digest, text, strlen(text));
    for (unsigned i = 0; i < 7; i++) {
        const uint8_t *three = digest + 3 * i;
        uint32_t group = (uint32_t)three[0] << 16 | (uint32_t)three[1] << 8 | three[2];
        for (unsigned k = 0; k < 4; k++)
            to[4 * i + k] = base64[group >> (18 - 6 * k) & 63];
    }
    to[27] = '=';
    to[28] = 0;
    return true;
}
