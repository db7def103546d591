/* SPDX-License-Identifier: MIT */
/* Every hart spins. */
#include "bare.h"

void other_hart(u64 hart)
{
    (void)hart;
    for (;;) {
    }
}

u32 main(void)
{
    say("ready\r\n");
    for (;;) {
    }
}
