/* SPDX-License-Identifier: MIT */
/*
 * A stream copy between arrays 64 MiB apart. Their low address bits are equal, which is the worst
 * case of a direct-mapped TLB: source and destination use the same entries.
 */
#include "kernels.h"

enum { WORDS = (2 << 20) / 8, PASSES = 120 };

static __attribute__((noinline, noclone, noipa)) void copy_words(uint64_t *to, const uint64_t *from,
                                                                 long count)
{
    for (long i = 0; i < count; i++)
        to[i] = from[i];
}

uint64_t kernel_copy(void *arena)
{
    uint64_t *from = arena, *to = from + ((64 << 20) / 8), sum = 0;
    for (long i = 0; i < WORDS; i++)
        from[i] = (uint64_t)i * 0x9e3779b97f4a7c15u;
    for (int pass = 0; pass < PASSES; pass++) {
        copy_words(to, from, WORDS);
        from[pass] ^= to[pass * 2 + 1];
    }
    for (long i = 0; i < WORDS; i += 16)
        sum ^= to[i];
    return sum;
}
