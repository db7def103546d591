/* SPDX-License-Identifier: MIT */
#include "cpu/fpu.h"
#include "cpu/fpu_core.h"

/*
 * Addition, multiplication, division, square root and fused multiply-add. Each generic function
 * first sends away NaN, infinity and zero, then computes on significands. See fpu_core.h for the
 * number format and for "jamming".
 */

/* The sign of a sum that is exactly zero: that of both operands if it is the same; else +, but -
 * when rounding down. */
FPU_INLINE uint64_t zero_sum(struct fpu_fmt f, bool a_sign, bool b_sign, unsigned rm)
{
    return fpu_zero(f, a_sign == b_sign ? a_sign : rm == FPU_RDN);
}

/* For two operands of which at least one is NaN. */
FPU_INLINE uint64_t nan_result(struct fpu_fmt f, struct fpu_num a, struct fpu_num b,
                               uint32_t *flags)
{
    if (a.kind == FPU_SNAN || b.kind == FPU_SNAN)
        *flags |= FPU_NV;
    return fpu_nan(f);
}

/* raw_a, raw_b: the operands still packed, b with the sign it is added with. */
static __attribute__((noinline)) uint64_t add_special(struct fpu_fmt f, uint64_t raw_a,
                                                      uint64_t raw_b, unsigned rm, uint32_t *flags)
{
    struct fpu_num a = fpu_unpack(f, raw_a), b = fpu_unpack(f, raw_b);

    if (fpu_num_is_nan(a) || fpu_num_is_nan(b))
        return nan_result(f, a, b, flags);
    if (a.kind == FPU_INF && b.kind == FPU_INF && a.sign != b.sign)
        return fpu_invalid(f, flags);
    if (a.kind == FPU_INF || b.kind == FPU_INF)
        return a.kind == FPU_INF ? raw_a : raw_b;
    if (a.kind == FPU_ZERO && b.kind == FPU_ZERO)
        return zero_sum(f, a.sign, b.sign, rm);
    return a.kind == FPU_ZERO ? raw_b : raw_a;
}

FPU_INLINE uint64_t generic_add(struct fpu_fmt f, uint64_t raw_a, uint64_t raw_b, unsigned rm,
                                uint32_t *flags)
{
    struct fpu_num a, b;
    uint64_t x, y;
    int lz;

    /*
     * The greater magnitude first: then the exponents are in order and a difference is not
     * negative.
     */
    if (fpu_magnitude(f, raw_a) < fpu_magnitude(f, raw_b)) {
        uint64_t t = raw_a;

        raw_a = raw_b;
        raw_b = t;
    }
    a = fpu_unpack(f, raw_a);
    b = fpu_unpack(f, raw_b);
    if (unlikely(a.kind != FPU_FINITE || b.kind != FPU_FINITE))
        return add_special(f, raw_a, raw_b, rm, flags);

    /*
     * One bit of headroom for the carry. A difference loses more than one leading bit only if the
     * exponents differ by at most one, and then the shift loses no bits; otherwise the jammed bit
     * stays far below the rounding point.
     */
    x = a.sig >> 1;
    y = fpu_shift_jam(b.sig, a.exp - b.exp + 1);
    x = a.sign == b.sign ? x + y : x - y;
    if (unlikely(!x))
        return fpu_zero(f, rm == FPU_RDN);
    lz = __builtin_clzll(x);
    return fpu_round_pack(f, a.sign, a.exp + 1 - lz, x << lz, rm, flags);
}

FPU_INLINE uint64_t generic_mul(struct fpu_fmt f, uint64_t raw_a, uint64_t raw_b, unsigned rm,
                                uint32_t *flags)
{
    struct fpu_num a = fpu_unpack(f, raw_a), b = fpu_unpack(f, raw_b);
    bool sign = a.sign != b.sign;
    uint64_t sig;
    int exp;

    if (unlikely(a.kind != FPU_FINITE || b.kind != FPU_FINITE)) {
        if (fpu_num_is_nan(a) || fpu_num_is_nan(b))
            return nan_result(f, a, b, flags);
        if (a.kind == FPU_INF || b.kind == FPU_INF) {
            if (a.kind == FPU_ZERO || b.kind == FPU_ZERO)
                return fpu_invalid(f, flags);
            return fpu_inf(f, sign);
        }
        return fpu_zero(f, sign);
    }
    sig = fpu_jam_high((fpu_u128)a.sig * b.sig);
    exp = a.exp + b.exp + 1;
    if (!(sig >> 63)) {
        sig <<= 1; /* puts a jammed bit at bit 1, still far below the rounding point */
        exp--;
    }
    return fpu_round_pack(f, sign, exp, sig, rm, flags);
}

/* a / b as 62 or 63 bits where bit 62 is the units bit, jammed. */
FPU_INLINE uint64_t divide_sig(struct fpu_fmt f, uint64_t a, uint64_t b)
{
    if (f.mbits <= FPU_F32.mbits) {
        /* 24-bit significands: a 64-bit division gives 39 bits, and a sticky bit just below. */
        uint64_t n = a >> 40 << 38, d = b >> 40;

        return n / d << 24 | (n % d != 0);
    }
    fpu_u128 n = (fpu_u128)a << 62;
    uint64_t q = (uint64_t)(n / b);

    return q | ((fpu_u128)q * b != n);
}

