/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target is LLVMFuzzerTestOneInput in a file of its own. With -Dfuzz=true and clang it
 * becomes a libFuzzer program; it is always linked with replay.c, too, which runs the stored corpus
 * and a number of random inputs as a plain test. A target reads its input as a small program: the
 * functions below take numbers from it, zeros once it is used up.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_input {
    const uint8_t *p;
    size_t left;
};

static inline void fuzz_bytes(struct fuzz_input *in, void *dst, size_t n)
{
    size_t got = n < in->left ? n : in->left;
    memset(dst, 0, n);
    if (!got)
        return;
    memcpy(dst, in->p, got);
    in->p += got;
    in->left -= got;
}

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
    uint8_t v;
    fuzz_bytes(in, &v, sizeof(v));
    return v;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
    uint16_t v;
    fuzz_bytes(in, &v, sizeof(v));
    return v;
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
    uint32_t v;
    fuzz_bytes(in, &v, sizeof(v));
    return v;
}

static inline uint64_t fuzz_u64(struct fuzz_input *in)
{
    uint64_t v;
    fuzz_bytes(in, &v, sizeof(v));
    return v;
}

/* What must hold whatever came in. */
#define FUZZ_CHECK(cond)                                                                           \
    do {                                                                                           \
        if (!(cond))                                                                               \
            __builtin_trap();                                                                      \
    } while (0)

#endif
