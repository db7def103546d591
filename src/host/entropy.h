/* SPDX-License-Identifier: MIT */
/*
 * What a guest gets as randomness: the host's, or, so that a run can be repeated, a sequence that
 * follows from a seed. Any thread; who asks first gets the first part of the sequence.
 */
#ifndef HOST_ENTROPY_H
#define HOST_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entropy;

struct entropy *entropy_create(uint64_t seed); /* NULL: out of memory */
void entropy_destroy(struct entropy *e);
/* e NULL: the host's. False: the host has none now; buf is then of no use. */
bool entropy_fill(struct entropy *e, void *buf, size_t size);

#endif
