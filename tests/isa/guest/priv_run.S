/* SPDX-License-Identifier: MIT */
/*
 * priv_enter(struct frame *f): a0..a2 from f, then mret; whatever trap reaches M-mode comes back
 * here with a0 saved. priv_load and friends do one access with MPRV set by the caller; a trap inside
 * ends them as well.
 */
#include "xlen.h"

#define A0 0
#define A1 8
#define A2 16
#define HOST_SP 24
#define CAUSE 32
#define EPC 40
#define TVAL 48
#define STATUS 56

    .section .head, "ax"
    .option norvc
    j _start

    .text
    .globl priv_enter
priv_enter:
    addi sp, sp, -16 * XBYTES
    SX ra, 0 * XBYTES(sp)
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11
    SX s\i, (3 + \i) * XBYTES(sp)
    .endr
    SX sp, HOST_SP(a0)
    csrw mscratch, a0
    LX a1, A1(a0)
    LX a2, A2(a0)
    LX a0, A0(a0)
    mret

    .balign 4
    .globl priv_trap
priv_trap:
    csrrw t0, mscratch, a0
    mv a0, t0
    csrr t1, mstatus
    li t2, 0x20000          /* MPRV off before the first store */
    csrc mstatus, t2
    SX t1, STATUS(a0)
    csrr t1, mscratch
    SX t1, A0(a0)
    csrr t1, mcause
    SX t1, CAUSE(a0)
    csrr t1, mepc
    SX t1, EPC(a0)
    csrr t1, mtval
    SX t1, TVAL(a0)
    LX sp, HOST_SP(a0)
    LX ra, 0 * XBYTES(sp)
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11
    LX s\i, (3 + \i) * XBYTES(sp)
    .endr
    addi sp, sp, 16 * XBYTES
    ret

/* void priv_mprv(struct frame *f, int kind): a1 = address, a2 = value; ends by ecall or the fault. */
    .globl priv_mprv
priv_mprv:
    addi sp, sp, -16 * XBYTES
    SX ra, 0 * XBYTES(sp)
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11
    SX s\i, (3 + \i) * XBYTES(sp)
    .endr
    SX sp, HOST_SP(a0)
    csrw mscratch, a0
    mv t0, a1
    LX a1, A1(a0)
    LX a2, A2(a0)
    LX a0, A0(a0)
    slli t0, t0, 3
    la t1, priv_accesses
    add t1, t1, t0
    li t2, 0x20000
    csrs mstatus, t2
    jr t1

/* The accesses, 8 bytes each: copied into every test page too. */
    .balign 8
    .globl priv_accesses, priv_accesses_end
priv_accesses:
    lb a0, 0(a1)
    ecall
    lhu a0, 0(a1)
    ecall
    lw a0, 0(a1)
    ecall
    LX a0, 0(a1)
    ecall
    sb a2, 0(a1)
    ecall
    sh a2, 0(a1)
    ecall
    sw a2, 0(a1)
    ecall
    SX a2, 0(a1)
    ecall
    .option push
    .option arch, +a
    lbu a0, 0(a1)
    ecall
    lr.w a0, (a1)
    ecall
    .option pop
    sfence.vma a1, zero
    ecall
    sret
    ecall
    wfi
    ecall
    csrr a0, satp
    ecall
    csrr a0, sstatus
    ecall
    csrr a0, mstatus
    ecall
priv_accesses_end:
