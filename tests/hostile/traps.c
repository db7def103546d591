/* SPDX-License-Identifier: MIT */
/*
 * Hart 1 loops while it retires few or no instructions, in the way that KIND selects; hart 0
 * counts, sleeps for a while by the CLINT's timer, and prints that it is done.
 */
#include "bare.h"

enum { ILLEGAL, ECALL, BREAK, FETCH, LOAD, STORM, NAP };

__asm__(".balign 4\n"
        "illegal: .word 0\n .balign 4\n"
        "ecall: ecall\n .balign 4\n"
        "break: ebreak\n .balign 4\n"
        "load: ld t0, 0(zero)\n .balign 4\n"
        "storm: mret\n");
extern char illegal[], ecall[], break_[] __asm__("break"), load[], storm[];

static volatile u32 started, going;

static void loop_at(const char *handler)
{
    csr_write(mtvec, (u64)handler);
    going = 1;
    __asm__ volatile(".word 0");
}

void other_hart(u64 hart)
{
    static char *const handlers[] = {illegal, ecall, break_, (char *)0x1000, load, storm};
    while (!started) { /* main's hart clears .bss first */
    }
    R32(CLINT + 4 * hart) = 1; /* a software interrupt that stays */
    csr_write(mie, KIND >= STORM ? 8 : 0);
    if (KIND == STORM) {
        csr_write(mtvec, (u64)storm);
        going = 1;
        csr_set(mstatus, 8);
    } else if (KIND == NAP) { /* WFI does not wait: the interrupt pends */
        for (going = 1;;)
            __asm__ volatile("wfi");
    }
    loop_at(handlers[KIND % 6]);
    for (;;) {
    }
}

u32 main(u64 hart)
{
    started = 1;
    while (!going) {
    }
    for (volatile u32 i = 0; i < 300000; i++) {
    }
    R64(MTIMECMP(hart)) = R64(MTIME) + 10000;
    csr_write(mie, 0x80);
    while (!(csr_read(mip) & 0x80))
        __asm__ volatile("wfi");
    say("ready\r\n");
    for (;;)
        __asm__ volatile("wfi");
}
