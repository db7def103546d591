/* SPDX-License-Identifier: MIT */
/* Makes riscreen print without end: SBI calls under --log sbi, the console, or both. */
#include "bare.h"

#ifndef CONSOLE
#define CONSOLE 0
#endif

void other_hart(u64 hart)
{
    (void)hart;
}

u32 main(void)
{
    say("ready\r\n");
    for (;;) {
        sbi_call(0x10, 0, 0, 0, 0); /* the specification's version */
        if (CONSOLE)
            R8(UART) = 'x';
    }
}
