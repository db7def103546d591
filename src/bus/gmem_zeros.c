/* SPDX-License-Identifier: MIT */
/* Pages of guest RAM that hold only zeros, and go back to the host. */
#include "bus/gmem.h"

#include <sys/mman.h>
#include <unistd.h>

#define PIECE 1024 /* pages that are looked at together */

/* Other threads may write the page meanwhile. */
static bool page_is_zero(const uint8_t *page, size_t size)
{
    const uint64_t *word = (const uint64_t *)page;
    for (size_t i = 0; i < size / sizeof(*word); i++)
        if (__atomic_load_n(&word[i], __ATOMIC_RELAXED))
            return false;
    return true;
}

/* Up to PIECE pages from `at`; returns how many of them hold only zeros. */
static size_t piece_zeros(uint8_t *at, size_t pages, size_t size, bool release)
{
    unsigned char resident[PIECE];
    size_t count = 0, run = 0;
    if (mincore(at, pages * size, resident))
        return 0;
    for (size_t i = 0; i <= pages; i++) {
        if (i < pages && (resident[i] & 1) && page_is_zero(at + i * size, size)) {
            run++;
            continue;
        }
        if (run && release)
            madvise(at + (i - run) * size, run * size, MADV_DONTNEED);
        count += run;
        run = 0;
    }
    return count;
}

static uint64_t find_zeros(const struct gmem *mem, uint64_t pa, uint64_t len, bool release)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *ram = gmem_span(mem, pa, len);
    if (!ram)
        return 0;
    uint8_t *at = (uint8_t *)ALIGN_UP((uintptr_t)ram, size);
    size_t left = at < ram + len ? (size_t)(ram + len - at) / size : 0;
    uint64_t count = 0;
    while (left) {
        size_t pages = MIN(left, PIECE);
        count += piece_zeros(at, pages, size, release);
        at += pages * size;
        left -= pages;
    }
    return count * size;
}

uint64_t gmem_count_zeros(const struct gmem *mem, uint64_t pa, uint64_t len)
{
    return find_zeros(mem, pa, len, false);
}

uint64_t gmem_release_zeros(struct gmem *mem, uint64_t pa, uint64_t len)
{
    return find_zeros(mem, pa, len, true);
}
