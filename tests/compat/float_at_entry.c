/* SPDX-License-Identifier: MIT */
/* A kernel built hard-float, which never turns FS on; on each hart it starts. */
#include "bare.h"

static volatile u32 done;
static u8 stack[32][4096] __attribute__((aligned(16)));

static void trap(void) __attribute__((aligned(4)));
static void trap(void)
{
    note("trap, scause", csr_read(scause));
    finish(9);
}

static void calculate(void)
{
    csr_write(stvec, trap);
    expect((csr_read(sstatus) >> 13 & 3) == 3, "FS is Dirty at entry", 1);
    volatile double a = 1.5, b = 2.25;
    expect((long)(a * b * 8) == 27, "1.5 * 2.25", 2);
    csr_clear(sstatus, 3ul << 13);
    csr_set(sstatus, 2ul << 13);
    __asm__ volatile("fmv.d.x ft0, zero" ::: "ft0");
    expect((csr_read(sstatus) >> 13 & 3) == 3, "a write of a register makes it Dirty again", 3);
}

void second(void)
{
    calculate();
    done = 1;
    for (;;)
        __asm__ volatile("wfi");
}

__asm__(".globl second_start\nsecond_start: mv sp, a1\n j second\n");
void second_start(void);

int main(u64 hart)
{
    calculate();
    struct sbi_result r =
        sbi_call(0x48534d, 0, hart ^ 1, (u64)second_start, (u64)&stack[hart ^ 1][4096]);
    expect(!r.error, "hart_start", 4);
    while (!done) {
    }
    say("floats everywhere\r\n");
    return 0;
}
