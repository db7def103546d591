/* SPDX-License-Identifier: MIT */
#ifndef RISCREEN_CPU_FPU_HOST_H
#define RISCREEN_CPU_FPU_HOST_H

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/util.h"
#include "cpu/fpu.h"

/*
 * The hot operations of fpu.h on the host's own floating point: fast_X is X, with the same result
 * and the same flags, only sooner. A function here uses the host for a value when it can tell from
 * the operands and that value which flags the operation raises, and otherwise calls the function it
 * is named after. The host's own flags, its NaN and its notion of tininess are never used, so any
 * host with IEEE arithmetic will do.
 *
 * What the arguments in the comments below rest on:
 *
 * - The host rounds to nearest even and keeps subnormals, which is the default of every thread. So
 *   only FPU_RNE is taken here, or a result that is exact and thus the same in all modes.
 * - NX, the one flag that ordinary arithmetic raises, is sticky: once fflags has it, whether a
 *   result is inexact does not matter. Before that, some operations have a cheap test for it.
 * - A finite result raises neither OF, nor DZ, nor NV. (Overflow under RNE gives infinity, so does
 *   division by zero; an invalid operation and a signaling NaN operand give NaN.)
 * - UF needs an inexact result that is tiny, that is, below the least normal number, before
 *   rounding. It cannot occur if the rounded result is at least twice the least normal number, nor
 *   in a sum or difference, of which the tiny ones are exact: they are multiples of the least
 *   subnormal number.
 */

_Static_assert(FLT_EVAL_METHOD == 0,
               "the host must compute float as float and double as double: on x86 use SSE2");

static inline float fpu_host_f32(uint32_t a)
{
    float x;

    memcpy(&x, &a, sizeof(x));
    return x;
}

static inline double fpu_host_f64(uint64_t a)
{
    double x;

    memcpy(&x, &a, sizeof(x));
    return x;
}

static inline uint32_t fpu_bits_f32(float x)
{
    uint32_t a;

    memcpy(&a, &x, sizeof(a));
    return a;
}

static inline uint64_t fpu_bits_f64(double x)
{
    uint64_t a;

    memcpy(&a, &x, sizeof(a));
    return a;
}

/* Finite, so without OF, DZ, NV. */
static inline bool fpu_finite_f32(uint32_t r)
{
    return (r >> 23 & 0xff) != 0xff;
}

static inline bool fpu_finite_f64(uint64_t r)
{
    return (r >> 52 & 0x7ff) != 0x7ff;
}

/*
 * Finite and at least twice the least normal number, so without UF either: biased exponent 2 ..
 * greatest - 1.
 */
static inline bool fpu_safe_f32(uint32_t r)
{
    return (r >> 23 & 0xff) - 2 < 0xff - 2;
}

static inline bool fpu_safe_f64(uint64_t r)
{
    return (r >> 52 & 0x7ff) - 2 < 0x7ff - 2;
}

/*
 * Do the significands of two finite nonzero doubles have at most 53 bits together? Then their
 * product does not round. Without its trailing zeros a significand has at most 53 - ctz bits.
 * Typical of integers kept in doubles.
 */
static inline bool fpu_short_f64(uint64_t a, uint64_t b)
{
    const uint64_t one = UINT64_C(1) << 52;

    return __builtin_ctzll(a | one) + __builtin_ctzll(b | one) >= 53;
}

/*
 * Sums. Any finite result will do: see above for UF. Without NX, the error of the sum is computed
 * ("TwoSum"); that is itself exact under RNE, so the error is zero just when the sum is exact,
 * unless an intermediate overflows, which leaves infinity or NaN in it. A zero sum under RNE is
 * exact, with the sign that the host gives it.
 */
static inline uint32_t fast_f32_add(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags)
{
    float x = fpu_host_f32(a), y = fpu_host_f32(b), sum = x + y, t;
    uint32_t r = fpu_bits_f32(sum);

    if (likely(rm == FPU_RNE && fpu_finite_f32(r))) {
        if (likely(*flags & FPU_NX))
            return r;
        t = sum - x;
        if ((x - (sum - t)) + (y - t) == 0)
            return r;
    }
    return f32_add(a, b, rm, flags);
}

