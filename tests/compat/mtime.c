/* SPDX-License-Identifier: MIT */
/* mtime and mtimecmp from reset on, read and written whole and in halves; the
 * interrupt, the time CSR and stimecmp follow. */
#include "bare.h"

enum { FAR = 1 << 30 };
#define MTIP 0x80
#define STIP 0x20

static int pends(u64 bit)
{
    for (u32 i = 0; i < 100000000 && !(csr_read(mip) & bit); i++) {
    }
    return (csr_read(mip) & bit) != 0;
}

int main(void)
{
    expect(csr_read(mip) & MTIP, "the timer's interrupt pends at reset", 1);
    expect(R64(MTIMECMP(0)) == 0, "mtimecmp is 0 at reset", 2);
    expect(R64(MTIME) < 100000000, "mtime begins at 0", 3);
    R64(MTIMECMP(0)) = ~0ul;
    expect(!(csr_read(mip) & MTIP), "a later mtimecmp takes it away", 4);

    u64 far = 0x100000000000ul;
    R64(MTIME) = far;
    expect(R64(MTIME) - far < FAR && now() - far < FAR, "mtime takes a value, the time CSR follows",
           5);
    R64(MTIMECMP(0)) = far;
    expect(pends(MTIP), "mtimecmp is compared with it", 6);
    R64(MTIME) = 0;
    expect(R64(MTIME) < FAR && !(csr_read(mip) & MTIP), "back to 0 takes the interrupt away", 7);

    R32(MTIME + 4) = 0x1234;
    expect(R32(MTIME + 4) == 0x1234 && R32(MTIME) < FAR, "the high half", 8);
    R32(MTIME) = 0x70000000;
    expect(R64(MTIME) - 0x123470000000ul < FAR, "the low half", 9);
    R32(MTIMECMP(0)) = 0;
    R32(MTIMECMP(0) + 4) = 0x1235;
    expect(!(csr_read(mip) & MTIP), "mtimecmp's halves", 10);
    R32(MTIME) = 0xffffff00;
    expect(pends(MTIP), "the carry from half to half", 11);
#ifdef SSTC
    csr_write(menvcfg, 1ul << 63);
    csr_write(mcounteren, 2);
    R64(MTIME) = 0;
    __asm__ volatile("csrw 0x14d, %0" ::"r"(far));
    expect(!(csr_read(mip) & STIP), "stimecmp is ahead", 12);
    R64(MTIME) = far;
    expect(pends(STIP), "mtime has come to stimecmp", 13);
    R64(MTIME) = 1;
    for (u32 i = 0; i < 100000; i++)
        __asm__ volatile("nop");
    expect(!(csr_read(mip) & STIP), "and is before it again", 14);
#endif
    say("mtime is right\r\n");
    return 0;
}
