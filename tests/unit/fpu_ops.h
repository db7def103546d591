/* SPDX-License-Identifier: MIT */
/*
 * What the tests of cpu/fpu.h share: its operations in one shape, and random operands that favour
 * the edges.
 *
 * The random tests print their seed and take another from RISCREEN_SEED; RISCREEN_FPU_CASES sets
 * the number of cases per operation and rounding mode (30000 unless given).
 */
#ifndef RISCREEN_TESTS_FPU_OPS_H
#define RISCREEN_TESTS_FPU_OPS_H

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/util.h"
#include "cpu/fpu.h"
#include "cpu/fpu_host.h"

enum { NX = FPU_NX, UF = FPU_UF, OF = FPU_OF, DZ = FPU_DZ, NV = FPU_NV };
enum { RNE = FPU_RNE, RTZ = FPU_RTZ, RDN = FPU_RDN, RUP = FPU_RUP, RMM = FPU_RMM };

/*
 * One shape for all operations: operands in in[], result as 64 bits, signed ones
 * sign-extended. soft_X is X, quick_X is fast_X.
 */
typedef uint64_t op_fn(const uint64_t *in, unsigned rm, uint32_t *flags);

#define WRAP(name, call)                                                                           \
    static inline uint64_t name(const uint64_t *in, unsigned rm, uint32_t *flags)                  \
    {                                                                                              \
        (void)rm;                                                                                  \
        return (uint64_t)call;                                                                     \
    }
