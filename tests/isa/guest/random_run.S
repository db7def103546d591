/* SPDX-License-Identifier: MIT */
/*
 * run_block(struct block_state *s, const void *code, ulong times): the random program's registers
 * from s, its code (which returns through x31), the registers back into s. x2, x8, x28..x31 belong
 * to the program's frame: see random.c. A trap inside is noted in s and its instruction skipped.
 */
#include "xlen.h"

#define X 0
#define F 256
#define FCSR 512
#define HOST_SP 520
#define TRAPS 528
#define CODE 536
#define TIMES 544

.macro each_x op
    .irp i, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    \op x\i, (X + 8 * \i)(a0)
    .endr
.endm

.macro each_f op
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op f\i, (F + 8 * \i)(a0)
    .endr
.endm

    .text
    .option norvc
    .option arch, +d
    .globl run_block
run_block:
    addi sp, sp, -16 * XBYTES
    SX ra, 0 * XBYTES(sp)
    SX gp, 1 * XBYTES(sp)
    SX tp, 2 * XBYTES(sp)
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11
    SX s\i, (3 + \i) * XBYTES(sp)
    .endr
    SX sp, HOST_SP(a0)
    SX a1, CODE(a0)
    SX a2, TIMES(a0)
    lw t0, FCSR(a0)
    fscsr t0
    each_f fld
    csrw mscratch, a0
1:  LX x31, CODE(a0)
    each_x LX
    LX x10, (X + 80)(x10)
    jalr x31, 0(x31)
    csrrw a0, mscratch, a0
    each_x SX
    csrrw t0, mscratch, a0
    SX t0, (X + 80)(a0)
    LX t0, TIMES(a0)
    addi t0, t0, -1
    SX t0, TIMES(a0)
    bnez t0, 1b
    each_f fsd
    frcsr t0
    sw t0, FCSR(a0)
    LX sp, HOST_SP(a0)
    LX ra, 0 * XBYTES(sp)
    LX gp, 1 * XBYTES(sp)
    LX tp, 2 * XBYTES(sp)
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11
    LX s\i, (3 + \i) * XBYTES(sp)
    .endr
    addi sp, sp, 16 * XBYTES
    ret

    .balign 4
    .globl block_trap
block_trap:
    csrrw a0, mscratch, a0
    SX t0, (X + 8 * 5)(a0)
    SX t1, (X + 8 * 6)(a0)
    lw t0, TRAPS(a0)        /* traps = traps * 5 + cause + low bits of pc */
    slli t1, t0, 2
    add t0, t0, t1
    csrr t1, mcause
    add t0, t0, t1
    csrr t1, mepc
    slli t1, t1, XBYTES * 8 - 12
    srli t1, t1, XBYTES * 8 - 12
    add t0, t0, t1
    sw t0, TRAPS(a0)
    csrr t1, mepc
    lhu t0, 0(t1)
    addi t1, t1, 2
    andi t0, t0, 3
    addi t0, t0, -3
    bnez t0, 2f
    addi t1, t1, 2
2:  csrw mepc, t1
    LX t0, (X + 8 * 5)(a0)
    LX t1, (X + 8 * 6)(a0)
    csrrw a0, mscratch, a0
    mret

    .section .stubs, "ax"
    .globl blocks
blocks:
    .incbin "blocks.bin"
    .section .records, "a"
    .balign 8
    .globl edges, block_offsets, block_count
edges:
    .incbin "edges.bin"
block_count:
    .incbin "offsets.bin"
    .equ block_offsets, block_count + 8