static inline uint64_t fast_f64_add(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags)
{
    double x = fpu_host_f64(a), y = fpu_host_f64(b), sum = x + y, t;
    uint64_t r = fpu_bits_f64(sum);

    if (likely(rm == FPU_RNE && fpu_finite_f64(r))) {
        if (likely(*flags & FPU_NX))
            return r;
        t = sum - x;
        if ((x - (sum - t)) + (y - t) == 0)
            return r;
    }
    return f64_add(a, b, rm, flags);
}

/* Subtraction is addition of the negated number, and of a NaN the sign does not matter. */
static inline uint32_t fast_f32_sub(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags)
{
    return fast_f32_add(a, b ^ UINT32_C(1) << 31, rm, flags);
}

static inline uint64_t fast_f64_sub(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags)
{
    return fast_f64_add(a, b ^ UINT64_C(1) << 63, rm, flags);
}

/*
 * Products. A zero result is an underflow unless an operand is zero; then it is exact (0 * inf
 * being NaN). Without NX, a product of two floats is exact in double, to be compared with; of two
 * doubles it is exact if they are short.
 */
static inline uint32_t fast_f32_mul(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags)
{
    float x = fpu_host_f32(a), y = fpu_host_f32(b), product = x * y;
    uint32_t r = fpu_bits_f32(product);

    if (likely(rm == FPU_RNE)) {
        if (likely(*flags & FPU_NX) && likely(fpu_safe_f32(r)))
            return r;
        /* Here infinity equals infinity when an operand is infinite, which raises nothing. */
        if ((double)product == (double)x * (double)y)
            return r;
    }
    return f32_mul(a, b, rm, flags);
}

static inline uint64_t fast_f64_mul(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags)
{
    double x = fpu_host_f64(a), y = fpu_host_f64(b), product = x * y;
    uint64_t r = fpu_bits_f64(product);

    if (likely(rm == FPU_RNE)) {
        if (likely(fpu_safe_f64(r)) && (likely(*flags & FPU_NX) || fpu_short_f64(a, b)))
            return r;
        if (product == 0 && (x == 0 || y == 0))
            return r;
    }
    return f64_mul(a, b, rm, flags);
}

/*
 * Quotients. Without NX, the quotient is exact if times the divisor it is the dividend: a product
 * that is exact in double for floats (0 * inf, after a division by zero or by infinity, is NaN and
 * equals nothing), and for doubles if quotient and divisor are short and the product is far from
 * underflow.
 */
static inline uint32_t fast_f32_div(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags)
{
    float x = fpu_host_f32(a), y = fpu_host_f32(b), quotient = x / y;
    uint32_t r = fpu_bits_f32(quotient);

    if (likely(rm == FPU_RNE)) {
        if (likely(*flags & FPU_NX) && likely(fpu_safe_f32(r)))
            return r;
        if ((double)quotient * (double)y == (double)x)
            return r;
    }
    return f32_div(a, b, rm, flags);
}

static inline uint64_t fast_f64_div(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags)
{
    double x = fpu_host_f64(a), y = fpu_host_f64(b), quotient = x / y;
    uint64_t r = fpu_bits_f64(quotient);

    if (likely(rm == FPU_RNE && fpu_safe_f64(r))) {
        if (likely(*flags & FPU_NX))
            return r;
        if (fpu_safe_f64(a) && fpu_safe_f64(b) && fpu_short_f64(r, b) && quotient * y == x)
            return r;
    }
    return f64_div(a, b, rm, flags);
}

/*
 * Square roots: of anything not negative and not NaN (-0 and infinity too) they raise nothing but
 * NX. Without NX, the root is exact if squared it is the operand, a product as above. The root
 * itself is never subnormal or tiny.
 */
static inline uint32_t fast_f32_sqrt(uint32_t a, unsigned rm, uint32_t *flags)
{
    float x = fpu_host_f32(a), root;

    if (likely(rm == FPU_RNE && x >= 0)) {
        root = __builtin_sqrtf(x);
        if (likely(*flags & FPU_NX) || (double)root * (double)root == (double)x)
            return fpu_bits_f32(root);
    }
    return f32_sqrt(a, rm, flags);
}

