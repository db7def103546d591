/* SPDX-License-Identifier: MIT */
/* The RV32 interpreter. */
#define XLEN              32
#define LABEL_RV32(name)  LABEL(name)
#define LABEL_RV64(name)  &&op_illegal
#define LABEL_RVANY(name) LABEL(name)
#define PAIR_RV64(first, second)
#define SHIFT_NAME(name) name##_rv32
#define BY_XLEN(name)    name##32
#include "cpu/interp.h"
#include "cpu/interp.inc"
