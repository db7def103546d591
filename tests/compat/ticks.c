/* SPDX-License-Identifier: MIT */
/* A 1 kHz timer of the CLINT, first busy, then in WFI: the largest delay of the handler, in
 * ticks. */
#include "bare.h"

enum { PERIOD = 10000, TIMES = 500 };

static volatile u64 next, worst, times;

static void tick(void) __attribute__((interrupt("machine"), aligned(4)));
static void tick(void)
{
    u64 late = R64(MTIME) - next;
    if (late > worst)
        worst = late;
    times++;
    next += PERIOD;
    R64(MTIMECMP(0)) = next;
}

static void count(const char *how, int sleep)
{
    times = worst = 0;
    next = R64(MTIME) + PERIOD;
    R64(MTIMECMP(0)) = next;
    csr_set(mstatus, 8);
    while (times < TIMES)
        if (sleep)
            __asm__ volatile("wfi");
    csr_clear(mstatus, 8);
    say(how);
    note(": latest", worst);
}

int main(void)
{
    csr_write(mtvec, tick);
    csr_write(mie, 0x80);
    count("busy", 0);
    count("asleep", 1);
    note("the end at", R64(MTIME));
    note("after instructions", csr_read(minstret));
    return 0;
}
