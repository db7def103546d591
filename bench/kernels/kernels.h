/* SPDX-License-Identifier: MIT */
/*
 * The speed kernels: small programs whose shape is known. The first twelve are each the extreme of one thing a processor does,
 * the next eleven are shaped like real programs, the isolating ones measure one property of a translator each (kernels.def).
 * The same C is built for the host (native.c) and for a bare S-mode guest behind Sv39 or Sv32 tables of 4 KiB pages (guest.c);
 * bench/run compares the times. A kernel gets its memory from the arena, returns a checksum that must agree everywhere, on
 * RV32 too, and takes 10 to 60 ms natively.
 *
 * The arena is ARENA_SIZE bytes, page aligned, and may hold anything when a kernel starts.
 */
#ifndef BENCH_KERNELS_H
#define BENCH_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_SIZE ((size_t)80 << 20)

struct kernel {
    const char *name;
    uint64_t (*run)(void *arena); /* NULL: there is no native form */
};

#define KERNEL(name, group) KERNEL_##name,
enum kernel_id {
#include "kernels.def"
    KERNEL_COUNT
};
#undef KERNEL

extern const struct kernel kernels[KERNEL_COUNT];

#define KERNEL(name, group) uint64_t kernel_##name(void *arena);
#include "kernels.def"
#undef KERNEL

/* Returns the next of a sequence of numbers (xorshift64); never the same twice in a row. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Returns sum with one more value mixed in; the order of the values counts. */
static inline uint64_t mix(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * 0x9e3779b97f4a7c15u;
}

#endif
