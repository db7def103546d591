/* SPDX-License-Identifier: MIT */
#include "cpu/fpu.h"
#include "cpu/fpu_core.h"

/*
 * Comparisons, minima and maxima, fclass, fli: what works on the packed bits. Arithmetic is in
 * fpu_arith.c, conversions in fpu_conv.c.
 */

/* Numbers as integers in the same order, -0 just below +0. */
FPU_INLINE int64_t order(struct fpu_fmt f, uint64_t a)
{
    int64_t mag = (int64_t)fpu_magnitude(f, a);

    return fpu_sign(f, a) ? ~mag : mag;
}

/* Raises NV for a signaling NaN, or for any NaN if `signaling`. True if an operand is a NaN. */
FPU_INLINE bool check_nans(struct fpu_fmt f, uint64_t a, uint64_t b, bool signaling,
                           uint32_t *flags)
{
    if (likely(!fpu_is_nan(f, a) && !fpu_is_nan(f, b)))
        return false;
    if (signaling || fpu_is_snan(f, a) || fpu_is_snan(f, b))
        *flags |= FPU_NV;
    return true;
}

FPU_INLINE bool both_zero(struct fpu_fmt f, uint64_t a, uint64_t b)
{
    return !fpu_magnitude(f, a | b);
}

FPU_INLINE bool generic_eq(struct fpu_fmt f, uint64_t a, uint64_t b, uint32_t *flags)
{
    return !check_nans(f, a, b, false, flags) && (a == b || both_zero(f, a, b));
}

FPU_INLINE bool generic_lt(struct fpu_fmt f, uint64_t a, uint64_t b, bool signaling,
                           uint32_t *flags)
{
    return !check_nans(f, a, b, signaling, flags) && order(f, a) < order(f, b) &&
           !both_zero(f, a, b);
}

FPU_INLINE bool generic_le(struct fpu_fmt f, uint64_t a, uint64_t b, bool signaling,
                           uint32_t *flags)
{
    return !check_nans(f, a, b, signaling, flags) &&
           (order(f, a) <= order(f, b) || both_zero(f, a, b));
}

/* propagate: a NaN operand makes the result NaN, else the other operand is the result. */
FPU_INLINE uint64_t generic_min(struct fpu_fmt f, uint64_t a, uint64_t b, bool propagate,
                                uint32_t *flags)
{
    if (unlikely(check_nans(f, a, b, false, flags))) {
        if (propagate || (fpu_is_nan(f, a) && fpu_is_nan(f, b)))
            return fpu_nan(f);
        return fpu_is_nan(f, a) ? b : a;
    }
    return order(f, a) < order(f, b) ? a : b;
}

/* Negation reverses the order, of zeros too, and a NaN's sign does not matter. */
FPU_INLINE uint64_t generic_max(struct fpu_fmt f, uint64_t a, uint64_t b, bool propagate,
                                uint32_t *flags)
{
    uint64_t neg = fpu_zero(f, true), r = generic_min(f, a ^ neg, b ^ neg, propagate, flags);

    return fpu_is_nan(f, r) ? r : r ^ neg;
}

FPU_INLINE unsigned generic_class(struct fpu_fmt f, uint64_t a)
{
    uint64_t mag = fpu_magnitude(f, a);
    bool sign = fpu_sign(f, a);

    if (fpu_is_nan(f, a))
        return fpu_is_snan(f, a) ? 1u << 8 : 1u << 9;
    if (mag == fpu_inf(f, false))
        return sign ? 1u << 0 : 1u << 7;
    if (mag >> f.mbits)
        return sign ? 1u << 1 : 1u << 6;
    if (mag)
        return sign ? 1u << 2 : 1u << 5;
    return sign ? 1u << 3 : 1u << 4;
}

uint32_t f32_min(uint32_t a, uint32_t b, uint32_t *flags)
{
    return (uint32_t)generic_min(FPU_F32, a, b, false, flags);
}

uint32_t f32_max(uint32_t a, uint32_t b, uint32_t *flags)
{
    return (uint32_t)generic_max(FPU_F32, a, b, false, flags);
}

uint32_t f32_minm(uint32_t a, uint32_t b, uint32_t *flags)
{
    return (uint32_t)generic_min(FPU_F32, a, b, true, flags);
}

