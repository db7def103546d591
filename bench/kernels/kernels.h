/* SPDX-License-Identifier: MIT */
/*
 * The speed kernels: small programs whose shape is known, each the extreme of one thing a
 * processor does. The same C is built for the host (native.c) and for a bare S-mode guest behind
 * Sv39 tables of 4 KiB pages (guest.c); bench/run compares the times. A kernel gets its memory
 * from the arena, returns a checksum that must agree everywhere, and takes 20 to 60 ms natively.
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
    uint64_t (*run)(void *arena);
};

#define KERNEL_COUNT 12
extern const struct kernel kernels[KERNEL_COUNT];

uint64_t kernel_sort(void *arena);
uint64_t kernel_sha256(void *arena);
uint64_t kernel_fib(void *arena);
uint64_t kernel_bytecode(void *arena);
uint64_t kernel_matmul(void *arena);
uint64_t kernel_nbody(void *arena);
uint64_t kernel_sieve(void *arena);
uint64_t kernel_chase(void *arena);
uint64_t kernel_copy(void *arena);
uint64_t kernel_atomic(void *arena);
uint64_t kernel_crc(void *arena);
uint64_t kernel_queens(void *arena);

/* A small generator (xorshift64); never returns the same twice in a row. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
