/* SPDX-License-Identifier: MIT */
/*
 * The integer floating point of cpu/fpu.h against known answers, and against simple references
 * where the host has no such operation or rounding mode. test_fpu_host.c has what can be compared
 * with the host's own.
 */
#include "fpu_ops.h"

/* --- Known answers --- */

struct known {
    const char *name;
    op_fn *fn;
    uint64_t in[3];
    unsigned rm;
    uint64_t want;
    uint32_t flags;
};

#define K(op, a, b, c, rm, want, flags)                                                            \
    {                                                                                              \
#op, soft_##op,                                                                            \
            {(uint64_t)(a), (uint64_t)(b), (uint64_t)(c) }, rm, (uint64_t)(want), flags            \
    }
#define K1(op, a, rm, want, flags)    K(op, a, 0, 0, rm, want, flags)
#define K2(op, a, b, rm, want, flags) K(op, a, b, 0, rm, want, flags)
#define M32                           0x80000000u         /* minus, of a single */
#define M64                           0x8000000000000000u /* of a double */

enum {
    S_ONE = 0x3f800000,
    S_INF = 0x7f800000,
    S_QNAN = 0x7fc00000,
    S_QNAN2 = 0x7fc12345,
    S_SNAN = 0x7f800001
};
enum {
    S_LEAST = 0x00800000,
    S_GREATEST = 0x7f7fffff,
    S_BELOW_ONE = 0x3f7fffff,
    S_ULP_HALF = 0x33800000 /* 2^-24 */
};

#define D_ONE      0x3ff0000000000000u
#define D_INF      0x7ff0000000000000u
#define D_QNAN     0x7ff8000000000000u
#define D_SNAN     0x7ff0000000000001u
#define D_LEAST    0x0010000000000000u
#define D_GREATEST 0x7fefffffffffffffu
#define D_HALF     0x3fe0000000000000u

