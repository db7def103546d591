/* SPDX-License-Identifier: MIT */
/*
 * Deflate's method (RFC 1951, one block of fixed codes): matches found by hash chains, bits packed and unpacked. The text is
 * packed, unpacked and compared.
 */
#include "kernels.h"

enum {
    TEXT = 1 << 20,
    WINDOW = 32768,
    HASHES = 1 << 14,
    TRIES = 16,
    MIN_MATCH = 3,
    MAX_MATCH = 258
};
enum { END = 256, LENGTH_CODES = 29, DISTANCE_CODES = 30 };

static const uint16_t length_base[LENGTH_CODES] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                   15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                   67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[LENGTH_CODES] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                   2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_base[DISTANCE_CODES] = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t distance_extra[DISTANCE_CODES] = {0, 0, 0,  0,  1,  1,  2,  2,  3,  3,
                                                       4, 4, 5,  5,  6,  6,  7,  7,  8,  8,
                                                       9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

struct packer {
    const uint8_t *text;
    uint8_t *out;
    uint64_t bits;
    unsigned count;
    uint32_t head[HASHES], previous[WINDOW]; /* position + 1; 0: none */
};

static void put_bits(struct packer *p, uint32_t value, unsigned count)
{
    p->bits |= (uint64_t)value << p->count;
    for (p->count += count; p->count >= 8; p->count -= 8, p->bits >>= 8)
        *p->out++ = (uint8_t)p->bits;
}

static uint32_t reverse(uint32_t code, unsigned count)
{
    uint32_t result = 0;
    for (; count; count--, code >>= 1)
        result = result << 1 | (code & 1);
    return result;
}

/* The fixed code of a literal, of END or of a length. */
static void put_symbol(struct packer *p, unsigned symbol)
{
    if (symbol < 144)
        put_bits(p, reverse(0x30 + symbol, 8), 8);
    else if (symbol < 256)
        put_bits(p, reverse(0x190 + symbol - 144, 9), 9);
    else if (symbol < 280)
        put_bits(p, reverse(symbol - 256, 7), 7);
    else
        put_bits(p, reverse(0xc0 + symbol - 280, 8), 8);
}

static void put_match(struct packer *p, uint32_t length, uint32_t distance)
{
    unsigned code = LENGTH_CODES - 1;
    while (length_base[code] > length)
        code--;
    put_symbol(p, 257 + code);
    put_bits(p, length - length_base[code], length_extra[code]);
    for (code = DISTANCE_CODES - 1; distance_base[code] > distance;)
        code--;
    put_bits(p, reverse(code, 5), 5);
    put_bits(p, distance - distance_base[code], distance_extra[code]);
}

static uint32_t hash_of(const uint8_t *s)
{
    return ((uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2]) * 2654435761u >> 18;
}

static void enter(struct packer *p, uint32_t at)
{
    uint32_t hash = hash_of(p->text + at);
    p->previous[at % WINDOW] = p->head[hash];
    p->head[hash] = at + 1;
}

static uint32_t match_length(const uint8_t *a, const uint8_t *b, uint32_t most)
{
    uint32_t n = 0;
    while (n < most && a[n] == b[n])
        n++;
    return n;
}

/* Returns the length of the longest match of the text at `at`, 0 without one, and its distance. */
static uint32_t find(struct packer *p, uint32_t at, uint32_t *distance)
{
    uint32_t best = MIN_MATCH - 1, most = TEXT - at < MAX_MATCH ? TEXT - at : MAX_MATCH;
    uint32_t next = p->head[hash_of(p->text + at)];
    for (int tries = TRIES; next && at - (next - 1) < WINDOW && tries; tries--) {
        uint32_t other = next - 1, n = match_length(p->text + at, p->text + other, most);
        if (n > best) {
            best = n;
            *distance = at - other;
        }
        next = p->previous[other % WINDOW];
    }
    return best >= MIN_MATCH ? best : 0;
}

static size_t pack(struct packer *p, const uint8_t *text, uint8_t *out)
{
    for (int i = 0; i < HASHES; i++)
        p->head[i] = 0;
    p->text = text, p->out = out, p->bits = 0, p->count = 0;
    put_bits(p, 3, 3); /* the last block, fixed codes */
    for (uint32_t at = 0; at < TEXT;) {
        uint32_t distance = 0, length = at + MIN_MATCH < TEXT ? find(p, at, &distance) : 0;
        if (length)
            put_match(p, length, distance);
        else
            put_symbol(p, text[at]);
        for (uint32_t end = at + (length ? length : 1); at < end; at++)
            if (at + MIN_MATCH < TEXT)
                enter(p, at);
    }
    put_symbol(p, END);
    put_bits(p, 0, 7);
    return (size_t)(p->out - out);
}

struct unpacker {
    const uint8_t *in;
    uint64_t bits;
    unsigned count;
    uint16_t symbol[512]; /* by the next 9 bits: the symbol << 4 | the bits of its code */
};

static void make_table(struct unpacker *u)
{
    for (unsigned i = 0; i < 512; i++) {
        uint32_t code = reverse(i, 9);
        unsigned found;
        if (code >> 2 < 24)
            found = (256 + (code >> 2)) << 4 | 7;
        else if (code >> 1 < 0xc0)
            found = ((code >> 1) - 0x30) << 4 | 8;
        else if (code >> 1 < 0xc8)
            found = (280 + (code >> 1) - 0xc0) << 4 | 8;
        else
            found = (144 + code - 0x190) << 4 | 9;
        u->symbol[i] = (uint16_t)found;
    }
}

static void fill(struct unpacker *u)
{
    for (; u->count <= 48; u->count += 8)
        u->bits |= (uint64_t)*u->in++ << u->count;
}

static uint32_t take(struct unpacker *u, unsigned count)
{
    uint32_t value = (uint32_t)u->bits & ((1u << count) - 1);
    u->bits >>= count;
    u->count -= count;
    return value;
}

static size_t unpack(struct unpacker *u, const uint8_t *in, uint8_t *out)
{
    uint8_t *at = out;
    u->in = in, u->bits = 0, u->count = 0;
    make_table(u);
    fill(u);
    take(u, 3);
    for (;;) {
        fill(u);
        unsigned entry = u->symbol[u->bits & 511], symbol = entry >> 4;
        take(u, entry & 15);
        if (symbol < END) {
            *at++ = (uint8_t)symbol;
            continue;
        }
        if (symbol == END)
            return (size_t)(at - out);
        symbol -= 257;
        uint32_t length = length_base[symbol] + take(u, length_extra[symbol]);
        unsigned code = reverse(take(u, 5), 5);
        uint32_t distance = distance_base[code] + take(u, distance_extra[code]);
        for (const uint8_t *from = at - distance; length; length--)
            *at++ = *from++;
    }
}

/* Words of a small vocabulary: text that packs to about a third. */
static void write_text(uint8_t *text)
{
    uint64_t seed = 1234567891011u;
    for (size_t at = 0; at < TEXT;) {
        uint64_t word = next_random(&seed) % 700 * 0x9e3779b97f4a7c15u;
        for (unsigned n = 2 + (word >> 60) % 9; n && at < TEXT; n--, word = word >> 5 | word << 59)
            text[at++] = (uint8_t)('a' + word % 26);
        if (at < TEXT)
            text[at++] = next_random(&seed) % 12 ? ' ' : '\n';
    }
}

uint64_t kernel_deflate(void *arena)
{
    struct packer *p = arena;
    struct unpacker *u = (struct unpacker *)(p + 1);
    uint8_t *text = (uint8_t *)(u + 1), *packed = text + TEXT, *copy = packed + 2 * TEXT;
    write_text(text);
    size_t size = pack(p, text, packed);
    uint64_t sum = mix(size, unpack(u, packed, copy));
    for (size_t i = 0; i < TEXT; i++)
        if (copy[i] != text[i])
            return 0;
    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + packed[i];
    return sum;
}
