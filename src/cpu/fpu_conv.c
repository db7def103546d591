/* SPDX-License-Identifier: MIT */
#include "cpu/fpu.h"
#include "cpu/fpu_core.h"

/*
 * Conversions: to and from integers, between formats, to integral values. See fpu_core.h for the
 * number format.
 */

/* The magnitude of a finite number below 2^64, rounded to an integer. */
FPU_INLINE uint64_t round_magnitude(struct fpu_num a, unsigned rm, bool *inexact)
{
    int shift = 63 - a.exp;
    uint64_t whole, rest;

    if (shift == 0) {
        whole = a.sig;
        rest = 0;
    } else if (shift < 64) {
        whole = a.sig >> shift;
        rest = a.sig << (64 - shift);
    } else {
        whole = 0;
        rest = shift == 64 ? a.sig : 1; /* 1 is any fraction below a half */
    }
    *inexact = rest != 0;
    return whole + fpu_rounds_up(a.sign, whole & 1, rest, rm);
}

/*
 * To an integer of which the magnitude is at most max_neg if negative, else max_pos. Returns its
 * two's complement, or the nearest limit with NV.
 */
FPU_INLINE uint64_t to_int(struct fpu_num a, uint64_t max_neg, uint64_t max_pos, unsigned rm,
                           uint32_t *flags)
{
    uint64_t limit = a.sign ? max_neg : max_pos, mag;
    bool inexact;

    if (a.kind == FPU_ZERO)
        return 0;
    if (unlikely(fpu_num_is_nan(a))) {
        *flags |= FPU_NV;
        return max_pos;
    }
    if (likely(a.kind == FPU_FINITE && a.exp < 64)) {
        mag = round_magnitude(a, rm, &inexact);
        if (likely(mag <= limit)) {
            *flags |= inexact ? FPU_NX : 0;
            return a.sign ? -mag : mag;
        }
    }
    *flags |= FPU_NV;
    return a.sign ? -limit : limit;
}

FPU_INLINE int32_t to_i32(struct fpu_num a, unsigned rm, uint32_t *flags)
{
    return (int32_t)(uint32_t)to_int(a, UINT64_C(1) << 31, INT32_MAX, rm, flags);
}

FPU_INLINE uint32_t to_u32(struct fpu_num a, unsigned rm, uint32_t *flags)
{
    return (uint32_t)to_int(a, 0, UINT32_MAX, rm, flags);
}

FPU_INLINE int64_t to_i64(struct fpu_num a, unsigned rm, uint32_t *flags)
{
    return (int64_t)to_int(a, UINT64_C(1) << 63, INT64_MAX, rm, flags);
}

FPU_INLINE uint64_t to_u64(struct fpu_num a, unsigned rm, uint32_t *flags)
{
    return to_int(a, 0, UINT64_MAX, rm, flags);
}

FPU_INLINE uint64_t from_int(struct fpu_fmt f, bool sign, uint64_t mag, unsigned rm,
                             uint32_t *flags)
{
    int lz;

    if (!mag)
        return 0;
    lz = __builtin_clzll(mag);
    return fpu_round_pack(f, sign, 63 - lz, mag << lz, rm, flags);
}

FPU_INLINE uint64_t from_i64(struct fpu_fmt f, int64_t a, unsigned rm, uint32_t *flags)
{
    return from_int(f, a < 0, a < 0 ? -(uint64_t)a : (uint64_t)a, rm, flags);
}

FPU_INLINE uint64_t convert(struct fpu_fmt to, struct fpu_num a, unsigned rm, uint32_t *flags)
{
    switch (a.kind) {
    case FPU_ZERO: return fpu_zero(to, a.sign);
    case FPU_INF: return fpu_inf(to, a.sign);
    case FPU_QNAN: return fpu_nan(to);
    case FPU_SNAN: return fpu_invalid(to, flags);
    default: return fpu_round_pack(to, a.sign, a.exp, a.sig, rm, flags);
    }
}

/* nx: FPU_NX or 0, what to raise when inexact. */
FPU_INLINE uint64_t to_integral(struct fpu_fmt f, uint64_t raw, unsigned rm, uint32_t nx,
                                uint32_t *flags)
{
    struct fpu_num a = fpu_unpack(f, raw);
    uint32_t none = 0;
    uint64_t mag;
    bool inexact;

    if (fpu_num_is_nan(a)) {
        *flags |= a.kind == FPU_SNAN ? FPU_NV : 0;
        return fpu_nan(f);
    }
    if (a.kind != FPU_FINITE || a.exp >= f.mbits)
        return raw;
    mag = round_magnitude(a, rm, &inexact);
    if (inexact)
        *flags |= nx;
    /* At most 2^mbits, so the packing is exact. */
    return mag ? from_int(f, a.sign, mag, FPU_RTZ, &none) : fpu_zero(f, a.sign);
}

int32_t f32_to_i32(uint32_t a, unsigned rm, uint32_t *flags)
{
    return to_i32(fpu_unpack(FPU_F32, a), rm, flags);
}

