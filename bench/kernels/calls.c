/* SPDX-License-Identifier: MIT */
/* Isolates calls and returns: a chain of functions that lie in a page each, and a recursion deeper than any stack of returns. */
#include "kernels.h"

enum { ROUNDS = 400000, DEPTH = 300, DESCENTS = 6000 };

#define IN_PAGE __attribute__((noinline, noclone, noipa, aligned(4096)))

static IN_PAGE uint32_t call0(uint32_t x)
{
    return x ^ x >> 3;
}

#define CALL(n, next)                                                                              \
    static IN_PAGE uint32_t call##n(uint32_t x)                                                    \
    {                                                                                              \
        return call##next(x + n) * 3 + n;                                                          \
    }
CALL(1, 0)
CALL(2, 1)
CALL(3, 2)
CALL(4, 3)
CALL(5, 4)

static __attribute__((noinline, noclone, noipa)) uint32_t descend(uint32_t depth)
{
    return depth ? descend(depth - 1) * 5 + depth : 1;
}

uint64_t kernel_calls(void *arena)
{
    uint32_t x = 1;
    (void)arena;
    for (int i = 0; i < ROUNDS; i++)
        x = call5(x);
    for (int i = 0; i < DESCENTS; i++)
        x += descend(DEPTH);
    return x;
}
