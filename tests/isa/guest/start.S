/* SPDX-License-Identifier: MIT */
/* Entry of every bare-metal program: hart 0 clears .bss and runs guest_main(0); the others wait
   for that, then run guest_main(hart). Each hart has 16 KiB of stack. */
#include "xlen.h"

    .section .text.start, "ax"
    .globl _start
_start:
    csrr a0, mhartid
    la sp, stacks
    addi t0, a0, 1
    slli t0, t0, 14
    add sp, sp, t0
    la t2, bss_ready
    bnez a0, 3f
    la t0, bss_start
    la t1, bss_end
1:  bgeu t0, t1, 2f
    SX zero, 0(t0)
    addi t0, t0, XBYTES
    j 1b
2:  fence rw, rw
    li t0, 1
    sw t0, 0(t2)
    j 4f
3:  lw t0, 0(t2)
    beqz t0, 3b
    fence rw, rw
4:  call guest_main
5:  j 5b

    .data
    .balign 8
bss_ready:
    .dword 0
