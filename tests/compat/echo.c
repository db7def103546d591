/* SPDX-License-Identifier: MIT */
/* Answers each byte that is typed with the byte in brackets; q ends it. */
#include "bare.h"

u32 main(void)
{
    say("ready\r\n");
    for (;;) {
        if (!(R8(UART + 5) & 1))
            continue;
        char c = (char)R8(UART);
        put('[');
        put(c);
        put(']');
        if (c == 'q')
            return 0;
    }
}
