/* SPDX-License-Identifier: MIT */
/* A guest that does nothing. */
#include "bare.h"

u32 main(void)
{
    say("ready\r\n");
    for (;;)
        __asm__ volatile("wfi");
}
