/* SPDX-License-Identifier: MIT */
#ifndef RISCREEN_CPU_FPU_CORE_H
#define RISCREEN_CPU_FPU_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"
#include "cpu/fpu.h"

/*
 * What the fpu_*.c files share, and nobody else includes: taking a number apart and putting a
 * rounded one together.
 *
 * Each operation is written once, over struct fpu_num, and takes the format as a parameter; as
 * everything here is forced inline with a constant format, the compiler makes one specialised
 * function per format of it.
 *
 * A finite nonzero number is sig * 2^(exp - 63) with bit 63 of sig set, subnormals too, so exp is
 * simply floor(log2). The widest format has 53 significant bits: an unpacked sig always ends in at
 * least 11 zero bits. An operation hands fpu_round_pack() the exact result with everything below
 * bit 0 "jammed" into bit 0: the bit is 1 if any of them was.
 */

#define FPU_INLINE static inline __attribute__((always_inline))

typedef unsigned __int128 fpu_u128;

struct fpu_fmt {
    int mbits; /* stored significand bits */
    int ebits; /* exponent bits */
};

static const struct fpu_fmt FPU_F16 = {10, 5};
static const struct fpu_fmt FPU_F32 = {23, 8};
static const struct fpu_fmt FPU_F64 = {52, 11};

enum fpu_kind { FPU_FINITE, FPU_ZERO, FPU_INF, FPU_QNAN, FPU_SNAN };

struct fpu_num {
    uint64_t sig; /* FPU_FINITE only, bit 63 set */
    int exp;      /* FPU_FINITE only, unbiased */
    bool sign;
    enum fpu_kind kind;
};

FPU_INLINE int fpu_bias(struct fpu_fmt f)
{
    return (1 << (f.ebits - 1)) - 1;
}

FPU_INLINE uint64_t fpu_zero(struct fpu_fmt f, bool sign)
{
    return (uint64_t)sign << (f.mbits + f.ebits);
}

FPU_INLINE uint64_t fpu_inf(struct fpu_fmt f, bool sign)
{
    return fpu_zero(f, sign) | ((UINT64_C(1) << f.ebits) - 1) << f.mbits;
}

FPU_INLINE uint64_t fpu_nan(struct fpu_fmt f)
{
    return fpu_inf(f, false) | UINT64_C(1) << (f.mbits - 1);
}

/* The result of an invalid operation. */
FPU_INLINE uint64_t fpu_invalid(struct fpu_fmt f, uint32_t *flags)
{
    *flags |= FPU_NV;
    return fpu_nan(f);
}

FPU_INLINE bool fpu_sign(struct fpu_fmt f, uint64_t a)
{
    return a >> (f.mbits + f.ebits) & 1;
}

FPU_INLINE uint64_t fpu_magnitude(struct fpu_fmt f, uint64_t a)
{
    return a & ~fpu_zero(f, true);
}

FPU_INLINE bool fpu_is_nan(struct fpu_fmt f, uint64_t a)
{
    return fpu_magnitude(f, a) > fpu_inf(f, false);
}

FPU_INLINE bool fpu_is_snan(struct fpu_fmt f, uint64_t a)
{
    return fpu_is_nan(f, a) && !(a >> (f.mbits - 1) & 1);
}

FPU_INLINE struct fpu_num fpu_unpack(struct fpu_fmt f, uint64_t a)
{
    int biased = (int)bits(a, (unsigned)f.mbits, (unsigned)f.ebits);
    uint64_t frac = a << (64 - f.mbits); /* the stored bits at the top */
    struct fpu_num n = {.sign = fpu_sign(f, a), .kind = FPU_FINITE};

    if (unlikely(biased == (1 << f.ebits) - 1)) {
        n.kind = !frac ? FPU_INF : frac >> 63 ? FPU_QNAN : FPU_SNAN;
    } else if (likely(biased)) {
        n.sig = UINT64_C(1) << 63 | frac >> 1;
        n.exp = biased - fpu_bias(f);
    } else if (!frac) {
        n.kind = FPU_ZERO;
    } else {
        int lz = __builtin_clzll(frac);

        n.sig = frac << lz;
        n.exp = -fpu_bias(f) - lz;
    }
    return n;
}

