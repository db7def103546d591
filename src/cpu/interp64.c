/* SPDX-License-Identifier: MIT */
/* The RV64 interpreter. */
#define XLEN                  64
#define TABLE_1(name)         &&op_illegal
#define TABLE_2(name)         &&op_##name
#define TABLE_3(name)         &&op_##name
#define PAIR_2(first, second) PAIR_3(first, second)
#define SHIFT_NAME(name)      name
#include "cpu/interp.h"
#include "cpu/interp.inc"
