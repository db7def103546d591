/* SPDX-License-Identifier: MIT */
/*
 * The device's own part of a frame, next to what it cannot do without: a full-frame transfer and
 * its flush are timed, and so is a memcpy of the same bytes from the same pages of guest RAM to a
 * buffer of their size. Before each of the two the caches are filled with something else, and they
 * take turns at going first. A blob's flush, which copies nothing, is timed alone.
 */
#ifndef REPLAY_BENCH_H
#define REPLAY_BENCH_H

#include "replay/driver.h"

#include <stdio.h>

struct bench;

struct bench *bench_create(void); /* NULL: no memory */
void bench_destroy(struct bench *b);

/* Around each request that is sent; ns: what the device took. */
void bench_before(struct bench *b, struct driver *d, const struct driver_request *request);
void bench_after(struct bench *b, uint64_t ns);

/* Medians over the frames so far. */
void bench_print(const struct bench *b, FILE *f);

#endif