uint32_t f32_to_u32(uint32_t a, unsigned rm, uint32_t *flags)
{
    return to_u32(fpu_unpack(FPU_F32, a), rm, flags);
}

int64_t f32_to_i64(uint32_t a, unsigned rm, uint32_t *flags)
{
    return to_i64(fpu_unpack(FPU_F32, a), rm, flags);
}

uint64_t f32_to_u64(uint32_t a, unsigned rm, uint32_t *flags)
{
    return to_u64(fpu_unpack(FPU_F32, a), rm, flags);
}

int32_t f64_to_i32(uint64_t a, unsigned rm, uint32_t *flags)
{
    return to_i32(fpu_unpack(FPU_F64, a), rm, flags);
}

uint32_t f64_to_u32(uint64_t a, unsigned rm, uint32_t *flags)
{
    return to_u32(fpu_unpack(FPU_F64, a), rm, flags);
}

int64_t f64_to_i64(uint64_t a, unsigned rm, uint32_t *flags)
{
    return to_i64(fpu_unpack(FPU_F64, a), rm, flags);
}

uint64_t f64_to_u64(uint64_t a, unsigned rm, uint32_t *flags)
{
    return to_u64(fpu_unpack(FPU_F64, a), rm, flags);
}

int32_t f64_to_i32_mod(uint64_t a, uint32_t *flags)
{
    struct fpu_num n = fpu_unpack(FPU_F64, a);
    uint64_t mag;

    to_i32(n, FPU_RTZ, flags); /* for its flags */
    /* sig ends in 11 zero bits; from this exponent on, no set bit is below 2^32. */
    if (n.kind != FPU_FINITE || n.exp < 0 || n.exp > 63 + 31 - 11)
        return 0;
    mag = n.exp <= 63 ? n.sig >> (63 - n.exp) : n.sig << (n.exp - 63);
    return (int32_t)(uint32_t)(n.sign ? -mag : mag);
}

uint32_t i32_to_f32(int32_t a, unsigned rm, uint32_t *flags)
{
    return (uint32_t)from_i64(FPU_F32, a, rm, flags);
}

uint32_t u32_to_f32(uint32_t a, unsigned rm, uint32_t *flags)
{
    return (uint32_t)from_int(FPU_F32, false, a, rm, flags);
}

uint32_t i64_to_f32(int64_t a, unsigned rm, uint32_t *flags)
{
    return (uint32_t)from_i64(FPU_F32, a, rm, flags);
}

uint32_t u64_to_f32(uint64_t a, unsigned rm, uint32_t *flags)
{
    return (uint32_t)from_int(FPU_F32, false, a, rm, flags);
}

uint64_t i32_to_f64(int32_t a, unsigned rm, uint32_t *flags)
{
    return from_i64(FPU_F64, a, rm, flags);
}

uint64_t u32_to_f64(uint32_t a, unsigned rm, uint32_t *flags)
{
    return from_int(FPU_F64, false, a, rm, flags);
}

uint64_t i64_to_f64(int64_t a, unsigned rm, uint32_t *flags)
{
    return from_i64(FPU_F64, a, rm, flags);
}

uint64_t u64_to_f64(uint64_t a, unsigned rm, uint32_t *flags)
{
    return from_int(FPU_F64, false, a, rm, flags);
}

uint64_t f32_to_f64(uint32_t a, uint32_t *flags)
{
    return convert(FPU_F64, fpu_unpack(FPU_F32, a), FPU_RNE, flags);
}

uint32_t f16_to_f32(uint16_t a, uint32_t *flags)
{
    return (uint32_t)convert(FPU_F32, fpu_unpack(FPU_F16, a), FPU_RNE, flags);
}

uint64_t f16_to_f64(uint16_t a, uint32_t *flags)
{
    return convert(FPU_F64, fpu_unpack(FPU_F16, a), FPU_RNE, flags);
}

uint32_t f64_to_f32(uint64_t a, unsigned rm, uint32_t *flags)
{
    return (uint32_t)convert(FPU_F32, fpu_unpack(FPU_F64, a), rm, flags);
}

uint16_t f32_to_f16(uint32_t a, unsigned rm, uint32_t *flags)
{
    return (uint16_t)convert(FPU_F16, fpu_unpack(FPU_F32, a), rm, flags);
}

uint16_t f64_to_f16(uint64_t a, unsigned rm, uint32_t *flags)
{
    return (uint16_t)convert(FPU_F16, fpu_unpack(FPU_F64, a), rm, flags);
}

uint32_t f32_round(uint32_t a, unsigned rm, uint32_t *flags)
{
    return (uint32_t)to_integral(FPU_F32, a, rm, 0, flags);
}

uint32_t f32_roundnx(uint32_t a, unsigned rm, uint32_t *flags)
{
    return (uint32_t)to_integral(FPU_F32, a, rm, FPU_NX, flags);
}

uint64_t f64_round(uint64_t a, unsigned rm, uint32_t *flags)
{
    return to_integral(FPU_F64, a, rm, 0, flags);
}

uint64_t f64_roundnx(uint64_t a, unsigned rm, uint32_t *flags)
{
    return to_integral(FPU_F64, a, rm, FPU_NX, flags);
}
