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

/* The same for both formats: minima, comparisons, class. */
#define FPU_FORMAT(w, bits, format)                                                                \
    bits w##_min(bits a, bits b, uint32_t *flags)                                                  \
    {                                                                                              \
        return (bits)generic_min(format, a, b, false, flags);                                      \
    }                                                                                              \
    bits w##_max(bits a, bits b, uint32_t *flags)                                                  \
    {                                                                                              \
        return (bits)generic_max(format, a, b, false, flags);                                      \
    }                                                                                              \
    bits w##_minm(bits a, bits b, uint32_t *flags)                                                 \
    {                                                                                              \
        return (bits)generic_min(format, a, b, true, flags);                                       \
    }                                                                                              \
    bits w##_maxm(bits a, bits b, uint32_t *flags)                                                 \
    {                                                                                              \
        return (bits)generic_max(format, a, b, true, flags);                                       \
    }                                                                                              \
    bool w##_eq(bits a, bits b, uint32_t *flags)                                                   \
    {                                                                                              \
        return generic_eq(format, a, b, flags);                                                    \
    }                                                                                              \
    bool w##_lt(bits a, bits b, uint32_t *flags)                                                   \
    {                                                                                              \
        return generic_lt(format, a, b, true, flags);                                              \
    }                                                                                              \
    bool w##_le(bits a, bits b, uint32_t *flags)                                                   \
    {                                                                                              \
        return generic_le(format, a, b, true, flags);                                              \
    }                                                                                              \
    bool w##_ltq(bits a, bits b, uint32_t *flags)                                                  \
    {                                                                                              \
        return generic_lt(format, a, b, false, flags);                                             \
    }                                                                                              \
    bool w##_leq(bits a, bits b, uint32_t *flags)                                                  \
    {                                                                                              \
        return generic_le(format, a, b, false, flags);                                             \
    }                                                                                              \
    unsigned w##_class(bits a)                                                                     \
    {                                                                                              \
        return generic_class(format, a);                                                           \
    }

FPU_FORMAT(f32, uint32_t, FPU_F32)
FPU_FORMAT(f64, uint64_t, FPU_F64)

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
