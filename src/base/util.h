/* SPDX-License-Identifier: MIT */
/*
 * Small helpers that every folder may use: sizes, alignment, bits. No I/O, no threads.
 */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)              (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                  ((a) < (b) ? (a) : (b))
#define MAX(a, b)                  ((a) > (b) ? (a) : (b))
#define ALIGN_UP(x, a)             (((x) + ((a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)           ((x) & ~((__typeof__(x))(a)-1))
#define container_of(ptr, T, memb) ((T *)((char *)(ptr)-offsetof(T, memb)))
#define likely(x)                  __builtin_expect(!!(x), 1)
#define unlikely(x)                __builtin_expect(!!(x), 0)
#define PRINTF_LIKE(fmt, args)     __attribute__((format(printf, fmt, args)))

/* Bits lo .. lo+n-1 of x; n in 1..63. */
static inline uint64_t bits(uint64_t x, unsigned lo, unsigned n)
{
    return (x >> lo) & ((UINT64_C(1) << n) - 1);
}

/* Does [off, off+len) lie inside an object of `size` bytes? Overflow-proof. */
static inline bool extent_ok(uint64_t off, uint64_t len, uint64_t size)
{
    return len <= size && off <= size - len;
}

#endif