static const struct known known_arith[] = {
    /* Ties, and each mode at 1 + 2^-24 and -(1 + 2^-24). */
    K2(f32_add, S_ONE, S_ULP_HALF, RNE, S_ONE, NX),
    K2(f32_add, S_ONE, S_ULP_HALF, RTZ, S_ONE, NX),
    K2(f32_add, S_ONE, S_ULP_HALF, RDN, S_ONE, NX),
    K2(f32_add, S_ONE, S_ULP_HALF, RUP, S_ONE + 1, NX),
    K2(f32_add, S_ONE, S_ULP_HALF, RMM, S_ONE + 1, NX),
    K2(f32_sub, M32 | S_ONE, S_ULP_HALF, RNE, M32 | S_ONE, NX),
    K2(f32_sub, M32 | S_ONE, S_ULP_HALF, RDN, M32 | (S_ONE + 1), NX),
    K2(f32_sub, M32 | S_ONE, S_ULP_HALF, RUP, M32 | S_ONE, NX),
    K2(f32_sub, M32 | S_ONE, S_ULP_HALF, RMM, M32 | (S_ONE + 1), NX),
    K2(f32_add, S_ONE + 1, S_ULP_HALF, RNE, S_ONE + 2, NX),
    /* An addend far below the last place. */
    K2(f64_add, D_ONE, 1, RUP, D_ONE + 1, NX),
    K2(f64_sub, D_ONE, 1, RTZ, D_ONE - 1, NX),
    K2(f64_sub, D_ONE, 1, RNE, D_ONE, NX),
    /* Zeros. */
    K2(f32_add, 0, M32, RNE, 0, 0),
    K2(f32_add, 0, M32, RDN, M32, 0),
    K2(f32_add, M32, M32, RUP, M32, 0),
    K2(f32_sub, S_ONE, S_ONE, RMM, 0, 0),
    K2(f32_sub, S_ONE, S_ONE, RDN, M32, 0),
    K2(f64_mul, M64, D_ONE, RNE, M64, 0),
    K2(f64_div, 0, M64 | D_ONE, RDN, M64, 0),
    K1(f64_sqrt, M64, RUP, M64, 0),
    /* Subnormals: exact sums raise nothing; up into the normal numbers. */
    K2(f32_add, 1, S_LEAST - 1, RNE, S_LEAST, 0),
    K2(f32_sub, S_LEAST, 1, RNE, S_LEAST - 1, 0),
    K2(f64_add, 1, 1, RNE, 2, 0),
    K2(f32_mul, 1, 1, RNE, 0, NX | UF),
    K2(f32_mul, 1, 1, RUP, 1, NX | UF),
    K2(f32_mul, M32 | 1, 1, RDN, M32 | 1, NX | UF),
    K2(f32_mul, S_LEAST, 0x3f000000, RNE, S_LEAST / 2, 0),
    K2(f32_mul, 1, 0x3f000000, RNE, 0, NX | UF),
    K2(f32_mul, 1, 0x3f000000, RMM, 1, NX | UF),
    K2(f32_mul, 3, 0x3f000000, RNE, 2, NX | UF),
    /* Tininess after rounding: both give the least normal number, only the first would also at 24
       bits. */
    K2(f32_mul, 0x3f800001, 0x007fffff, RNE, S_LEAST, NX),
    K2(f32_mul, S_LEAST, S_BELOW_ONE, RNE, S_LEAST, NX | UF),
    K2(f32_mul, S_LEAST, S_BELOW_ONE, RTZ, S_LEAST - 1, NX | UF),
    /* Overflow. */
    K2(f32_add, S_GREATEST, S_GREATEST, RNE, S_INF, NX | OF),
    K2(f32_add, S_GREATEST, S_GREATEST, RTZ, S_GREATEST, NX | OF),
    K2(f32_add, S_GREATEST, S_GREATEST, RDN, S_GREATEST, NX | OF),
    K2(f32_add, S_GREATEST, S_GREATEST, RMM, S_INF, NX | OF),
    K2(f64_mul, M64 | D_GREATEST, D_GREATEST, RUP, M64 | D_GREATEST, NX | OF),
    K2(f64_mul, M64 | D_GREATEST, D_GREATEST, RDN, M64 | D_INF, NX | OF),
    K2(f32_add, S_GREATEST, 0x72ffffff, RNE, S_GREATEST, NX),
    K2(f32_add, S_GREATEST, 0x73000000, RNE, S_INF, NX | OF),
    /* Infinities, invalid operations and NaN, all canonical. */
    K2(f32_sub, S_INF, S_INF, RNE, S_QNAN, NV),
    K2(f32_add, S_INF, M32 | S_GREATEST, RNE, S_INF, 0),
    K2(f32_mul, S_INF, M32, RNE, S_QNAN, NV),
    K2(f32_div, S_INF, M32 | S_INF, RNE, S_QNAN, NV),
    K2(f32_div, 0, M32, RNE, S_QNAN, NV),
    K2(f32_div, M32 | S_ONE, 0, RNE, M32 | S_INF, DZ),
    K2(f32_div, M32 | S_INF, 0, RNE, M32 | S_INF, 0),
    K2(f32_div, S_ONE, M32 | S_INF, RDN, M32, 0),
    K1(f32_sqrt, M32 | S_ONE, RNE, S_QNAN, NV),
    K1(f32_sqrt, M32 | S_INF, RNE, S_QNAN, NV),
    K1(f32_sqrt, S_INF, RNE, S_INF, 0),
    K2(f32_add, M32 | S_QNAN2, S_ONE, RNE, S_QNAN, 0),
    K2(f32_div, S_QNAN2, 0, RNE, S_QNAN, 0),
    K2(f32_mul, S_ONE, S_SNAN, RNE, S_QNAN, NV),
    K1(f64_sqrt, M64 | D_QNAN, RNE, D_QNAN, 0),
    K1(f64_sqrt, M64 | D_SNAN, RNE, D_QNAN, NV),
    /* Quotients and roots. */
    K2(f32_div, S_ONE, 0x40400000, RNE, 0x3eaaaaab, NX),
    K2(f32_div, S_ONE, 0x40400000, RTZ, 0x3eaaaaaa, NX),
    K2(f64_div, D_ONE, 0x4008000000000000, RNE, 0x3fd5555555555555, NX),
    K1(f32_sqrt, 0x40000000, RNE, 0x3fb504f3, NX),
    K1(f64_sqrt, 0x4000000000000000, RNE, 0x3ff6a09e667f3bcd, NX),
    K1(f64_sqrt, 0x4000000000000000, RDN, 0x3ff6a09e667f3bcc, NX),
    K1(f64_sqrt, 0x4022000000000000, RUP, 0x4008000000000000, 0),
    K1(f64_sqrt, D_GREATEST, RNE, 0x5fefffffffffffff, NX),
    K1(f64_sqrt, 4, RNE, 0x1e70000000000000, 0),
    /* One rounding: (1 + 2^-23)^2 - (1 + 2^-22) is 2^-46. */
    K(f32_fma, S_ONE + 1, S_ONE + 1, M32 | (S_ONE + 2), RNE, 0x28800000, 0),
    K(f64_fma, D_ONE + 1, D_ONE + 1, M64 | (D_ONE + 2), RNE, 0x3970000000000000, 0),
    K(f32_fma, S_ONE, S_ONE, M32 | S_ONE, RDN, M32, 0),
    K(f32_fma, 1, 1, S_ONE, RUP, S_ONE + 1, NX),
    K(f32_fma, 1, M32 | 1, 0, RNE, M32, NX | UF),
    K(f32_fma, S_GREATEST, S_GREATEST, M32 | S_INF, RNE, M32 | S_INF, 0),
    K(f32_fma, S_INF, 0, S_QNAN2, RNE, S_QNAN, NV),
    K(f32_fma, S_INF, S_QNAN, 0, RNE, S_QNAN, 0),
    K(f32_fma, S_INF, S_ONE, M32 | S_INF, RNE, S_QNAN, NV),
    K(f32_fma, S_ONE, S_ONE, S_SNAN, RNE, S_QNAN, NV),
    K(f64_fma, 0, M64, 0, RNE, 0, 0),
    K(f64_fma, 0, M64, M64, RNE, M64, 0),
};

