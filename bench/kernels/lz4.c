/* SPDX-License-Identifier: MIT */
/*
 * A byte-oriented packer of LZ4's kind: a token with two lengths of 4 bits, literals, an offset of 16 bits. Records like those
 * of a log are packed, unpacked and compared, some times over.
 */
#include "kernels.h"

enum { SIZE = 512 << 10, PASSES = 20, HASHES = 1 << 12, MIN_MATCH = 4, TAIL = 12 };

static uint32_t load32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint8_t *put_length(uint8_t *out, uint32_t length)
{
    for (; length >= 255; length -= 255)
        *out++ = 255;
    *out++ = (uint8_t)length;
    return out;
}

/* match 0: the last sequence, which has literals only. */
static uint8_t *put_sequence(uint8_t *out, const uint8_t *literal, uint32_t count, uint32_t match,
                             uint32_t offset)
{
    uint32_t rest = match ? match - MIN_MATCH : 0;
    *out++ = (uint8_t)((count < 15 ? count : 15) << 4 | (rest < 15 ? rest : 15));
    if (count >= 15)
        out = put_length(out, count - 15);
    while (count--)
        *out++ = *literal++;
    if (!match)
        return out;
    *out++ = (uint8_t)offset;
    *out++ = (uint8_t)(offset >> 8);
    return rest >= 15 ? put_length(out, rest - 15) : out;
}

static size_t pack(uint32_t *table, const uint8_t *in, uint8_t *out)
{
    uint8_t *start = out;
    uint32_t at = 0, literal = 0;
    for (int i = 0; i < HASHES; i++)
        table[i] = 0;
    while (at < SIZE - TAIL) {
        uint32_t word = load32(in + at), *slot = &table[word * 2654435761u >> 20], other = *slot;
        *slot = at;
        if (other >= at || at - other > 65535 || load32(in + other) != word) {
            at++;
            continue;
        }
        uint32_t length = MIN_MATCH;
        while (at + length < SIZE - TAIL && in[other + length] == in[at + length])
            length++;
        out = put_sequence(out, in + literal, at - literal, length, at - other);
        at += length;
        literal = at;
    }
    out = put_sequence(out, in + literal, SIZE - literal, 0, 0);
    return (size_t)(out - start);
}

static uint32_t take_length(const uint8_t **in, uint32_t length)
{
    if (length == 15) {
        uint8_t more;
        do
            length += more = *(*in)++;
        while (more == 255);
    }
    return length;
}

static size_t unpack(const uint8_t *in, size_t size, uint8_t *out)
{
    const uint8_t *end = in + size;
    uint8_t *start = out;
    while (in < end) {
        uint8_t token = *in++;
        for (uint32_t n = take_length(&in, token >> 4); n; n--)
            *out++ = *in++;
        if (in >= end)
            break;
        const uint8_t *from = out - (in[0] | in[1] << 8);
        in += 2;
        for (uint32_t n = take_length(&in, token & 15) + MIN_MATCH; n; n--)
            *out++ = *from++;
    }
    return (size_t)(out - start);
}

static void write_records(uint8_t *data)
{
    uint64_t seed = 271828182845u;
    for (size_t at = 0; at < SIZE;) {
        uint64_t r = next_random(&seed);
        for (size_t n = 0; n < 48 && at < SIZE; n++, at++)
            data[at] = (uint8_t)(n < 8 ? r >> n * 8 : n * 5 + (n & 32 ? r & 3 : 0));
    }
}

uint64_t kernel_lz4(void *arena)
{
    uint32_t *table = arena;
    uint8_t *data = (uint8_t *)(table + HASHES), *packed = data + SIZE, *copy = packed + 2 * SIZE;
    uint64_t sum = 0;
    write_records(data);
    for (int pass = 0; pass < PASSES; pass++) {
        size_t size = pack(table, data, packed);
        sum = mix(mix(sum, size), unpack(packed, size, copy));
        for (size_t i = 0; i < SIZE; i++)
            if (copy[i] != data[i])
                return 0;
        data[(size_t)pass * 1000] ^= 0x55;
    }
    return sum;
}
