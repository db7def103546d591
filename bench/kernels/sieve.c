/* SPDX-License-Identifier: MIT */
/* Eratosthenes over 6 MB of flags: stores that stride through many pages. */
#include "kernels.h"

enum { LIMIT = 6 << 20, ROOT = 2509 };

uint64_t kernel_sieve(void *arena)
{
    uint8_t *composite = arena;
    uint64_t primes = 0;
    for (long i = 0; i < LIMIT; i++)
        composite[i] = 0;
    for (long i = 2; i < LIMIT; i++) {
        if (composite[i])
            continue;
        primes++;
        for (long j = i < ROOT ? i * i : LIMIT; j < LIMIT; j += i)
            composite[j] = 1;
    }
    return primes;
}
