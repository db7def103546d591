/* SPDX-License-Identifier: MIT */
/* The assembly of os_rcore.c. */
#include "os_trap.inc"

    .section .text.start, "ax"
    .globl _start
_start:
    first_stack
    call main

/* A task: computes until it was interrupted thrice, and ends with its number, which a0 is, if all sums are right. */
    .section .text.user, "ax"
    .balign 4096
    .globl user_program
user_program:
    mv s0, a0
    li s1, 0
1:  li t0, 20000
2:  add s1, s1, s0
    addi t0, t0, -1
    bnez t0, 2b
    li a7, 1
    ecall
    li t0, 3
    bltu a0, t0, 1b
    li t0, 20000
    remu a0, s1, t0
    add a0, a0, s0
    li a7, 2
    ecall
    .balign 4096
