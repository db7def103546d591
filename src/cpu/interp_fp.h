/* SPDX-License-Identifier: MIT */
/*
 * The floating-point part of the interpreter's template (interp.inc). Registers have 64 bits;
 * narrower values are NaN-boxed: the bits above are ones, and what is not boxed reads as NaN ("D",
 * "NaN Boxing of Narrower Values"). fpu_host.h computes; writing an f register or fflags makes FS
 * dirty (hart.fp_dirty).
 */
#ifndef CPU_INTERP_FP_H
#define CPU_INTERP_FP_H

#include "cpu/fpu_host.h"

#define BOX32(v) ((uint64_t)(v) | UINT64_C(0xffffffff00000000))
#define BOX16(v) ((uint64_t)(v) | UINT64_C(0xffffffffffff0000))

static inline uint32_t unbox32(uint64_t v)
{
    return v >> 32 == 0xffffffff ? (uint32_t)v : FPU_NAN32;
}

static inline uint16_t unbox16(uint64_t v)
{
    return v >> 16 == UINT64_C(0xffffffffffff) ? (uint16_t)v : FPU_NAN16;
}

#define F64(i)     (h->arch.f[i])
#define F32(i)     unbox32(h->arch.f[i])
#define F16(i)     unbox16(h->arch.f[i])
#define SET_F64(v) (h->fp_dirty = true, h->arch.f[op->rd] = (v))
#define SET_F32(v) SET_F64(BOX32(v))
#define SET_F16(v) SET_F64(BOX16(v))
#define FLAGS      (&h->arch.fflags)
#define NEG32(v)   ((v) ^ UINT32_C(0x80000000))
#define NEG64(v)   ((v) ^ UINT64_C(0x8000000000000000))
#define RS3        (op->imm >> 8 & 0x1f)

/* An FP instruction; rm is resolved in `rm`. */
#define FP(name, stmt)                                                                             \
    op_##name:                                                                                     \
    {                                                                                              \
        unsigned rm = (unsigned)op->imm & 7;                                                       \
        if (rm == 7 && unlikely((rm = h->arch.frm) > 4))                                           \
            goto illegal_here;                                                                     \
        stmt;                                                                                      \
        NEXT();                                                                                    \
    }
#define FP_SET_X(name, expr)                                                                       \
    FP(name, {                                                                                     \
        SET_RD(expr);                                                                              \
        h->fp_dirty = true;                                                                        \
    })
/* One without a rounding mode. */
#define FQ(name, stmt)                                                                             \
    op_##name : stmt;                                                                              \
    NEXT();
#define FQ_SET_X(name, expr)                                                                       \
    op_##name : SET_RD(expr);                                                                      \
    h->fp_dirty = true;                                                                            \
    NEXT();

#define FP_COMMON(s, w, SET, F, NEG, SIGN)                                                         \
    FP(fadd_##s, SET(fast_##w##_add(F(op->rs1), F(op->rs2), rm, FLAGS)))                           \
    FP(fsub_##s, SET(fast_##w##_sub(F(op->rs1), F(op->rs2), rm, FLAGS)))                           \
    FP(fmul_##s, SET(fast_##w##_mul(F(op->rs1), F(op->rs2), rm, FLAGS)))                           \
    FP(fdiv_##s, SET(fast_##w##_div(F(op->rs1), F(op->rs2), rm, FLAGS)))                           \
    FP(fsqrt_##s, SET(fast_##w##_sqrt(F(op->rs1), rm, FLAGS)))                                     \
    FP(fmadd_##s, SET(fast_##w##_fma(F(op->rs1), F(op->rs2), F(RS3), rm, FLAGS)))                  \
    FP(fmsub_##s, SET(fast_##w##_fma(F(op->rs1), F(op->rs2), NEG(F(RS3)), rm, FLAGS)))             \
    FP(fnmsub_##s, SET(fast_##w##_fma(NEG(F(op->rs1)), F(op->rs2), F(RS3), rm, FLAGS)))            \
    FP(fnmadd_##s, SET(fast_##w##_fma(NEG(F(op->rs1)), F(op->rs2), NEG(F(RS3)), rm, FLAGS)))       \
    FQ(fmin_##s, SET(w##_min(F(op->rs1), F(op->rs2), FLAGS)))                                      \
    FQ(fmax_##s, SET(w##_max(F(op->rs1), F(op->rs2), FLAGS)))                                      \
    FQ(fminm_##s, SET(w##_minm(F(op->rs1), F(op->rs2), FLAGS)))                                    \
    FQ(fmaxm_##s, SET(w##_maxm(F(op->rs1), F(op->rs2), FLAGS)))                                    \
    FQ_SET_X(feq_##s, fast_##w##_eq(F(op->rs1), F(op->rs2), FLAGS))                                \
    FQ_SET_X(flt_##s, fast_##w##_lt(F(op->rs1), F(op->rs2), FLAGS))                                \
    FQ_SET_X(fle_##s, fast_##w##_le(F(op->rs1), F(op->rs2), FLAGS))                                \
    FQ_SET_X(fltq_##s, w##_ltq(F(op->rs1), F(op->rs2), FLAGS))                                     \
    FQ_SET_X(fleq_##s, w##_leq(F(op->rs1), F(op->rs2), FLAGS))                                     \
    FQ(fclass_##s, SET_RD(w##_class(F(op->rs1))))                                                  \
    FQ(fsgnj_##s, SET((F(op->rs1) & ~SIGN) | (F(op->rs2) & SIGN)))                                 \
    FQ(fsgnjn_##s, SET((F(op->rs1) & ~SIGN) | (~F(op->rs2) & SIGN)))                               \
    FQ(fsgnjx_##s, SET(F(op->rs1) ^ (F(op->rs2) & SIGN)))                                          \
    FP(fround_##s, SET(w##_round(F(op->rs1), rm, FLAGS)))                                          \
    FP(froundnx_##s, SET(w##_roundnx(F(op->rs1), rm, FLAGS)))                                      \
    FP_SET_X(fcvt_w_##s, (int64_t)fast_##w##_to_i32(F(op->rs1), rm, FLAGS))                        \
    FP_SET_X(fcvt_wu_##s, (int64_t)(int32_t)fast_##w##_to_u32(F(op->rs1), rm, FLAGS))              \
    FP(fcvt_##s##_w, SET(fast_i32_to_##w((int32_t)RS1, rm, FLAGS)))                                \
    FP(fcvt_##s##_wu, SET(fast_u32_to_##w((uint32_t)RS1, rm, FLAGS)))

#endif