static inline uint64_t fast_f64_sqrt(uint64_t a, unsigned rm, uint32_t *flags)
{
    double x = fpu_host_f64(a), root;
    uint64_t r;

    if (likely(rm == FPU_RNE && x >= 0)) {
        root = __builtin_sqrt(x);
        r = fpu_bits_f64(root);
        if (likely(*flags & FPU_NX))
            return r;
        if (fpu_safe_f64(a) && fpu_short_f64(r, r) && root * root == x)
            return r;
    }
    return f64_sqrt(a, rm, flags);
}

/*
 * Fused multiply-add. The C library's fma has one rounding whether or not the processor has the
 * instruction, which it finds out at run time.
 */
static inline uint32_t fast_f32_fma(uint32_t a, uint32_t b, uint32_t c, unsigned rm,
                                    uint32_t *flags)
{
    uint32_t r;

    if (likely(rm == FPU_RNE && *flags & FPU_NX)) {
        r = fpu_bits_f32(fmaf(fpu_host_f32(a), fpu_host_f32(b), fpu_host_f32(c)));
        if (likely(fpu_safe_f32(r)))
            return r;
    }
    return f32_fma(a, b, c, rm, flags);
}

static inline uint64_t fast_f64_fma(uint64_t a, uint64_t b, uint64_t c, unsigned rm,
                                    uint32_t *flags)
{
    uint64_t r;

    if (likely(rm == FPU_RNE && *flags & FPU_NX)) {
        r = fpu_bits_f64(fma(fpu_host_f64(a), fpu_host_f64(b), fpu_host_f64(c)));
        if (likely(fpu_safe_f64(r)))
            return r;
    }
    return f64_fma(a, b, c, rm, flags);
}

/* Comparisons raise nothing without a NaN. */
#define FAST_COMPARE(w, bits, real, name, op)                                                      \
    static inline bool fast_##w##_##name(bits a, bits b, uint32_t *flags)                          \
    {                                                                                              \
        real x = fpu_host_##w(a), y = fpu_host_##w(b);                                             \
        return likely(!isunordered(x, y)) ? x op y : w##_##name(a, b, flags);                      \
    }

FAST_COMPARE(f32, uint32_t, float, eq, ==)
FAST_COMPARE(f32, uint32_t, float, lt, <)
FAST_COMPARE(f32, uint32_t, float, le, <=)
FAST_COMPARE(f64, uint64_t, double, eq, ==)
FAST_COMPARE(f64, uint64_t, double, lt, <)
FAST_COMPARE(f64, uint64_t, double, le, <=)

#undef FAST_COMPARE

/*
 * To integers, in all rounding modes: truncation, then a correction by the fraction, which is
 * exact: it has some of the bits of x. NX is known, so fflags need not have it. Returns false, for
 * the caller to take the other way, for NaN and from 2^62 on; limits narrower than int64_t are the
 * caller's to check.
 */
static inline bool fpu_host_to_int(double x, unsigned rm, int64_t *out, uint32_t *nx)
{
    int64_t whole;
    double rest;

    if (unlikely(!(x > -0x1p62 && x < 0x1p62)))
        return false;
    whole = (int64_t)x;
    rest = x - (double)whole;
    *nx = rest != 0 ? FPU_NX : 0;
    switch (rm) {
    case FPU_RTZ: break;
    case FPU_RDN: whole -= rest < 0; break;
    case FPU_RUP: whole += rest > 0; break;
    case FPU_RMM: whole += (rest >= 0.5) - (rest <= -0.5); break;
    default:
        if (whole & 1)
            whole += (rest >= 0.5) - (rest <= -0.5);
        else
            whole += (rest > 0.5) - (rest < -0.5);
    }
    *out = whole;
    return true;
}

