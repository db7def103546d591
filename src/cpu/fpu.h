/* SPDX-License-Identifier: MIT */
#ifndef RISCREEN_CPU_FPU_H
#define RISCREEN_CPU_FPU_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Floating point, computed exactly with integers. This is the machine's definition of the F, D,
 * Zfhmin and Zfa instructions: fpu_host.h has faster versions of the hot ones, and those must agree
 * with this file bit for bit, flags included. A value is its raw IEEE-754 bits: uint16_t for a
 * half, uint32_t for a single, uint64_t for a double. NaN boxing, DYN rounding and the sign changes
 * of fmsub, fnmsub and fnmadd are the interpreter's: negate a and/or c by flipping their sign bits
 * before calling fma.
 *
 * Everywhere: rm is one of enum fpu_rm, resolved; flags points to the fflags to accrue into and is
 * only ever ORed to. A NaN result is the canonical quiet NaN; a signaling NaN operand raises NV;
 * tininess is detected after rounding (RISC-V unprivileged ISA, "F" 20.2-20.3). Subnormals are
 * handled in full. All functions are pure but for *flags and may be called by any thread.
 */

enum fpu_rm {
    FPU_RNE = 0, /* to nearest, ties to even */
    FPU_RTZ = 1, /* towards zero */
    FPU_RDN = 2, /* towards minus infinity */
    FPU_RUP = 3, /* towards plus infinity */
    FPU_RMM = 4, /* to nearest, ties away from zero */
};

enum fpu_flag {
    FPU_NX = 1,  /* inexact */
    FPU_UF = 2,  /* underflow */
    FPU_OF = 4,  /* overflow */
    FPU_DZ = 8,  /* division by zero */
    FPU_NV = 16, /* invalid operation */
};

#define FPU_NAN16 ((uint16_t)0x7e00)
#define FPU_NAN32 ((uint32_t)0x7fc00000)
#define FPU_NAN64 ((uint64_t)0x7ff8000000000000)

/*
 * Arithmetic. fma is a * b + c with one rounding; inf * 0 + NaN raises NV even when the NaN is
 * quiet.
 */
uint32_t f32_add(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags);
uint32_t f32_sub(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags);
uint32_t f32_mul(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags);
uint32_t f32_div(uint32_t a, uint32_t b, unsigned rm, uint32_t *flags);
uint32_t f32_sqrt(uint32_t a, unsigned rm, uint32_t *flags);
uint32_t f32_fma(uint32_t a, uint32_t b, uint32_t c, unsigned rm, uint32_t *flags);

uint64_t f64_add(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags);
uint64_t f64_sub(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags);
uint64_t f64_mul(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags);
uint64_t f64_div(uint64_t a, uint64_t b, unsigned rm, uint32_t *flags);
uint64_t f64_sqrt(uint64_t a, unsigned rm, uint32_t *flags);
uint64_t f64_fma(uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint32_t *flags);

/*
 * fmin, fmax: IEEE 754-2019 minimumNumber and maximumNumber: -0 < +0, and a number beats a NaN.
 * minm, maxm (Zfa): minimum and maximum: a NaN beats a number.
 */
uint32_t f32_min(uint32_t a, uint32_t b, uint32_t *flags);
uint32_t f32_max(uint32_t a, uint32_t b, uint32_t *flags);
uint32_t f32_minm(uint32_t a, uint32_t b, uint32_t *flags);
uint32_t f32_maxm(uint32_t a, uint32_t b, uint32_t *flags);

uint64_t f64_min(uint64_t a, uint64_t b, uint32_t *flags);
uint64_t f64_max(uint64_t a, uint64_t b, uint32_t *flags);
uint64_t f64_minm(uint64_t a, uint64_t b, uint32_t *flags);
uint64_t f64_maxm(uint64_t a, uint64_t b, uint32_t *flags);

/*
 * Comparisons, false when unordered. lt and le raise NV for any NaN; eq, ltq and leq only for a
 * signaling one.
 */
