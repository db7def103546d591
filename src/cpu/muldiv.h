/* SPDX-License-Identifier: MIT */
/*
 * Division of the M extension, which traps for no operands: by 0 the quotient is -1 and the
 * remainder the dividend; where the quotient overflows it is the dividend, and the remainder 0
 * ("M", "Division Operations").
 */
#ifndef CPU_MULDIV_H
#define CPU_MULDIV_H

#include <stdint.h>

static inline int64_t int_div64(int64_t a, int64_t b)
{
    if (b == 0)
        return -1;
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static inline int32_t int_div32(int32_t a, int32_t b)
{
    if (b == 0)
        return -1;
    return b == -1 ? (int32_t)(0 - (uint32_t)a) : a / b;
}

static inline int64_t int_rem64(int64_t a, int64_t b)
{
    if (b == 0)
        return a;
    return b == -1 ? 0 : a % b;
}

static inline int32_t int_rem32(int32_t a, int32_t b)
{
    if (b == 0)
        return a;
    return b == -1 ? 0 : a % b;
}

static inline uint64_t int_divu64(uint64_t a, uint64_t b)
{
    return b ? a / b : UINT64_MAX;
}

static inline uint32_t int_divu32(uint32_t a, uint32_t b)
{
    return b ? a / b : UINT32_MAX;
}

static inline uint64_t int_remu64(uint64_t a, uint64_t b)
{
    return b ? a % b : a;
}

static inline uint32_t int_remu32(uint32_t a, uint32_t b)
{
    return b ? a % b : a;
}

#endif
