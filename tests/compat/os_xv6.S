/* SPDX-License-Identifier: MIT */
/* The assembly of os_xv6.c. SSTC: as from 2023 on; else the CLINT's timer by way of M-mode. */
#include "os_regs.inc"

    .section .text.start, "ax"
    .globl _start
_start:
    lla sp, stacks
    csrr t0, mhartid
    addi t0, t0, 1
    slli t0, t0, 14
    add sp, sp, t0
    call start

/* M-mode: mscratch has three words to save, the address of mtimecmp, the interval. */
    .text
    .balign 4
    .globl timer_vector
timer_vector:
    csrrw a0, mscratch, a0
    sd a1, 0(a0)
    sd a2, 8(a0)
    sd a3, 16(a0)
    ld a1, 24(a0)
    ld a2, 32(a0)
    ld a3, 0(a1)
    add a3, a3, a2
    sd a3, 0(a1)
    csrwi sip, 2
    ld a3, 16(a0)
    ld a2, 8(a0)
    ld a1, 0(a0)
    csrrw a0, mscratch, a0
    mret

/* A trap in the kernel: on its own stack. */
    .balign 4
    .globl kernel_vector
kernel_vector:
    addi sp, sp, -FRAME
    registers SX, sp
    call kernel_trap
    registers LX, sp
    addi sp, sp, FRAME
    sret

    .globl switch_context
switch_context:
    context SX, a0
    context LX, a1
    ret

/* At the top of every address space; the frame of the process is on the page below. A frame's x[0] is the pc, and behind
 * the registers are the kernel's satp, stack, handler and tp. */
    .balign 4096
    .globl trampoline, user_vector, user_return
trampoline:
user_vector:
#if SSTC
    csrw sscratch, a0
    li a0, 0x3fffffe000
#else
    csrrw a0, sscratch, a0
#endif
    registers SX, x10
    sd sp, 2*8(a0)
    sd tp, 4*8(a0)
    csrr t0, sscratch
    sd t0, 10*8(a0)
    csrr t0, sepc
    sd t0, 0(a0)
    ld sp, 33*8(a0)
    ld tp, 35*8(a0)
    ld t0, 34*8(a0)
    ld t1, 32*8(a0)
    sfence.vma zero, zero
    csrw satp, t1
    sfence.vma zero, zero
    jr t0
user_return: /* a0: the frame, a1: satp */
    sfence.vma zero, zero
    csrw satp, a1
    sfence.vma zero, zero
    ld t0, 0(a0)
    csrw sepc, t0
    ld sp, 2*8(a0)
    ld tp, 4*8(a0)
#if !SSTC
    csrw sscratch, a0
#endif
    registers LX, x10
    ld a0, 10*8(a0)
    sret

/* User programs; a0: the process's number. Copied to address 0. */
    .macro system number
    li a7, \number
    ecall
    .endm
    .balign 4096
    .globl user_program
user_program:
    j 1f
text:
    .ascii "init: more than the transmitter's buffer holds goes out by interrupts\n"
text_end:
    .balign 4
1:  li t0, 1
    bne a0, t0, worker
    lla a0, text
    lla a1, text_end
    sub a1, a1, a0
    system 1
    li a0, 2
    system 2
    li a0, 40
    system 2
    li t0, 0x4000   /* three kinds of page fault */
    sd t0, 8(t0)
    ld s0, 8(t0)
    li t0, 0x7000
    ld s1, 16(t0)
    li t0, 0x9000
    jalr t0
    add a0, s0, s1
    system 3
    system 4
    lla a0, text
    li a1, 6
    system 1
    system 5
    system 6
worker:
    mv s0, a0
    li s1, 200
1:  system 7
    addi s1, s1, -1
    bnez s1, 1b
2:  li s1, 20000
3:  addi s1, s1, -1
    bnez s1, 3b
    system 8
    li t0, 3
    bltu a0, t0, 2b
    mv a0, s0
    li t0, 4
    bne s0, t0, 4f
    csrr a0, mhartid
4:  system 9
    .balign 4096
