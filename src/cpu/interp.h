/* SPDX-License-Identifier: MIT */
/* The two instances of the interpreter template (interp.inc), and what they and interp.c share. */
#ifndef CPU_INTERP_H
#define CPU_INTERP_H

#include "cpu/bitmanip.h"
#include "cpu/block.h"
#include "cpu/hart.h"
#include "cpu/mmu.h"
#include "cpu/muldiv.h"
#include "cpu/system.h"

#include <string.h>

/* Handlers that take the place of a block's first one (interp_bind_counting in engine.h); their
 * labels follow those of enum insn_id. */
enum insn_gate { GATE_COUNT = INSN_COUNT, GATE_LEAVE, GATE_END };

/* Two ops in one handler (pairs.def): their labels follow those of enum insn_gate. */
enum insn_pair {
    PAIR_NONE = GATE_END - 1,
#define PAIR(first, second, xlen) PAIR_##first##__##second,
#include "cpu/pairs.def"
#undef PAIR
};

/*
 * Run from `first`, which is at hart.arch.pc, or from whatever block is there (NULL), until
 * hart.limit is reached.
 *
 * With h NULL they run nothing and return their labels, by enum insn_id, insn_gate and insn_pair.
 * Invariant: the value of a label is the same in each call, so it can be kept in blocks. Breaks if:
 * the function is ever copied, by inlining or cloning; compilers do not copy one that stores the
 * addresses of its labels in a static table.
 */
const void *const *interp_rv64(struct hart *h, struct block *first);
const void *const *interp_rv32(struct hart *h, struct block *first);

/*
 * Something rare happens to op, of block b in the page at vpage, before it did anything; ic counts
 * the whole block. Sets hart.arch.pc to the op and hart.icount to what was executed before it;
 * returns that.
 */
uint64_t interp_locate(struct hart *h, const struct block *b, const struct op *op, uint64_t vpage,
                       uint64_t ic);

#endif