static const struct known known_compare[] = {
    K2(f32_min, M32, 0, 0, M32, 0),
    K2(f32_min, 0, M32, 0, M32, 0),
    K2(f32_max, M32, 0, 0, 0, 0),
    K2(f32_max, 0, M32, 0, 0, 0),
    K2(f32_min, S_QNAN2, S_ONE, 0, S_ONE, 0),
    K2(f32_min, S_ONE, S_SNAN, 0, S_ONE, NV),
    K2(f32_max, S_QNAN2, M32 | S_SNAN, 0, S_QNAN, NV),
    K2(f32_max, M32 | S_ONE, M32 | S_INF, 0, M32 | S_ONE, 0),
    K2(f64_max, M64 | D_QNAN, M64 | D_ONE, 0, M64 | D_ONE, 0),
    K2(f64_min, M64 | D_ONE, D_ONE, 0, M64 | D_ONE, 0),
    K2(f32_minm, S_QNAN2, S_ONE, 0, S_QNAN, 0),
    K2(f32_maxm, S_ONE, S_SNAN, 0, S_QNAN, NV),
    K2(f64_minm, M64, 0, 0, M64, 0),
    K2(f64_maxm, M64, 0, 0, 0, 0),
    K2(f32_eq, 0, M32, 0, 1, 0),
    K2(f32_lt, M32, 0, 0, 0, 0),
    K2(f32_le, 0, M32, 0, 1, 0),
    K2(f32_lt, M32 | 1, 0, 0, 1, 0),
    K2(f32_lt, M32 | S_ONE, M32 | (S_ONE + 1), 0, 0, 0),
    K2(f32_eq, S_QNAN, S_QNAN, 0, 0, 0),
    K2(f32_eq, S_SNAN, S_ONE, 0, 0, NV),
    K2(f32_lt, S_QNAN, S_ONE, 0, 0, NV),
    K2(f64_le, D_ONE, D_QNAN, 0, 0, NV),
    K2(f64_leq, D_ONE, D_QNAN, 0, 0, 0),
    K2(f64_ltq, D_SNAN, D_ONE, 0, 0, NV),
    K2(f32_ltq, S_ONE, S_INF, 0, 1, 0),
    K2(f32_leq, M32, 0, 0, 1, 0),
};

