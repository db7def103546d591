/* SPDX-License-Identifier: MIT */
/*
 * System instructions, for all engines. The caller has set hart.arch.pc to the instruction and
 * hart.icount to what was executed before it. The hart's own thread.
 */
#ifndef CPU_SYSTEM_H
#define CPU_SYSTEM_H

#include "cpu/hart.h"

enum sys_result {
    SYS_NEXT,   /* go on with the next op */
    SYS_LOOKUP, /* go on at hart.arch.pc, unless hart.limit is reached (the hart stops or waits);
                   interrupts were looked at */
};

/* word: the instruction, also the tval of an illegal one. */
enum sys_result sys_execute(struct hart *h, enum insn_id id, uint32_t word, unsigned len);
/* Raises the fault in hart.exc and exc_tval. */
enum sys_result sys_fault(struct hart *h);
enum sys_result sys_illegal(struct hart *h, uint32_t word);
/* cbo.*; false: hart.exc is set. which: insn id. */
bool sys_cbo(struct hart *h, enum insn_id which, uint64_t va, uint32_t word);

#endif