bool f32_eq(uint32_t a, uint32_t b, uint32_t *flags);
bool f32_lt(uint32_t a, uint32_t b, uint32_t *flags);
bool f32_le(uint32_t a, uint32_t b, uint32_t *flags);
bool f32_ltq(uint32_t a, uint32_t b, uint32_t *flags);
bool f32_leq(uint32_t a, uint32_t b, uint32_t *flags);

bool f64_eq(uint64_t a, uint64_t b, uint32_t *flags);
bool f64_lt(uint64_t a, uint64_t b, uint32_t *flags);
bool f64_le(uint64_t a, uint64_t b, uint32_t *flags);
bool f64_ltq(uint64_t a, uint64_t b, uint32_t *flags);
bool f64_leq(uint64_t a, uint64_t b, uint32_t *flags);

/* The ten-bit mask of fclass ("F" 20.9), exactly one bit set. */
unsigned f32_class(uint32_t a);
unsigned f64_class(uint64_t a);

/*
 * To integers. Out of range saturates and NaN gives the greatest value, both with NV alone
 * ("F" 20.7). The interpreter sign-extends 32-bit results, the unsigned ones too.
 */
int32_t f32_to_i32(uint32_t a, unsigned rm, uint32_t *flags);
uint32_t f32_to_u32(uint32_t a, unsigned rm, uint32_t *flags);
int64_t f32_to_i64(uint32_t a, unsigned rm, uint32_t *flags);
uint64_t f32_to_u64(uint32_t a, unsigned rm, uint32_t *flags);

int32_t f64_to_i32(uint64_t a, unsigned rm, uint32_t *flags);
uint32_t f64_to_u32(uint64_t a, unsigned rm, uint32_t *flags);
int64_t f64_to_i64(uint64_t a, unsigned rm, uint32_t *flags);
uint64_t f64_to_u64(uint64_t a, unsigned rm, uint32_t *flags);

/* From integers. */
uint32_t i32_to_f32(int32_t a, unsigned rm, uint32_t *flags);
uint32_t u32_to_f32(uint32_t a, unsigned rm, uint32_t *flags);
uint32_t i64_to_f32(int64_t a, unsigned rm, uint32_t *flags);
uint32_t u64_to_f32(uint64_t a, unsigned rm, uint32_t *flags);

uint64_t i32_to_f64(int32_t a, unsigned rm, uint32_t *flags);
uint64_t u32_to_f64(uint32_t a, unsigned rm, uint32_t *flags);
uint64_t i64_to_f64(int64_t a, unsigned rm, uint32_t *flags);
uint64_t u64_to_f64(uint64_t a, unsigned rm, uint32_t *flags);

/* Between formats. Widening is exact, so takes no rm. */
uint64_t f32_to_f64(uint32_t a, uint32_t *flags);
uint32_t f16_to_f32(uint16_t a, uint32_t *flags);
uint64_t f16_to_f64(uint16_t a, uint32_t *flags);
uint32_t f64_to_f32(uint64_t a, unsigned rm, uint32_t *flags);
uint16_t f32_to_f16(uint32_t a, unsigned rm, uint32_t *flags);
uint16_t f64_to_f16(uint64_t a, unsigned rm, uint32_t *flags);

/*
 * Zfa: to an integral value in the same format. round (fround) never raises NX, roundnx does when
 * inexact.
 */
uint32_t f32_round(uint32_t a, unsigned rm, uint32_t *flags);
uint32_t f32_roundnx(uint32_t a, unsigned rm, uint32_t *flags);
uint64_t f64_round(uint64_t a, unsigned rm, uint32_t *flags);
uint64_t f64_roundnx(uint64_t a, unsigned rm, uint32_t *flags);

/*
 * Zfa fcvtmod.w.d: truncates and keeps the low 32 bits, 0 for infinities and NaN. Raises what
 * fcvt.w.d with RTZ does: NV when the truncated value does not fit an int32_t, else NX when
 * inexact.
 */
int32_t f64_to_i32_mod(uint64_t a, uint32_t *flags);

/* Zfa fli: the constant for index 0..31 (higher bits are ignored). */
uint16_t fpu_fli16(unsigned index);
uint32_t fpu_fli32(unsigned index);
uint64_t fpu_fli64(unsigned index);

#endif
