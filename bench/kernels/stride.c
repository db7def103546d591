/* SPDX-License-Identifier: MIT */
/*
 * Isolates the TLB at strides that are powers of two, from a page to 16 MiB: a table that is indexed by the low bits of the page
 * number alone has one place for all pages of a large stride.
 */
#include "kernels.h"

enum { FIRST = 12, LAST = 24, TOUCHES = 1 << 20 };

static __attribute__((noinline, noclone, noipa)) uint64_t touch(char *base, size_t stride,
                                                                size_t pages)
{
    uint64_t sum = 0;
    for (int round = 0; round < TOUCHES / (int)pages; round++)
        for (size_t i = 0; i < pages; i++) {
            uint32_t *word = (uint32_t *)(base + i * stride);
            sum += (*word)++;
        }
    return sum;
}

uint64_t kernel_stride(void *arena)
{
    uint64_t sum = 0;
    for (int log = FIRST; log <= LAST; log += 2) {
        size_t stride = (size_t)1 << log, pages = (size_t)(64 << 20) >> log;
        if (pages > 64)
            pages = 64;
        for (size_t i = 0; i < pages; i++)
            *(uint32_t *)((char *)arena + i * stride) = (uint32_t)i;
        sum = mix(sum, touch(arena, stride, pages));
    }
    return sum;
}