FPU_INLINE bool fpu_num_is_nan(struct fpu_num n)
{
    return n.kind >= FPU_QNAN;
}

/*
 * Does a magnitude round up to the next unit? `rest` is the discarded fraction of a unit, in units
 * of 2^-64; `odd` the last kept bit.
 */
FPU_INLINE bool fpu_rounds_up(bool sign, bool odd, uint64_t rest, unsigned rm)
{
    const uint64_t half = UINT64_C(1) << 63;

    switch (rm) {
    case FPU_RTZ: return false;
    case FPU_RDN: return sign && rest;
    case FPU_RUP: return !sign && rest;
    case FPU_RMM: return rest >= half;
    default: return rest > half || (rest == half && odd);
    }
}

/* x >> n for n >= 1, the lost bits jammed. */
FPU_INLINE uint64_t fpu_shift_jam(uint64_t x, int n)
{
    if (n > 63)
        return x != 0;
    return x >> n | (x << (64 - n) != 0);
}

FPU_INLINE fpu_u128 fpu_shift_jam128(fpu_u128 x, int n)
{
    if (n == 0)
        return x;
    if (n > 127)
        return x != 0;
    return x >> n | (x << (128 - n) != 0);
}

/* Narrows to 64 bits, jamming. */
FPU_INLINE uint64_t fpu_jam_high(fpu_u128 x)
{
    return (uint64_t)(x >> 64) | ((uint64_t)x != 0);
}

FPU_INLINE uint64_t fpu_overflow(struct fpu_fmt f, bool sign, unsigned rm, uint32_t *flags)
{
    bool to_max = rm == FPU_RTZ || (rm == FPU_RDN && !sign) || (rm == FPU_RUP && sign);

    *flags |= FPU_OF | FPU_NX;
    return fpu_inf(f, sign) - to_max; /* the greatest finite number is the one before infinity */
}

/*
 * Rounds the nonzero sig * 2^(exp - 63), bit 63 of sig set, bit 0 possibly jammed, and raises NX,
 * UF and OF.
 *
 * The kept bits include the leading one, which is added on top of an exponent field one too small:
 * that makes a carry out of the significand, and a subnormal that rounds up to the least normal
 * number, come out right by themselves.
 */
FPU_INLINE uint64_t fpu_round_pack(struct fpu_fmt f, bool sign, int exp, uint64_t sig, unsigned rm,
                                   uint32_t *flags)
{
    const int drop = 63 - f.mbits;
    const int emin = 1 - fpu_bias(f);
    uint64_t field = 0, kept, rest;
    bool tiny = false;

    if (unlikely(exp > fpu_bias(f)))
        return fpu_overflow(f, sign, rm, flags);
    if (unlikely(exp < emin)) {
        /*
         * Tiny after rounding: rounded to full precision with no bound on the exponent, is it still
         * below 2^emin?
         */
        kept = sig >> drop;
        tiny = exp < emin - 1 || kept != (UINT64_C(2) << f.mbits) - 1 ||
               !fpu_rounds_up(sign, true, sig << (64 - drop), rm);
        sig = fpu_shift_jam(sig, emin - exp);
    } else {
        field = (uint64_t)(exp - emin) << f.mbits;
    }
    kept = sig >> drop;
    rest = sig << (64 - drop);
    if (rest) {
        *flags |= tiny ? FPU_NX | FPU_UF : FPU_NX;
        kept += fpu_rounds_up(sign, kept & 1, rest, rm);
    }
    field += kept;
    if (unlikely(field >= fpu_inf(f, false)))
        return fpu_overflow(f, sign, rm, flags);
    return fpu_zero(f, sign) | field;
}

#endif