static const struct known known_convert[] = {
    K1(f32_to_i32, S_QNAN, RTZ, INT32_MAX, NV),
    K1(f32_to_u32, M32 | S_QNAN, RTZ, UINT32_MAX, NV),
    K1(f64_to_i64, D_SNAN, RTZ, INT64_MAX, NV),
    K1(f64_to_u64, D_QNAN, RTZ, UINT64_MAX, NV),
    K1(f64_to_i64, M64 | D_INF, RTZ, INT64_MIN, NV),
    K1(f64_to_u64, M64 | D_INF, RTZ, 0, NV),
    K1(f32_to_i32, 0x4f000000, RTZ, INT32_MAX, NV),         /* 2^31 */
    K1(f32_to_i32, 0xcf000000, RTZ, INT32_MIN, 0),          /* -2^31 */
    K1(f64_to_i32, 0xc1e0000000100000, RTZ, INT32_MIN, NX), /* -2^31 - 0.5 */
    K1(f64_to_i32, 0xc1e0000000100000, RMM, INT32_MIN, NV),
    K1(f64_to_i32, 0xc1e0000000100000, RNE, INT32_MIN, NX),
    K1(f64_to_u32, M64 | D_HALF, RNE, 0, NX), /* -0.5 */
    K1(f64_to_u32, M64 | D_HALF, RMM, 0, NV),
    K1(f64_to_u32, M64 | 1, RDN, 0, NV),
    K1(f64_to_u32, 0x41efffffffe00000, RTZ, UINT32_MAX, 0),
    K1(f64_to_u32, 0x41effffffff00000, RNE, UINT32_MAX, NV), /* 2^32 - 0.5 */
    K1(f64_to_i64, 1, RUP, 1, NX),
    K1(f64_to_u64, 0x43efffffffffffff, RNE, 0xfffffffffffff800, 0),
    K1(f64_to_i32, 0x4004000000000000, RNE, 2, NX), /* 2.5 */
    K1(f64_to_i32, 0x4004000000000000, RMM, 3, NX),
    K1(f64_to_i32, 0xc00c000000000000, RNE, -4, NX), /* -3.5 */
    K1(i64_to_f64, INT64_MIN, RNE, 0xc3e0000000000000, 0),
    K1(i64_to_f64, INT64_MAX, RNE, 0x43e0000000000000, NX),
    K1(i64_to_f64, INT64_MAX, RTZ, 0x43dfffffffffffff, NX),
    K1(u64_to_f32, UINT64_MAX, RNE, 0x5f800000, NX),
    K1(u32_to_f32, UINT32_MAX, RDN, 0x4f7fffff, NX),
    K1(i32_to_f32, 0x1000001, RNE, 0x4b800000, NX),
    K1(i32_to_f32, 0x1000001, RMM, 0x4b800001, NX),
    K1(i32_to_f64, INT32_MIN, RNE, 0xc1e0000000000000, 0),
    K1(f32_to_f64, 1, 0, 0x36a0000000000000, 0),
    K1(f32_to_f64, M32 | S_QNAN2, 0, D_QNAN, 0),
    K1(f32_to_f64, S_SNAN, 0, D_QNAN, NV),
    K1(f64_to_f32, 0x380fffffffffffff, RNE, S_LEAST, NX),
    K1(f64_to_f32, 0x380ffffff0000000, RNE, S_LEAST, NX),
    K1(f64_to_f32, 0x380fffffe0000000, RNE, S_LEAST, NX | UF),
    K1(f64_to_f32, 0x47efffffefffffff, RNE, S_GREATEST, NX),
    K1(f64_to_f32, 0x47effffff0000000, RNE, S_INF, NX | OF),
    K1(f32_to_f16, 0x477fefff, RNE, 0x7bff, NX), /* just under 65520 */
    K1(f32_to_f16, 0x477ff000, RNE, 0x7c00, NX | OF),
    K1(f32_to_f16, 0x33000000, RNE, 0, NX | UF), /* 2^-25 */
    K1(f32_to_f16, 0x33000000, RMM, 1, NX | UF),
    K1(f64_to_f16, M64 | D_SNAN, RNE, 0x7e00, NV),
    K1(f16_to_f32, 0x8001, 0, 0xb3800000, 0),
    K1(f32_round, 0x40200000, RNE, 0x40000000, 0), /* 2.5 */
    K1(f32_round, 0x40200000, RMM, 0x40400000, 0),
    K1(f32_roundnx, 0x40200000, RTZ, 0x40000000, NX),
    K1(f32_roundnx, 0x40400000, RTZ, 0x40400000, 0),
    K1(f64_round, M64 | D_HALF, RNE, M64, 0),
    K1(f64_roundnx, M64 | 1, RDN, M64 | D_ONE, NX),
    K1(f64_round, D_SNAN, RNE, D_QNAN, NV),
    K1(f64_round, M64 | D_INF, RNE, M64 | D_INF, 0),
    K1(f64_to_i32_mod, 0x41f0000000300000, 0, 3, NV),         /* 2^32 + 3 */
    K1(f64_to_i32_mod, 0xc1f0000000100000, 0, -1, NV),        /* -(2^32 + 1) */
    K1(f64_to_i32_mod, 0x41e0000000000000, 0, INT32_MIN, NV), /* 2^31 */
    K1(f64_to_i32_mod, 0xbff8000000000000, 0, -1, NX),        /* -1.5 */
    K1(f64_to_i32_mod, 0x4520000000000001, 0, INT32_MIN, NV), /* 2^83 + 2^31 */
    K1(f64_to_i32_mod, 0x4530000000000001, 0, 0, NV),
    K1(f64_to_i32_mod, D_QNAN, 0, 0, NV),
    K1(f64_to_i32_mod, D_INF, 0, 0, NV),
};

