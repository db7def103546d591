/* SPDX-License-Identifier: MIT */
/*
 * AES-128 in counter mode (FIPS 197; SP 800-38A, 6.5) with the tables that programs without AES instructions use: a round is 16
 * look-ups in 4 KiB. The first block is FIPS 197's example, appendix B: its result is in the sum.
 */
#include "kernels.h"

enum { ROUNDS = 10, WORDS = 4 * (ROUNDS + 1), BLOCKS = 400000 };

struct cipher {
    uint8_t sbox[256];
    uint32_t table[4][256]; /* a byte's column after SubBytes and MixColumns, by row */
    uint32_t key[WORDS];
};

static uint8_t twice(uint8_t x)
{
    return (uint8_t)(x << 1 ^ (x & 0x80 ? 0x1b : 0));
}

static uint8_t rotate8(uint8_t x, unsigned n)
{
    return (uint8_t)(x << n | x >> (8 - n));
}

static uint32_t rotate32(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* p runs through the field by the generator 3, q through the inverses. */
static void make_sbox(uint8_t *sbox)
{
    uint8_t p = 1, q = 1;
    do {
        p = (uint8_t)(p ^ twice(p));
        q ^= (uint8_t)(q << 1);
        q ^= (uint8_t)(q << 2);
        q ^= (uint8_t)(q << 4);
        if (q & 0x80)
            q ^= 0x09;
        sbox[p] =
            (uint8_t)(q ^ rotate8(q, 1) ^ rotate8(q, 2) ^ rotate8(q, 3) ^ rotate8(q, 4) ^ 0x63);
    } while (p != 1);
    sbox[0] = 0x63;
}

static uint32_t substitute(const struct cipher *c, uint32_t x)
{
    return (uint32_t)c->sbox[x >> 24] << 24 | (uint32_t)c->sbox[x >> 16 & 255] << 16 |
           (uint32_t)c->sbox[x >> 8 & 255] << 8 | c->sbox[x & 255];
}

static void prepare(struct cipher *c, const uint32_t key[4])
{
    make_sbox(c->sbox);
    for (int i = 0; i < 256; i++) {
        uint8_t s = c->sbox[i], s2 = twice(s);
        uint32_t column =
            (uint32_t)s2 << 24 | (uint32_t)s << 16 | (uint32_t)s << 8 | (uint8_t)(s2 ^ s);
        for (unsigned row = 0; row < 4; row++)
            c->table[row][i] = row ? rotate32(column, 8 * row) : column;
    }
    uint8_t constant = 1;
    for (int i = 0; i < WORDS; i++) {
        uint32_t word = i < 4 ? key[i] : c->key[i - 1];
        if (i >= 4 && i % 4 == 0) {
            word = substitute(c, rotate32(word, 24)) ^ (uint32_t)constant << 24;
            constant = twice(constant);
        }
        c->key[i] = i < 4 ? word : word ^ c->key[i - 4];
    }
}

static uint32_t column(const struct cipher *c, uint32_t a, uint32_t b, uint32_t d, uint32_t e)
{
    return c->table[0][a >> 24] ^ c->table[1][b >> 16 & 255] ^ c->table[2][d >> 8 & 255] ^
           c->table[3][e & 255];
}

static uint32_t last_column(const struct cipher *c, uint32_t a, uint32_t b, uint32_t d, uint32_t e)
{
    return (uint32_t)c->sbox[a >> 24] << 24 | (uint32_t)c->sbox[b >> 16 & 255] << 16 |
           (uint32_t)c->sbox[d >> 8 & 255] << 8 | c->sbox[e & 255];
}

static void encrypt(const struct cipher *c, const uint32_t in[4], uint32_t out[4])
{
    const uint32_t *k = c->key;
    uint32_t a = in[0] ^ k[0], b = in[1] ^ k[1], d = in[2] ^ k[2], e = in[3] ^ k[3];
    for (int round = 1; round < ROUNDS; round++) {
        k += 4;
        uint32_t a2 = column(c, a, b, d, e) ^ k[0], b2 = column(c, b, d, e, a) ^ k[1];
        uint32_t d2 = column(c, d, e, a, b) ^ k[2], e2 = column(c, e, a, b, d) ^ k[3];
        a = a2, b = b2, d = d2, e = e2;
    }
    out[0] = last_column(c, a, b, d, e) ^ k[4];
    out[1] = last_column(c, b, d, e, a) ^ k[5];
    out[2] = last_column(c, d, e, a, b) ^ k[6];
    out[3] = last_column(c, e, a, b, d) ^ k[7];
}

uint64_t kernel_aes(void *arena)
{
    static const uint32_t key[4] = {0x2b7e1516, 0x28aed2a6, 0xabf71588, 0x09cf4f3c};
    uint32_t counter[4] = {0x3243f6a8, 0x885a308d, 0x313198a2, 0xe0370734}, stream[4];
    struct cipher *c = arena;
    uint32_t *data = (uint32_t *)(c + 1);
    uint64_t sum = 0;
    prepare(c, key);
    for (uint32_t block = 0; block < BLOCKS; block++, counter[3]++) {
        encrypt(c, counter, stream);
        if (block == 0 && (stream[0] != 0x3925841d || stream[3] != 0x196a0b32))
            return 0;
        for (uint32_t i = 0; i < 4; i++)
            data[block * 4 + i] = (block * 4 + i) ^ stream[i];
    }
    for (uint32_t i = 0; i < BLOCKS * 4; i++)
        sum = sum * 31 + data[i];
    return sum;
}