FPU_INLINE uint64_t generic_div(struct fpu_fmt f, uint64_t raw_a, uint64_t raw_b, unsigned rm,
                                uint32_t *flags)
{
    struct fpu_num a = fpu_unpack(f, raw_a), b = fpu_unpack(f, raw_b);
    bool sign = a.sign != b.sign;
    uint64_t q;
    int lz;

    if (unlikely(a.kind != FPU_FINITE || b.kind != FPU_FINITE)) {
        if (fpu_num_is_nan(a) || fpu_num_is_nan(b))
            return nan_result(f, a, b, flags);
        if (a.kind == b.kind) /* inf / inf, 0 / 0 */
            return fpu_invalid(f, flags);
        if (a.kind == FPU_INF)
            return fpu_inf(f, sign);
        if (a.kind == FPU_ZERO || b.kind == FPU_INF)
            return fpu_zero(f, sign);
        *flags |= FPU_DZ;
        return fpu_inf(f, sign);
    }
    q = divide_sig(f, a.sig, b.sig);
    lz = __builtin_clzll(q); /* 1 if a.sig >= b.sig, else 2 */
    return fpu_round_pack(f, sign, a.exp - b.exp + 1 - lz, q << lz, rm, flags);
}

/*
 * Square roots with remainder by Zimmermann's recursion ("Karatsuba square root"): from the root of
 * the upper half, one division gives the lower half of the root, at most one too large. Each takes
 * n with one of its top two bits set, returns the floor of the root, and stores n - root^2.
 */
static uint32_t sqrt_rem16(uint32_t n, uint32_t *rem)
{
    uint32_t root = 0;

    for (uint32_t bit = 0x80; bit; bit >>= 1) {
        if ((root | bit) * (root | bit) <= n)
            root |= bit;
    }
    *rem = n - root * root;
    return root;
}

static uint32_t sqrt_rem32(uint32_t n, uint32_t *rem)
{
    uint32_t high_rem, high = sqrt_rem16(n >> 16, &high_rem);
    uint32_t num = high_rem << 8 | (n >> 8 & 0xff);
    uint32_t q = num / (2 * high), u = num % (2 * high);
    uint32_t root = (high << 8) + q;
    int32_t r = (int32_t)((u << 8 | (n & 0xff)) - q * q);

    if (r < 0) {
        r += (int32_t)(2 * root - 1);
        root--;
    }
    *rem = (uint32_t)r;
    return root;
}

static uint64_t sqrt_rem64(uint64_t n, uint64_t *rem)
{
    uint32_t high_rem, high = sqrt_rem32((uint32_t)(n >> 32), &high_rem);
    uint64_t num = (uint64_t)high_rem << 16 | (n >> 16 & 0xffff);
    uint64_t q = num / (2 * high), u = num % (2 * high);
    uint64_t root = ((uint64_t)high << 16) + q;
    int64_t r = (int64_t)((u << 16 | (n & 0xffff)) - q * q);

    if (r < 0) {
        r += (int64_t)(2 * root - 1);
        root--;
    }
    *rem = (uint64_t)r;
    return root;
}

/*
 * The root of n * 2^64, for an n ending in zero bits, jammed: one more step of the same, with the
 * lower half zero.
 */
static uint64_t sqrt_wide(uint64_t n)
{
    uint64_t high_rem, high = sqrt_rem64(n, &high_rem);
    uint64_t root = (high << 32) + (high_rem << 31) / high;
    fpu_u128 square = (fpu_u128)root * root, wanted = (fpu_u128)n << 64;

    if (square > wanted) /* then root^2 is not n, or the remainder would be zero */
        return (root - 1) | 1;
    return root | (square != wanted);
}

FPU_INLINE uint64_t generic_sqrt(struct fpu_fmt f, uint64_t raw, unsigned rm, uint32_t *flags)
{
    struct fpu_num a = fpu_unpack(f, raw);
    bool odd;
    uint64_t sig, rem;

    if (fpu_num_is_nan(a))
        return nan_result(f, a, a, flags);
    if (a.kind == FPU_ZERO)
        return raw;
    if (a.sign)
        return fpu_invalid(f, flags);
    if (a.kind == FPU_INF)
        return raw;
    /* The significand is taken in [1, 4) so that the exponent is even. */
    odd = a.exp & 1;
    sig = odd ? a.sig : a.sig >> 1;
    if (f.mbits <= FPU_F32.mbits) {
        sig = sqrt_rem64(sig, &rem) << 32;
        sig |= rem != 0;
    } else {
        sig = sqrt_wide(sig);
    }
    return fpu_round_pack(f, false, (a.exp - odd) / 2, sig, rm, flags);
}