static void check_known(const struct known *k, size_t n)
{
    const uint32_t all = NX | UF | OF | DZ | NV;

    for (; n; n--, k++) {
        expect(k->name, k->fn, k->in, k->rm, 0, k->want, k->flags);
        expect(k->name, k->fn, k->in, k->rm, all, k->want, all); /* flags are only ever added */
    }
}

static void test_known(void **state)
{
    (void)state;
    check_known(known_arith, ARRAY_SIZE(known_arith));
    check_known(known_compare, ARRAY_SIZE(known_compare));
    check_known(known_convert, ARRAY_SIZE(known_convert));
}

static void test_class(void **state)
{
    static const uint32_t by_bit[10] = {M32 | S_INF, M32 | S_ONE, M32 | 1, M32,    0,
                                        1,           S_LEAST,     S_INF,   S_SNAN, S_QNAN};
    uint32_t none = 0;

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(f32_class(by_bit[i]), 1u << i);
    for (unsigned i = 0; i < 10; i++) {
        if (i != 2 && i != 5 && i != 8) /* widened, subnormals and signaling NaN are not */
            assert_int_equal(f64_class(f32_to_f64(by_bit[i], &none)), 1u << i);
    }
    assert_int_equal(f64_class(M64 | (D_LEAST - 1)), 1u << 2);
    assert_int_equal(f64_class(D_LEAST - 1), 1u << 5);
    assert_int_equal(f64_class(D_LEAST), 1u << 6);
    assert_int_equal(f64_class(D_SNAN), 1u << 8);
}

