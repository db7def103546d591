/* SPDX-License-Identifier: MIT */
/* The queens of a 13 by 13 board, by bit masks: recursion, logic and short loops. */
#include "kernels.h"

enum { SIZE = 13 };

static __attribute__((noinline, noclone, noipa)) uint64_t place(uint32_t columns, uint32_t left,
                                                                uint32_t right)
{
    const uint32_t all = (1u << SIZE) - 1;
    if (columns == all)
        return 1;
    uint64_t found = 0;
    for (uint32_t open = all & ~(columns | left | right); open;) {
        uint32_t bit = open & -open;
        open ^= bit;
        found += place(columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return found;
}

uint64_t kernel_queens(void *arena)
{
    (void)arena;
    return place(0, 0, 0);
}
