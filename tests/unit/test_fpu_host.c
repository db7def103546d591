/* SPDX-License-Identifier: MIT */
/*
 * The integer floating point of cpu/fpu.h against the host's, and the fast versions of
 * cpu/fpu_host.h against the integer ones. All random: see fpu_ops.h.
 */
#include <fenv.h>

#include "fpu_ops.h"

/* --- Against the host --- */

/*
 * The host's operations, in the rounding mode set. Operands and results go through volatiles, so
 * that the operation stays between fesetround() and fetestexcept().
 */
#define HOST(name, ctype, otype, to, from, expr)                                                   \
    static uint64_t host_##name(const uint64_t *in, unsigned rm, uint32_t *flags)                  \
    {                                                                                              \
        volatile ctype vx = to(in[0]), vy = to(in[1]), vz = to(in[2]);                             \
        ctype x = vx, y = vy, z = vz;                                                              \
        volatile otype r = expr;                                                                   \
                                                                                                   \
        (void)rm, (void)flags, (void)x, (void)y, (void)z;                                          \
        return from(r);                                                                            \
    }
#define HOST_F32(name, expr) HOST(f32_##name, float, float, host_f32, host_bits32, expr)
#define HOST_F64(name, expr) HOST(f64_##name, double, double, fpu_host_f64, host_bits64, expr)

static int32_t host_i32(uint64_t a)
{
    return (int32_t)a;
}

static uint32_t host_u32(uint64_t a)
{
    return (uint32_t)a;
}

static int64_t host_i64(uint64_t a)
{
    return (int64_t)a;
}

/* clang-format off */
HOST_F32(add, x + y) HOST_F32(sub, x - y) HOST_F32(mul, x * y) HOST_F32(div, x / y)
HOST_F32(sqrt, sqrtf(x)) HOST_F32(fma, fmaf(x, y, z))
HOST_F64(add, x + y) HOST_F64(sub, x - y) HOST_F64(mul, x * y) HOST_F64(div, x / y)
HOST_F64(sqrt, sqrt(x)) HOST_F64(fma, fma(x, y, z)) 
HOST(f32_to_f64, float, double, host_f32, host_bits64, x)
HOST(f64_to_f32, double, float, fpu_host_f64, host_bits32, (float)x)
HOST(i32_to_f32, int32_t, float, host_i32, host_bits32, (float)x)
HOST(i32_to_f64, int32_t, double, host_i32, host_bits64, x)
HOST(u32_to_f32, uint32_t, float, host_u32, host_bits32, (float)x)
HOST(u32_to_f64, uint32_t, double, host_u32, host_bits64, x)
HOST(i64_to_f32, int64_t, float, host_i64, host_bits32, (float)x)
HOST(i64_to_f64, int64_t, double, host_i64, host_bits64, (double)x)
    /* clang-format on */

    struct op {
    const char *name;
    enum type in[3];
    op_fn *soft, *other; /* the latter from the host, or the fast one */
};

#define OP(op, kind, ...)                                                                          \
    {                                                                                              \
        .name = #op, .in = {__VA_ARGS__}, .soft = soft_##op, .other = kind##_##op                  \
    }
#define OP1(op, kind)            OP(f32_##op, kind, T_S), OP(f64_##op, kind, T_D)
#define OP2(op, kind)            OP(f32_##op, kind, T_S, T_S), OP(f64_##op, kind, T_D, T_D)
#define OP3(op, kind)            OP(f32_##op, kind, T_S, T_S, T_S), OP(f64_##op, kind, T_D, T_D, T_D)
#define OP_FROM(int, type, kind) OP(int##_to_f32, kind, type), OP(int##_to_f64, kind, type)

static const struct op host_ops[] = {
    OP2(add, host),
    OP2(sub, host),
    OP2(mul, host),
    OP2(div, host),
    OP1(sqrt, host),
    OP3(fma, host),
    OP(f32_to_f64, host, T_S),
    OP(f64_to_f32, host, T_D),
    OP_FROM(i32, T_I32, host),
    OP_FROM(u32, T_I32, host),
    OP_FROM(i64, T_I64, host),
};

