/* SPDX-License-Identifier: MIT */
/*
 * What single instructions of Zbb and Zbc compute, where that is no C operator: plain functions of
 * register values, for the interpreter and for whatever an engine does not translate. Where a
 * result depends on XLEN there is a function for 64 bits and one for 32.
 */
#ifndef CPU_BITMANIP_H
#define CPU_BITMANIP_H

#include <stdint.h>

/* clz, ctz: the width itself for 0. */
static inline unsigned bit_clz64(uint64_t v)
{
    return v ? (unsigned)__builtin_clzll(v) : 64;
}

static inline unsigned bit_clz32(uint32_t v)
{
    return v ? (unsigned)__builtin_clz(v) : 32;
}

static inline unsigned bit_ctz64(uint64_t v)
{
    return v ? (unsigned)__builtin_ctzll(v) : 64;
}

static inline unsigned bit_ctz32(uint32_t v)
{
    return v ? (unsigned)__builtin_ctz(v) : 32;
}

/* rol; ror is rol by -n. Only the low bits of n count. */
static inline uint64_t bit_rol64(uint64_t v, unsigned n)
{
    return v << (n & 63) | v >> (-n & 63);
}

static inline uint32_t bit_rol32(uint32_t v, unsigned n)
{
    return v << (n & 31) | v >> (-n & 31);
}

static inline uint64_t bit_rev64(uint64_t v)
{
    return __builtin_bswap64(v);
}

static inline uint32_t bit_rev32(uint32_t v)
{
    return __builtin_bswap32(v);
}

/* orc.b: each byte that is not 0 becomes 0xff. */
static inline uint64_t bit_orc64(uint64_t v)
{
    uint64_t any = v | v >> 4;
    any |= any >> 2;
    any |= any >> 1;
    return (any & UINT64_C(0x0101010101010101)) * 0xff;
}

static inline uint32_t bit_orc32(uint32_t v)
{
    return (uint32_t)bit_orc64(v);
}

/* clmul: the low 64 bits of the carry-less product; of 32-bit operands all 63 of it. */
static inline uint64_t bit_clmul64(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < 64; i++)
        r ^= (b >> i & 1) ? a << i : 0;
    return r;
}

static inline uint32_t bit_clmul32(uint32_t a, uint32_t b)
{
    return (uint32_t)bit_clmul64(a, b);
}

/* clmulh: the product's upper half. */
static inline uint64_t bit_clmulh64(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned i = 1; i < 64; i++)
        r ^= (b >> i & 1) ? a >> (64 - i) : 0;
    return r;
}

static inline uint32_t bit_clmulh32(uint32_t a, uint32_t b)
{
    return (uint32_t)(bit_clmul64(a, b) >> 32);
}

/* clmulr: the product from bit XLEN - 1 on, that is, the product of the operands reversed,
 * reversed. */
static inline uint64_t bit_clmulr64(uint64_t a, uint64_t b)
{
    return bit_clmulh64(a, b) << 1 | bit_clmul64(a, b) >> 63;
}

static inline uint32_t bit_clmulr32(uint32_t a, uint32_t b)
{
    return (uint32_t)(bit_clmul64(a, b) >> 31);
}

#endif