#define FAST_TO_INT(w, bits, name, type, least, greatest)                                          \
    static inline type fast_##w##_to_##name(bits a, unsigned rm, uint32_t *flags)                  \
    {                                                                                              \
        uint32_t nx;                                                                               \
        int64_t r;                                                                                 \
        if (likely(fpu_host_to_int((double)fpu_host_##w(a), rm, &r, &nx)) &&                       \
            likely(r >= (least) && r <= (greatest))) {                                             \
            *flags |= nx;                                                                          \
            return (type)r;                                                                        \
        }                                                                                          \
        return w##_to_##name(a, rm, flags);                                                        \
    }

FAST_TO_INT(f32, uint32_t, i32, int32_t, INT32_MIN, INT32_MAX)
FAST_TO_INT(f32, uint32_t, u32, uint32_t, 0, UINT32_MAX)
FAST_TO_INT(f32, uint32_t, i64, int64_t, INT64_MIN, INT64_MAX)
FAST_TO_INT(f32, uint32_t, u64, uint64_t, 0, INT64_MAX)
FAST_TO_INT(f64, uint64_t, i32, int32_t, INT32_MIN, INT32_MAX)
FAST_TO_INT(f64, uint64_t, u32, uint32_t, 0, UINT32_MAX)
FAST_TO_INT(f64, uint64_t, i64, int64_t, INT64_MIN, INT64_MAX)
FAST_TO_INT(f64, uint64_t, u64, uint64_t, 0, INT64_MAX)

#undef FAST_TO_INT

/*
 * From integers. These are exact just when converting back gives the integer; below 2^63 that can
 * be tried.
 */
static inline uint32_t fast_i64_to_f32(int64_t a, unsigned rm, uint32_t *flags)
{
    float x = (float)a;

    if (x < 0x1p63f && (int64_t)x == a)
        return fpu_bits_f32(x);
    if (likely(rm == FPU_RNE)) {
        *flags |= FPU_NX;
        return fpu_bits_f32(x);
    }
    return i64_to_f32(a, rm, flags);
}

static inline uint64_t fast_i64_to_f64(int64_t a, unsigned rm, uint32_t *flags)
{
    double x = (double)a;

    if (likely(x < 0x1p63 && (int64_t)x == a))
        return fpu_bits_f64(x);
    if (likely(rm == FPU_RNE)) {
        *flags |= FPU_NX;
        return fpu_bits_f64(x);
    }
    return i64_to_f64(a, rm, flags);
}

static inline uint32_t fast_u64_to_f32(uint64_t a, unsigned rm, uint32_t *flags)
{
    return likely(a <= INT64_MAX) ? fast_i64_to_f32((int64_t)a, rm, flags)
                                  : u64_to_f32(a, rm, flags);
}

static inline uint64_t fast_u64_to_f64(uint64_t a, unsigned rm, uint32_t *flags)
{
    return likely(a <= INT64_MAX) ? fast_i64_to_f64((int64_t)a, rm, flags)
                                  : u64_to_f64(a, rm, flags);
}

static inline uint32_t fast_i32_to_f32(int32_t a, unsigned rm, uint32_t *flags)
{
    return fast_i64_to_f32(a, rm, flags);
}

static inline uint32_t fast_u32_to_f32(uint32_t a, unsigned rm, uint32_t *flags)
{
    return fast_i64_to_f32(a, rm, flags);
}

/* Always exact. */
static inline uint64_t fast_i32_to_f64(int32_t a, unsigned rm, uint32_t *flags)
{
    (void)rm;
    (void)flags;
    return fpu_bits_f64(a);
}

static inline uint64_t fast_u32_to_f64(uint32_t a, unsigned rm, uint32_t *flags)
{
    (void)rm;
    (void)flags;
    return fpu_bits_f64(a);
}

/* Between formats. Widening is exact; narrowing is if it can be undone. */
static inline uint64_t fast_f32_to_f64(uint32_t a, uint32_t *flags)
{
    double x = (double)fpu_host_f32(a);

    return likely(x == x) ? fpu_bits_f64(x) : f32_to_f64(a, flags);
}

static inline uint32_t fast_f64_to_f32(uint64_t a, unsigned rm, uint32_t *flags)
{
    double x = fpu_host_f64(a);
    float y = (float)x;
    uint32_t r = fpu_bits_f32(y);

    if ((double)y == x)
        return r;
    if (likely(rm == FPU_RNE && fpu_safe_f32(r))) {
        *flags |= FPU_NX;
        return r;
    }
    return f64_to_f32(a, rm, flags);
}

#endif
