/* SPDX-License-Identifier: MIT */
/* All harts write, as fast as they can, a register that gives the io loop work; WHAT selects the
 * register. */
#include "bare.h"

static volatile u32 ready; /* before that, the terminal is hart 0's */

static void flood(u64 hart)
{
    for (u64 v = 0x7ffffffffffffffful;; v--) {
        if (WHAT == 0) {
            R32(RTC + 0x08) = (u32)v; /* the alarm */
        } else if (WHAT == 1) {
            R32(RTC + 0x04) = (u32)(v >> 32); /* the time */
            R32(RTC + 0x00) = (u32)v;
        } else if (WHAT == 2) {
            R64(MTIMECMP(hart)) = v;
        } else {
            R8(UART) = 'x'; /* the terminal */
            (void)R8(UART);
        }
    }
}

void other_hart(u64 hart)
{
    while (!ready) {
    }
    flood(hart);
}

u32 main(u64 hart)
{
    say("ready\r\n");
    ready = 1;
    flood(hart);
    return 0;
}
