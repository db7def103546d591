/* SPDX-License-Identifier: MIT */
/*
 * Entry (a0 = hart id, a1 = device tree): a stack, a cleared .bss, then C in S-mode. With MACHINE the entry is in M-mode, without
 * firmware: what little of the SBI the kernels call is here.
 */
#if __riscv_xlen == 64
#define STORE sd
#define WORD 8
#else
#define STORE sw
#define WORD 4
#endif
#define UART   0x10000000
#define FINISH 0x100000

    .section .text.start, "ax"
    .globl _start
_start:
#ifdef MACHINE
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f             /* all memory, RWX */
    csrw pmpcfg0, t0
    la t0, machine_trap
    csrw mtvec, t0
    li t0, 0xb1ff           /* all exceptions but ecall from S-mode */
    csrw medeleg, t0
    li t0, 7
    csrw mcounteren, t0
    li t0, 0x2800           /* mstatus.MPP = S, FS = initial */
    csrw mstatus, t0
    la t0, supervisor
    csrw mepc, t0
    mret
supervisor:
#endif
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, stack_top
    la t0, bss_start
    la t1, bss_end
1:  bgeu t0, t1, 2f
    STORE zero, 0(t0)
    addi t0, t0, WORD
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

#ifdef MACHINE
    .balign 4
machine_trap:               /* SBI: 1 putchar, 8 shutdown, else the version */
    csrw mscratch, t0
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    li t0, 1
    bne a7, t0, 1f
    li t0, UART
    sb a0, 0(t0)
    j 3f
1:  li t0, 8
    bne a7, t0, 2f
    li a0, 0x5555
    li t0, FINISH
    sw a0, 0(t0)
    j .
2:  li a0, 0
    li a1, 2
3:  csrr t0, mscratch
    mret
#endif