#ifdef __x86_64__
enum { TINY_BEFORE_ROUNDING = 0 };
#else
enum { TINY_BEFORE_ROUNDING = 1 }; /* maybe */
#endif

static uint32_t host_flags(void)
{
    int e = fetestexcept(FE_ALL_EXCEPT);

    return (e & FE_INEXACT ? NX : 0u) | (e & FE_UNDERFLOW ? UF : 0u) | (e & FE_OVERFLOW ? OF : 0u) |
           (e & FE_DIVBYZERO ? DZ : 0u) | (e & FE_INVALID ? NV : 0u);
}

/* Flags that IEEE leaves to the implementation, for which the host is no reference. */
static uint32_t open_to_host(const struct op *op, const uint64_t *in)
{
    uint32_t open = TINY_BEFORE_ROUNDING ? UF : 0;

    /* NV for inf * 0 + NaN. */
    if (op->in[2] == T_S && isnan(host_f32(in[2])) && isnan(host_f32(in[0]) * host_f32(in[1])))
        open |= NV;
    if (op->in[2] == T_D && isnan(fpu_host_f64(in[2])) &&
        isnan(fpu_host_f64(in[0]) * fpu_host_f64(in[1])))
        open |= NV;
    return open;
}

static void test_host(void **state)
{
    static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    struct rng g = rng_seeded("against the host");
    uint32_t flags, got_flags, open;
    uint64_t in[3], want;

    (void)state;
    for (const struct op *op = host_ops; op < host_ops + ARRAY_SIZE(host_ops); op++) {
        for (unsigned rm = RNE; rm <= RUP; rm++) {
            for (long n = cases(); n > 0; n--) {
                random_operands(&g, op->in, in);
                fesetround(modes[rm]);
                feclearexcept(FE_ALL_EXCEPT);
                want = op->other(in, rm, NULL);
                flags = host_flags();
                fesetround(FE_TONEAREST);
                got_flags = 0;
                op->soft(in, rm, &got_flags);
                open = open_to_host(op, in);
                flags = (flags & ~open) | (got_flags & open);
                expect(op->name, op->soft, in, rm, 0, want, flags);
            }
        }
    }
}

/* --- The fast versions against the integer ones --- */

static const struct op fast_ops[] = {
    OP2(add, quick),
    OP2(sub, quick),
    OP2(mul, quick),
    OP2(div, quick),
    OP1(sqrt, quick),
    OP3(fma, quick),
    OP2(eq, quick),
    OP2(lt, quick),
    OP2(le, quick),
    OP1(to_i32, quick),
    OP1(to_u32, quick),
    OP1(to_i64, quick),
    OP1(to_u64, quick),
    OP(f32_to_f64, quick, T_S),
    OP(f64_to_f32, quick, T_D),
    OP_FROM(i32, T_I32, quick),
    OP_FROM(u32, T_I32, quick),
    OP_FROM(i64, T_I64, quick),
    OP_FROM(u64, T_I64, quick),
};

static void test_fast(void **state)
{
    struct rng g = rng_seeded("fast against integer");
    uint32_t preset, flags;
    uint64_t in[3], want;

    (void)state;
    for (const struct op *op = fast_ops; op < fast_ops + ARRAY_SIZE(fast_ops); op++) {
        for (long n = 5 * cases(); n > 0; n--) {
            /*
             * Mostly RNE, and NX either alone or not there, for these are what the fast ones look
             * for.
             */
            unsigned mode = rng_below(&g, 10), rm = mode <= RMM ? mode : RNE;

            preset = rng_below(&g, 8) ? rng_below(&g, 2) : rng_below(&g, 32);
            flags = preset;
            random_operands(&g, op->in, in);
            want = op->soft(in, rm, &flags);
            expect(op->name, op->other, in, rm, preset, want, flags);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_fast),
    };

    return cmocka_run_group_tests_name("fpu_host", tests, NULL, NULL);
}
