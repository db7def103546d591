# SPDX-License-Identifier: MIT
# The entry of a bare-metal test kernel: hart HART runs main(a0, a1) and ends the machine with what it returns; the
# others run other_hart(hartid) if the kernel has one, each on 16 KiB of stack.
    .weak other_hart
    .section .text.start, "ax"
    .globl _start
_start:
    lla sp, stacks
    slli t0, a0, 14
    add sp, sp, t0
    li t0, 16384
    add sp, sp, t0
#ifndef ANY_HART
    bnez a0, 3f
#endif
    lla t0, bss_start
    lla t1, bss_end
1:  bgeu t0, t1, 2f
    sd zero, 0(t0)
    addi t0, t0, 8
    j 1b
2:  call main
    call finish
3:  lla t0, other_hart_address
    ld t0, 0(t0)
    beqz t0, 4f
    jalr t0
4:  wfi
    j 4b
    .section .rodata
    .balign 8
other_hart_address:
    .dword other_hart
