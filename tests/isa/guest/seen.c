/* SPDX-License-Identifier: MIT */
/* Work with functions of known names, for run_seen.py; then polls the serial port until a byte comes. */
#include "bare.h"

#define ROUNDS 2000

__attribute__((noinline)) u64 inner(u64 n)
{
    u64 sum = n;
    for (unsigned i = 0; i < 200; i++)
        sum = sum * 5 + (sum >> 3 ^ i);
    return sum;
}

__attribute__((noinline)) u64 outer(u64 n)
{
    u64 sum = 0;
    for (u64 i = 0; i < n; i++)
        sum += inner(i) | 1;
    return sum;
}

u32 main(u64 hart)
{
    (void)hart;
    note("sum", outer(ROUNDS));
    while (!(R8(UART + 5) & 1)) {
    }
    return 0;
}
