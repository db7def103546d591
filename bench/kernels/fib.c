/* SPDX-License-Identifier: MIT */
/* The naive Fibonacci: nothing but calls and returns. */
#include "kernels.h"

/* noipa: the compiler must not unfold some levels into one. */
static __attribute__((noinline, noclone, noipa)) uint64_t fib(uint64_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint64_t kernel_fib(void *arena)
{
    (void)arena;
    return fib(34);
}
