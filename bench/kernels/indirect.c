/* SPDX-License-Identifier: MIT */
/* Isolates calls through a pointer whose target changes each time, as virtual methods have: 16 targets in random order. */
#include "kernels.h"

enum { TARGETS = 16, ORDER = 4096, PASSES = 500 };

#define TARGET(n)                                                                                  \
    static __attribute__((noinline, noclone, noipa)) uint32_t target##n(uint32_t x)                \
    {                                                                                              \
        return x * (2 * n + 3) + (n ^ 5);                                                          \
    }
TARGET(0)
TARGET(1)
TARGET(2)
TARGET(3)
TARGET(4)
TARGET(5)
TARGET(6)
TARGET(7)
TARGET(8)
TARGET(9)
TARGET(10)
TARGET(11)
TARGET(12)
TARGET(13)
TARGET(14)
TARGET(15)

uint64_t kernel_indirect(void *arena)
{
    static uint32_t (*const targets[TARGETS])(uint32_t) = {
        target0, target1, target2,  target3,  target4,  target5,  target6,  target7,
        target8, target9, target10, target11, target12, target13, target14, target15};
    uint8_t *order = arena;
    uint64_t seed = 16180339887u;
    uint32_t x = 1;
    for (int i = 0; i < ORDER; i++)
        order[i] = (uint8_t)(next_random(&seed) >> 32 & 15);
    for (int pass = 0; pass < PASSES; pass++)
        for (int i = 0; i < ORDER; i++)
            x = targets[order[i]](x);
    return x;
}