#define SOFT1(op)       WRAP(soft_##op, op(in[0], rm, flags))
#define SOFT1N(op)      WRAP(soft_##op, op(in[0], flags))
#define SOFT2(op)       WRAP(soft_##op, op(in[0], in[1], rm, flags))
#define SOFT2N(op)      WRAP(soft_##op, op(in[0], in[1], flags))
#define SOFT3(op)       WRAP(soft_##op, op(in[0], in[1], in[2], rm, flags))
#define QUICK1(op)      SOFT1(op) WRAP(quick_##op, fast_##op(in[0], rm, flags))
#define QUICK1N(op)     SOFT1N(op) WRAP(quick_##op, fast_##op(in[0], flags))
#define QUICK2(op)      SOFT2(op) WRAP(quick_##op, fast_##op(in[0], in[1], rm, flags))
#define QUICK2N(op)     SOFT2N(op) WRAP(quick_##op, fast_##op(in[0], in[1], flags))
#define QUICK3(op)      SOFT3(op) WRAP(quick_##op, fast_##op(in[0], in[1], in[2], rm, flags))
#define BOTH(macro, op) macro(f32_##op) macro(f64_##op)
#define FROM(int)                                                                                  \
    QUICK1(int##_to_f32)                                                                           \
    QUICK1(int##_to_f64)

/* clang-format off */
BOTH(QUICK2, add) BOTH(QUICK2, sub) BOTH(QUICK2, mul) BOTH(QUICK2, div) BOTH(QUICK1, sqrt) BOTH(QUICK3, fma)
BOTH(QUICK2N, eq) BOTH(QUICK2N, lt) BOTH(QUICK2N, le)
BOTH(SOFT2N, ltq) BOTH(SOFT2N, leq)
BOTH(SOFT2N, min) BOTH(SOFT2N, max) BOTH(SOFT2N, minm) BOTH(SOFT2N, maxm)
BOTH(QUICK1, to_i32) BOTH(QUICK1, to_u32) BOTH(QUICK1, to_i64) BOTH(QUICK1, to_u64)
FROM(i32) FROM(u32) FROM(i64) FROM(u64)
QUICK1N(f32_to_f64) QUICK1(f64_to_f32)
SOFT1N(f16_to_f32) SOFT1N(f16_to_f64) SOFT1(f32_to_f16) SOFT1(f64_to_f16)
BOTH(SOFT1, round) BOTH(SOFT1, roundnx)
SOFT1N(f64_to_i32_mod)

/* --- Random operands --- */

struct rng {
    uint64_t state;
};
/* clang-format on */

static inline uint64_t rng_next(struct rng *g)
{
    uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline unsigned rng_below(struct rng *g, unsigned n)
{
    return (unsigned)((rng_next(g) >> 32) * n >> 32);
}

static inline uint64_t env_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

static inline struct rng rng_seeded(const char *what)
{
    uint64_t seed = env_number("RISCREEN_SEED", 0x5eed);

    print_message("%s: RISCREEN_SEED=%" PRIu64 "\n", what, seed);
    return (struct rng){seed};
}

static inline long cases(void)
{
    return (long)env_number("RISCREEN_FPU_CASES", 30000);
}

enum type { T_NONE, T_H, T_S, T_D, T_I32, T_I64 };

/* Few set bits, few clear bits, runs, anything. */
static inline uint64_t random_fraction(struct rng *g, unsigned mbits)
{
    uint64_t all = (UINT64_C(1) << mbits) - 1;
    uint64_t bit = UINT64_C(1) << rng_below(g, mbits), bit2 = UINT64_C(1) << rng_below(g, mbits);

    switch (rng_below(g, 10)) {
    case 0: return 0;
    case 1: return all;
    case 2: return bit;
    case 3: return bit | bit2;
    case 4: return all ^ bit;
    case 5: return all & ~(bit - 1);
    case 6: return bit - 1;
    case 7: return (bit | bit2) - 1;
    default: return rng_next(g) & all;
    }
}

/*
 * Biased to the ends of the exponent range, and to the neighbourhood of the operand before, if any
 * (*prev).
 */
static inline uint64_t random_float(struct rng *g, enum type type, const uint64_t *prev)
{
    unsigned mbits = type == T_H   ? 10
                     : type == T_S ? 23
                                   : 52,
             ebits = type == T_H   ? 5
                     : type == T_S ? 8
                                   : 11;
    uint64_t exp_max = (UINT64_C(1) << ebits) - 1, bias = exp_max / 2, exp = rng_next(g);
    uint64_t sign = rng_next(g) >> 63 << (mbits + ebits);

    switch (rng_below(g, 9)) {
    case 0: exp = rng_below(g, 4); break;
    case 1: exp = exp_max - rng_below(g, 4); break;
    case 2: exp = bias + rng_below(g, 8) - 4; break;
    case 3: exp = bias + rng_below(g, 4 * mbits) - 2 * mbits; break;
    case 4: exp = bias / 2 + rng_below(g, 8) - 4; break;
    case 5: exp = prev ? (*prev >> mbits) + rng_below(g, 5) - 2 : exp; break;
    case 6: exp = prev ? (*prev >> mbits) + rng_below(g, 4 * mbits) - 2 * mbits : exp; break;
    case 7:
        if (prev)
            return (*prev + rng_below(g, 5) - 2) ^ sign;
    }
    return sign | (exp & exp_max) << mbits | random_fraction(g, mbits);
}

static inline uint64_t random_int(struct rng *g)
{
    uint64_t r = rng_next(g) >> rng_below(g, 64);

    switch (rng_below(g, 4)) {
    case 0: r = (UINT64_C(1) << rng_below(g, 64)) + rng_below(g, 5) - 2; break;
    case 1: r &= rng_next(g); break;
    case 2: r = -r; break;
    }
    return r;
}

static inline void random_operands(struct rng *g, const enum type *types, uint64_t *in)
{
    for (unsigned i = 0; i < 3; i++) {
        switch (types[i]) {
        case T_NONE: in[i] = 0; break;
        case T_I64: in[i] = random_int(g); break;
        case T_I32: in[i] = (uint64_t)(int64_t)(int32_t)random_int(g); break;
        case T_S: in[i] = (uint32_t)random_float(g, T_S, i ? &in[i - 1] : NULL); break;
        case T_H: in[i] = (uint16_t)random_float(g, T_H, i ? &in[i - 1] : NULL); break;
        case T_D: in[i] = random_float(g, T_D, i ? &in[i - 1] : NULL); break;
        }
    }
}

/* Runs op with the flags `preset` and compares. */
static inline void expect(const char *name, op_fn *op, const uint64_t *in, unsigned rm,
                          uint32_t preset, uint64_t want, uint32_t want_flags)
{
    uint32_t flags = preset;
    uint64_t got = op(in, rm, &flags);

    if (got == want && flags == want_flags)
        return;
    fail_msg("%s(%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ") rm %u preset %#x: %#" PRIx64
             " flags %#x, should be %#" PRIx64 " flags %#x",
             name, in[0], in[1], in[2], rm, preset, got, flags, want, want_flags);
}

static inline float host_f32(uint64_t a)
{
    return fpu_host_f32((uint32_t)a);
}

static inline uint64_t host_bits32(float x)
{
    return isnan(x) ? FPU_NAN32 : fpu_bits_f32(x);
}

static inline uint64_t host_bits64(double x)
{
    return isnan(x) ? FPU_NAN64 : fpu_bits_f64(x);
}

#endif