static void test_fli(void **state)
{
    static const double table[32] = {
        -1,     0,   0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125,  0.25,     0.3125, 0.375,
        0.4375, 0.5, 0.625,   0.75,    0.875,  1,      1.25,   1.5,    1.75,     2,      2.5,
        3,      4,   8,       16,      128,    256,    0x1p15, 0x1p16, INFINITY, NAN,
    };
    uint32_t flags = 0;

    (void)state;
    for (unsigned i = 0; i < 32; i++) {
        if (i == 1) /* the least normal number of each format */
            continue;
        assert_int_equal(fpu_fli64(i), host_bits64(table[i]));
        assert_int_equal(fpu_fli32(i), f64_to_f32(host_bits64(table[i]), RNE, &flags));
        assert_int_equal(fpu_fli16(i), f64_to_f16(host_bits64(table[i]), RNE, &flags));
    }
    assert_int_equal(fpu_fli64(1), D_LEAST);
    assert_int_equal(fpu_fli32(1), S_LEAST);
    assert_int_equal(fpu_fli16(1), 0x0400);
}

/* --- Against simple references --- */

/* To a multiple of ulp, a power of two, by the C library's roundings. */
static double round_to(double x, double ulp, unsigned rm)
{
    double q = x / ulp;

    switch (rm) {
    case RTZ: return trunc(q) * ulp;
    case RDN: return floor(q) * ulp;
    case RUP: return ceil(q) * ulp;
    case RMM: return round(q) * ulp;
    default: return nearbyint(q) * ulp;
    }
}

/*
 * x rounded to the format with this many significant bits, least normal exponent and greatest
 * number.
 */
static double narrow(double x, int digits, int emin, double max, unsigned rm, uint32_t *flags)
{
    int exp = x == 0 ? emin : ilogb(x);
    double full, r;

    if (isnan(x) || isinf(x))
        return x;
    r = round_to(x, ldexp(1, MAX(exp, emin) + 1 - digits), rm);
    full = exp == emin - 1 ? round_to(x, ldexp(1, emin - digits), rm) : x; /* as if normal */
    if (r != x)
        *flags |= fabs(full) < ldexp(1, emin) ? NX | UF : NX;
    if (fabs(r) <= max)
        return r;
    *flags |= OF | NX;
    if (rm == RTZ || rm == (x > 0 ? RDN : RUP))
        return copysign(max, x);
    return copysign(INFINITY, x);
}

static uint64_t half_from_host(double x)
{
    int exp;
    uint64_t sign = signbit(x) ? 0x8000 : 0;

    x = fabs(x);
    if (isnan(x))
        return FPU_NAN16;
    if (isinf(x))
        return sign | 0x7c00;
    if (x < 0x1p-14)
        return sign | (uint64_t)(x * 0x1p24);
    exp = ilogb(x);
    return sign + ((uint64_t)(exp + 14) << 10) + (uint64_t)ldexp(x, 10 - exp);
}

