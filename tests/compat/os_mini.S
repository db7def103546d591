/* SPDX-License-Identifier: MIT */
/* The assembly of os_mini.c: RV32, M-mode. */
#include "os_regs.inc"

    .section .text.start, "ax"
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    first_stack
    call main
park:
    wfi
    j park

/* The registers go to the frame that mscratch points to: that of the task. */
    .text
    .balign 4
    .globl trap_vector
trap_vector:
    csrrw t6, mscratch, t6
    registers SX, x31
    SX sp, 2 * WORD(t6)
    SX tp, 4 * WORD(t6)
    csrr a0, mepc
    SX a0, 0(t6)
    csrr t5, mscratch
    SX t5, 31 * WORD(t6)
    mv a0, t6
    first_stack
    call trap
/* To the task whose frame a0 is. */
    .globl resume
resume:
    mv t6, a0
    csrw mscratch, t6
    LX t5, 0(t6)
    csrw mepc, t5
    LX sp, 2 * WORD(t6)
    LX tp, 4 * WORD(t6)
    registers LX, x31
    LX t6, 31 * WORD(t6)
    mret
