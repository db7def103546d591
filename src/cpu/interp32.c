/* SPDX-License-Identifier: MIT */
/* The RV32 interpreter. */
#define XLEN          32
#define TABLE_1(name) &&op_##name
#define TABLE_2(name) &&op_illegal
#define TABLE_3(name) &&op_##name
#define PAIR_2(first, second)
#define SHIFT_NAME(name) name##_rv32
#include "cpu/interp.h"
#include "cpu/interp.inc"
