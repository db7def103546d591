/* SPDX-License-Identifier: MIT */
/* Entry in S-mode: the boot hart clears .bss and runs sbi_main(hart); harts that HSM starts come to
   sbi_secondary, which runs sbi_hart(hart, opaque). 16 KiB of stack each, by hart id. */
#include "xlen.h"

.macro take_stack
    la sp, stacks
    addi t0, a0, 1
    slli t0, t0, 14
    add sp, sp, t0
.endm

    .section .text.start, "ax"
    .globl _start, sbi_secondary
_start:
    take_stack
    la t0, bss_start
    la t1, bss_end
1:  bgeu t0, t1, 2f
    SX zero, 0(t0)
    addi t0, t0, XBYTES
    j 1b
2:  call sbi_main
3:  j 3b

    .balign 4
sbi_secondary:
    take_stack
    call sbi_hart
4:  j 4b
