/* SPDX-License-Identifier: MIT */
/*
 * run_case(struct context *c): gives the hart the registers of c, leaves by mret, and comes back by
 * whatever trap ends the stub, with all registers saved in c. Offsets as in driver.c.
 */
#include "xlen.h"

#define X_IN 0
#define X_OUT 256
#define F_IN 512
#define F_OUT 768
#define FCSR_IN 1024
#define FCSR_OUT 1032
#define HAS_FP 1040
#define HOST_SP 1048
#define CAUSE 1056
#define EPC 1064
#define TVAL 1072
#define STATUS 1080

.macro each_x op, base, off, skip=99
    .irp i, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    .if \i != \skip
    \op x\i, (\off + 8 * \i)(\base)
    .endif
    .endr
.endm

.macro each_f op, base, off
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op f\i, (\off + 8 * \i)(\base)
    .endr
.endm

    .text
    .option norvc
    .globl run_case
run_case:
    addi sp, sp, -16 * XBYTES
    SX ra, 0 * XBYTES(sp)
    SX gp, 1 * XBYTES(sp)
    SX tp, 2 * XBYTES(sp)
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11
    SX s\i, (3 + \i) * XBYTES(sp)
    .endr
    SX sp, HOST_SP(a0)
    csrw mscratch, a0
    lw t0, HAS_FP(a0)
    beqz t0, 1f
    .option push
    .option arch, +d
    lw t0, FCSR_IN(a0)
    fscsr t0
    each_f fld, a0, F_IN
    .option pop
1:  /* FS as the case wants it: the loads above made it dirty */
    li t0, 0x6000
    csrc mstatus, t0
    LX t1, STATUS(a0)
    and t1, t1, t0
    csrs mstatus, t1
    each_x LX, x10, X_IN, 10
    LX x10, (X_IN + 80)(x10)
    mret

    .balign 4
    .globl case_trap
case_trap:
    csrrw x10, mscratch, x10
    each_x SX, x10, X_OUT, 10
    csrr t0, mscratch
    SX t0, (X_OUT + 80)(x10)
    csrr t0, mcause
    SX t0, CAUSE(x10)
    csrr t0, mepc
    SX t0, EPC(x10)
    csrr t0, mtval
    SX t0, TVAL(x10)
    csrr t0, mstatus
    SX t0, STATUS(x10)
    lw t0, HAS_FP(x10)
    beqz t0, 1f
    li t0, 0x6000
    csrs mstatus, t0
    .option push
    .option arch, +d
    each_f fsd, x10, F_OUT
    frcsr t0
    .option pop
    sw t0, FCSR_OUT(x10)
1:  LX sp, HOST_SP(x10)
    LX ra, 0 * XBYTES(sp)
    LX gp, 1 * XBYTES(sp)
    LX tp, 2 * XBYTES(sp)
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11
    LX s\i, (3 + \i) * XBYTES(sp)
    .endr
    addi sp, sp, 16 * XBYTES
    ret

    .section .stubs, "ax"
    .incbin "stubs.bin"
    .section .records, "a"
    .balign 8
    .globl records
records:
    .incbin "records.bin"
