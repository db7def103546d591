/* SPDX-License-Identifier: MIT */
/* The RV64 interpreter. */
#define XLEN                     64
#define LABEL_RV32(name)         &&op_illegal
#define LABEL_RV64(name)         LABEL(name)
#define LABEL_RVANY(name)        LABEL(name)
#define PAIR_RV64(first, second) PAIR_RVANY(first, second)
#define SHIFT_NAME(name)         name
#define BY_XLEN(name)            name##64
#include "cpu/interp.h"
#include "cpu/interp.inc"