uint32_t f32_maxm(uint32_t a, uint32_t b, uint32_t *flags)
{
    return (uint32_t)generic_max(FPU_F32, a, b, true, flags);
}

uint64_t f64_min(uint64_t a, uint64_t b, uint32_t *flags)
{
    return generic_min(FPU_F64, a, b, false, flags);
}

uint64_t f64_max(uint64_t a, uint64_t b, uint32_t *flags)
{
    return generic_max(FPU_F64, a, b, false, flags);
}

uint64_t f64_minm(uint64_t a, uint64_t b, uint32_t *flags)
{
    return generic_min(FPU_F64, a, b, true, flags);
}

uint64_t f64_maxm(uint64_t a, uint64_t b, uint32_t *flags)
{
    return generic_max(FPU_F64, a, b, true, flags);
}

bool f32_eq(uint32_t a, uint32_t b, uint32_t *flags)
{
    return generic_eq(FPU_F32, a, b, flags);
}

bool f32_lt(uint32_t a, uint32_t b, uint32_t *flags)
{
    return generic_lt(FPU_F32, a, b, true, flags);
}

bool f32_le(uint32_t a, uint32_t b, uint32_t *flags)
{
    return generic_le(FPU_F32, a, b, true, flags);
}

bool f32_ltq(uint32_t a, uint32_t b, uint32_t *flags)
{
    return generic_lt(FPU_F32, a, b, false, flags);
}

bool f32_leq(uint32_t a, uint32_t b, uint32_t *flags)
{
    return generic_le(FPU_F32, a, b, false, flags);
}

bool f64_eq(uint64_t a, uint64_t b, uint32_t *flags)
{
    return generic_eq(FPU_F64, a, b, flags);
}

bool f64_lt(uint64_t a, uint64_t b, uint32_t *flags)
{
    return generic_lt(FPU_F64, a, b, true, flags);
}

bool f64_le(uint64_t a, uint64_t b, uint32_t *flags)
{
    return generic_le(FPU_F64, a, b, true, flags);
}

bool f64_ltq(uint64_t a, uint64_t b, uint32_t *flags)
{
    return generic_lt(FPU_F64, a, b, false, flags);
}

bool f64_leq(uint64_t a, uint64_t b, uint32_t *flags)
{
    return generic_le(FPU_F64, a, b, false, flags);
}

unsigned f32_class(uint32_t a)
{
    return generic_class(FPU_F32, a);
}

unsigned f64_class(uint64_t a)
{
    return generic_class(FPU_F64, a);
}

/*
 * fli's constants (Zfa). All but two are the same numbers in every format, so the halves are kept
 * and widened. The exceptions are the least normal number, and 2^16, which as a half is infinite.
 */
static const uint16_t fli_half[32] = {
    0xbc00, 0x0400, 0x0100, 0x0200,
    0x1c00, 0x2000, 0x2c00, 0x3000, /* -1, least, 2^-16, -15, -8, -7, -4, -3 */
    0x3400, 0x3500, 0x3600, 0x3700,
    0x3800, 0x3900, 0x3a00, 0x3b00, /* 0.25 to 0.875 */
    0x3c00, 0x3d00, 0x3e00, 0x3f00,
    0x4000, 0x4100, 0x4200, 0x4400, /* 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4 */
    0x4800, 0x4c00, 0x5800, 0x5c00,
    0x7800, 0x7c00, 0x7c00, 0x7e00, /* 8, 16, 128, 256, 2^15, 2^16, inf, NaN */
};

enum { FLI_LEAST_NORMAL = 1, FLI_2_POW_16 = 29 };

uint16_t fpu_fli16(unsigned index)
{
    return fli_half[index & 31];
}

uint32_t fpu_fli32(unsigned index)
{
    uint32_t none = 0;

    switch (index & 31) {
    case FLI_LEAST_NORMAL: return 0x00800000;
    case FLI_2_POW_16: return 0x47800000;
    default: return f16_to_f32(fli_half[index & 31], &none);
    }
}

uint64_t fpu_fli64(unsigned index)
{
    uint32_t none = 0;

    switch (index & 31) {
    case FLI_LEAST_NORMAL: return 0x0010000000000000;
    case FLI_2_POW_16: return 0x40f0000000000000;
    default: return f16_to_f64(fli_half[index & 31], &none);
    }
}
