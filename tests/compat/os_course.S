/* SPDX-License-Identifier: MIT */
/* The assembly of os_course.c. OWN_SBI: an M-mode of its own is below it. */
#include "os_trap.inc"

    .section .text.start, "ax"
    .globl _start
_start:
    first_stack
#if OWN_SBI
    call machine_start
    lla t0, kernel_start
    csrw mepc, t0
    li t0, 16384
    add t0, sp, t0
    csrw mscratch, t0
    mret
#endif
kernel_start:
    call main

#if OWN_SBI
    .text
    .balign 4
    .globl machine_vector
machine_vector:
    csrrw sp, mscratch, sp
    addi sp, sp, -FRAME
    registers SX, x2
    mv a0, sp
    call machine_call
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    registers LX, x2
    addi sp, sp, FRAME
    csrrw sp, mscratch, sp
    mret
#endif

/* The user program, at 0x1000000. */
    .macro system number
    li a7, \number
    ecall
    .endm
    .section .text.user, "ax"
    .balign 4096
    .globl user_program
user_program:
    li a0, '>'
    system 1
1:  system 2
    mv s0, a0
    system 1
    li t0, '\r'
    bne s0, t0, 1b
    li s1, 0x1002000
    mv a0, s1
    system 3
    add s2, s1, a0
2:  lbu a0, 0(s1)
    system 1
    addi s1, s1, 1
    bltu s1, s2, 2b
    li t0, 0x1005000
    sw t0, 4(t0)
    lw a0, 4(t0)
    system 4
    .balign 4096
