/* SPDX-License-Identifier: MIT */
/* A driver that sets its serial port up after something was typed; then it echoes five bytes. */
#include "bare.h"

u32 main(void)
{
    say("type\r\n");
    while (!(R8(UART + 5) & 1)) {
    }
    for (u64 end = now() + 2000000; now() < end;) {
    }
    R8(UART + 1) = 0;
    R8(UART + 2) = 7;
    R8(UART + 2) = 0;
    R8(UART + 2) = 7;
    say("got ");
    for (u32 i = 0; i < 5; i++) {
        while (!(R8(UART + 5) & 1)) {
        }
        put((char)R8(UART));
    }
    say("\r\n");
    return 0;
}