static void test_narrowing(void **state)
{
    static const enum type type[3] = {T_D};
    struct rng g = rng_seeded("narrowing");
    uint64_t in[3], want;
    uint32_t flags;
    double x;

    (void)state;
    for (long n = 5 * cases(); n > 0; n--) {
        unsigned rm = rng_below(&g, 5);

        random_operands(&g, type, in);
        x = fpu_host_f64(in[0]);
        flags = f64_class(in[0]) & 0x100 ? NV : 0;
        want = host_bits32((float)narrow(x, 24, -126, FLT_MAX, rm, &flags));
        expect("f64_to_f32", soft_f64_to_f32, in, rm, 0, want, flags);

        flags = f64_class(in[0]) & 0x100 ? NV : 0;
        want = half_from_host(narrow(x, 11, -14, 65504, rm, &flags));
        expect("f64_to_f16", soft_f64_to_f16, in, rm, 0, want, flags);

        in[0] = f64_to_f32(in[0], RTZ, &flags);
        flags = f32_class((uint32_t)in[0]) & 0x100 ? NV : 0;
        want = half_from_host(narrow(host_f32(in[0]), 11, -14, 65504, rm, &flags));
        expect("f32_to_f16", soft_f32_to_f16, in, rm, 0, want, flags);
    }
}

/* There and back for every half. */
static void test_widening(void **state)
{
    uint32_t flags;
    uint64_t in[3] = {0}, wide[3] = {0}, half;

    (void)state;
    for (; in[0] < 0x10000; in[0]++) {
        bool is_nan = (in[0] & 0x7fff) > 0x7c00;

        half = is_nan ? FPU_NAN16 : in[0];
        flags = is_nan && !(in[0] & 0x200) ? NV : 0;
        wide[0] = f16_to_f64((uint16_t)in[0], &flags);
        assert_int_equal(half_from_host(fpu_host_f64(wide[0])), half);
        expect("f16_to_f64", soft_f16_to_f64, in, 0, 0, wide[0], flags);
        expect("f16_to_f32", soft_f16_to_f32, in, 0, 0, host_bits32((float)fpu_host_f64(wide[0])),
               flags);
        expect("f64_to_f16", soft_f64_to_f16, wide, RDN, 0, half, 0);
    }
}

/* To an integer by rounding in floating point; low is the least, `beyond` one past the greatest. */
static uint64_t int_from_host(double x, double low, double beyond, unsigned rm, uint32_t *flags)
{
    double r = round_to(x, 1, rm);
    bool is_signed = low < 0;

    if (isnan(x) || r >= beyond || r < low) {
        *flags |= NV;
        if (r < low)
            return is_signed ? (uint64_t)(int64_t)low : 0;
        return is_signed          ? (uint64_t)(beyond / 2) * 2 - 1
               : beyond == 0x1p32 ? UINT32_MAX
                                  : UINT64_MAX;
    }
    *flags |= r != x ? NX : 0;
    return is_signed ? (uint64_t)(int64_t)r : (uint64_t)r;
}

static void test_to_int(void **state)
{
    static const struct {
        op_fn *from_s, *from_d;
        double low, beyond;
    } ops[] = {
        {soft_f32_to_i32, soft_f64_to_i32, -0x1p31, 0x1p31},
        {soft_f32_to_u32, soft_f64_to_u32, 0, 0x1p32},
        {soft_f32_to_i64, soft_f64_to_i64, -0x1p63, 0x1p63},
        {soft_f32_to_u64, soft_f64_to_u64, 0, 0x1p64},
    };
    static const enum type s[3] = {T_S}, d[3] = {T_D};
    struct rng g = rng_seeded("to integers");
    uint32_t flags;
    uint64_t in[3], want;

    (void)state;
    for (long n = 20 * cases(); n > 0; n--) {
        unsigned rm = rng_below(&g, 5), i = rng_below(&g, ARRAY_SIZE(ops));

        random_operands(&g, s, in);
        flags = 0;
        want = int_from_host(host_f32(in[0]), ops[i].low, ops[i].beyond, rm, &flags);
        expect("f32_to_int", ops[i].from_s, in, rm, 0, want, flags);

        random_operands(&g, d, in);
        flags = 0;
        want = int_from_host(fpu_host_f64(in[0]), ops[i].low, ops[i].beyond, rm, &flags);
        expect("f64_to_int", ops[i].from_d, in, rm, 0, want, flags);

        /* fcvtmod: the flags are those of fcvt.w.d, the value is by fmod, which is exact. */
        flags = 0;
        int_from_host(fpu_host_f64(in[0]), -0x1p31, 0x1p31, RTZ, &flags);
        want = isfinite(fpu_host_f64(in[0])) ? (uint64_t)(int64_t)fmod(fpu_host_f64(in[0]), 0x1p32)
                                             : 0;
        expect("f64_to_i32_mod", soft_f64_to_i32_mod, in, RTZ, 0, (uint64_t)(int64_t)(int32_t)want,
               flags);
    }
}

