/* SPDX-License-Identifier: MIT */
/* Entry in S-mode (a0 = hart id, a1 = device tree): a stack, a cleared .bss, then C. */
    .section .text.start, "ax"
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, stack_top
    la t0, bss_start
    la t1, bss_end
1:  bgeu t0, t1, 2f
    sd zero, 0(t0)
    addi t0, t0, 8
    j 1b
2:  li t0, 0x2000           /* sstatus.FS = initial */
    csrs sstatus, t0
    la t0, trap
    csrw stvec, t0
    mv a0, a1
    call guest_main
    j .

    .balign 4
trap:
    csrr a0, scause
    csrr a1, sepc
    csrr a2, stval
    call guest_trap
    j .
