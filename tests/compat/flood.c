/* SPDX-License-Identifier: MIT */
/* Prints more than a sleeping reader takes, then the number of instructions that this took. */
#include "bare.h"

int main(void)
{
    for (u32 i = 0; i < 20000; i++)
        say("all work and no play\r\n");
    note("\r\nafter instructions", csr_read(minstret));
    note("at", R64(MTIME));
    return 0;
}