/* fround and froundnx. */
static void test_round(void **state)
{
    static const enum type s[3] = {T_S}, d[3] = {T_D};
    struct rng g = rng_seeded("to integral values");
    uint32_t nv, nx;
    uint64_t in[3], want;
    double x, r;

    (void)state;
    for (long n = 10 * cases(); n > 0; n--) {
        unsigned rm = rng_below(&g, 5);

        random_operands(&g, s, in);
        x = host_f32(in[0]);
        r = round_to(x, 1, rm);
        nv = f32_class((uint32_t)in[0]) & 0x100 ? NV : 0;
        nx = r != x && !isnan(x) ? NX : 0;
        want = host_bits32((float)r);
        expect("f32_round", soft_f32_round, in, rm, 0, want, nv);
        expect("f32_roundnx", soft_f32_roundnx, in, rm, 0, want, nv | nx);

        random_operands(&g, d, in);
        x = fpu_host_f64(in[0]);
        r = round_to(x, 1, rm);
        nv = f64_class(in[0]) & 0x100 ? NV : 0;
        nx = r != x && !isnan(x) ? NX : 0;
        want = host_bits64(r);
        expect("f64_round", soft_f64_round, in, rm, 0, want, nv);
        expect("f64_roundnx", soft_f64_roundnx, in, rm, 0, want, nv | nx);
    }
}

/*
 * Single arithmetic in all modes, by narrowing the same in double. Products of singles are exact
 * there; quotients and roots, if inexact, are too far from any single and any middle of two (2^-50)
 * for double's rounding to matter; sums are tried where they are exact. What is zero, infinite or
 * NaN stands among the known answers.
 */
static void test_single(void **state)
{
    static const struct {
        const char *name;
        op_fn *op;
    } ops[] = {
        {"f32_add", soft_f32_add},
        {"f32_mul", soft_f32_mul},
        {"f32_div", soft_f32_div},
        {"f32_sqrt", soft_f32_sqrt},
    };
    static const enum type types[3] = {T_S, T_S};
    struct rng g = rng_seeded("single by double");
    uint64_t in[3], want;
    uint32_t flags;

    (void)state;
    for (long n = 10 * cases(); n > 0; n--) {
        unsigned rm = rng_below(&g, 5);

        random_operands(&g, types, in);
        double x = host_f32(in[0]), y = host_f32(in[1]);
        double exact[] = {x + y, x * y, x / y, sqrt(x)};

        if (exact[0] - x != y || exact[0] - y != x)
            exact[0] = NAN;
        for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
            if (!isfinite(exact[i]) || exact[i] == 0)
                continue;
            flags = 0;
            want = host_bits32((float)narrow(exact[i], 24, -126, FLT_MAX, rm, &flags));
            expect(ops[i].name, ops[i].op, in, rm, 0, want, flags);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),    cmocka_unit_test(test_class),
        cmocka_unit_test(test_fli),      cmocka_unit_test(test_narrowing),
        cmocka_unit_test(test_widening), cmocka_unit_test(test_to_int),
        cmocka_unit_test(test_round),    cmocka_unit_test(test_single),
    };

    return cmocka_run_group_tests_name("fpu", tests, NULL, NULL);
}