static __attribute__((noinline)) uint64_t fma_special(struct fpu_fmt f, uint64_t raw_a,
                                                      uint64_t raw_b, uint64_t raw_c, unsigned rm,
                                                      uint32_t *flags)
{
    struct fpu_num a = fpu_unpack(f, raw_a), b = fpu_unpack(f, raw_b), c = fpu_unpack(f, raw_c);
    bool sign = a.sign != b.sign; /* of the product */
    bool product_inf = a.kind == FPU_INF || b.kind == FPU_INF;
    bool product_zero = a.kind == FPU_ZERO || b.kind == FPU_ZERO;

    if (a.kind == FPU_SNAN || b.kind == FPU_SNAN || c.kind == FPU_SNAN)
        return fpu_invalid(f, flags);
    if (fpu_num_is_nan(a) || fpu_num_is_nan(b))
        return fpu_nan(f);
    if (product_inf && product_zero) /* even if c is a quiet NaN */
        return fpu_invalid(f, flags);
    if (fpu_num_is_nan(c))
        return fpu_nan(f);
    if (product_inf) {
        if (c.kind == FPU_INF && c.sign != sign)
            return fpu_invalid(f, flags);
        return fpu_inf(f, sign);
    }
    if (c.kind == FPU_INF)
        return raw_c;
    if (!product_zero) /* c is zero, and does not change a nonzero product */
        return generic_mul(f, raw_a, raw_b, rm, flags);
    if (c.kind == FPU_ZERO)
        return zero_sum(f, sign, c.sign, rm);
    return raw_c;
}

FPU_INLINE uint64_t generic_fma(struct fpu_fmt f, uint64_t raw_a, uint64_t raw_b, uint64_t raw_c,
                                unsigned rm, uint32_t *flags)
{
    struct fpu_num a = fpu_unpack(f, raw_a), b = fpu_unpack(f, raw_b), c = fpu_unpack(f, raw_c);
    bool sign = a.sign != b.sign, c_smaller;
    fpu_u128 p, q;
    int exp, lz;

    if (unlikely(a.kind != FPU_FINITE || b.kind != FPU_FINITE || c.kind != FPU_FINITE))
        return fma_special(f, raw_a, raw_b, raw_c, rm, flags);

    /*
     * The product p and the addend q, both with their leading bit at bit 126, leaving one for the
     * carry. p ends in at least 21 zero bits and q in 74, so as in generic_add a shift that loses
     * bits is one after which the difference keeps bit 124, and the jammed bit is far below the
     * rounding point.
     */
    p = (fpu_u128)a.sig * b.sig;
    exp = a.exp + b.exp;
    if (p >> 127) {
        p >>= 1;
        exp++;
    }
    q = (fpu_u128)c.sig << 63;
    if (exp >= c.exp) {
        q = fpu_shift_jam128(q, exp - c.exp);
    } else {
        p = fpu_shift_jam128(p, c.exp - exp);
        exp = c.exp;
    }
    c_smaller = q <= p;
    if (sign == c.sign)
        p += q;
    else
        p = c_smaller ? p - q : q - p;
    if (!p)
        return fpu_zero(f, rm == FPU_RDN);
    sign = c_smaller ? sign : c.sign;
    lz = p >> 64 ? __builtin_clzll((uint64_t)(p >> 64)) : 64 + __builtin_clzll((uint64_t)p);
    return fpu_round_pack(f, sign, exp + 1 - lz, fpu_jam_high(p << lz), rm, flags);
}

uint32_t f32_add(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags)
{
    return (uint32_t)generic_add(FPU_F32, a, b, rm, flags);
}

uint32_t f32_sub(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags)
{
    /* Flipping a NaN's sign is harmless, as only its kind matters. */
    return (uint32_t)generic_add(FPU_F32, a, b ^ UINT32_C(1) << 31, rm, flags);
}

uint32_t f32_mul(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags)
{
    return (uint32_t)generic_mul(FPU_F32, a, b, rm, flags);
}

uint32_t f32_div(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags)
{
    return (uint32_t)generic_div(FPU_F32, a, b, rm, flags);
}

uint32_t f32_sqrt(uint32_t a, unsigned rm, uint32_t *flags)
{
    return (uint32_t)generic_sqrt(FPU_F32, a, rm, flags);
}

uint32_t f32_fma(uint32_t a, uint32_t b, uint32_t c, unsigned rm, uint32_t *flags)
{
    return (uint32_t)generic_fma(FPU_F32, a, b, c, rm, flags);
}

uint64_t f64_add(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags)
{
    return generic_add(FPU_F64, a, b, rm, flags);
}

uint64_t f64_sub(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags)
{
    return generic_add(FPU_F64, a, b ^ UINT64_C(1) << 63, rm, flags);
}

uint64_t f64_mul(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags)
{
    return generic_mul(FPU_F64, a, b, rm, flags);
}

uint64_t f64_div(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags)
{
    return generic_div(FPU_F64, a, b, rm, flags);
}

uint64_t f64_sqrt(uint64_t a, unsigned rm, uint32_t *flags)
{
    return generic_sqrt(FPU_F64, a, rm, flags);
}

uint64_t f64_fma(uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint32_t *flags)
{
    return generic_fma(FPU_F64, a, b, c, rm, flags);
}
