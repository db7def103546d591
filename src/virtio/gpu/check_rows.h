/* SPDX-License-Identifier: MIT */
/*
 * Detects missed updates, for --gpu-check. Each row of a resource's backing is compared with what
 * it should be: the pixels last transferred (2D), or those last flushed (a blob). A row that
 * differs, and keeps the same content for `patience` ns while other rows are updated, is reported.
 * The GPU's thread only.
 */
#ifndef VIRTIO_GPU_CHECK_ROWS_H
#define VIRTIO_GPU_CHECK_ROWS_H

#include "virtio/gpu/resource.h"

struct check_row {
    uint64_t first; /* checksum when the backing was attached: that content is no drawing */
    uint64_t now;   /* checksum at the last look, if the row differed then; 0: it did not */
    uint64_t since; /* time from which `now` is what it is */
};

struct check_rows {
    const struct gpu_backing *backing; /* that the rows are in; NULL: there are none to compare */
    struct gpu_layout layout;
    struct check_row *row;
    uint8_t *shadow; /* of a blob: its pixels when they were flushed, rows without gaps */
    uint64_t bytes;  /* of row and shadow */
};

/* Begins with the backing and the only picture in it; no backing, no picture or several: nothing is
 * compared. budget: bytes that this may take, reduced; too few: nothing is compared. */
void check_rows_init(struct check_rows *c, const struct gpu_resource *res, uint64_t *budget);
/* Are the rows those of the resource's newest picture? */
bool check_rows_match(const struct check_rows *c, const struct gpu_resource *res);
void check_rows_finish(struct check_rows *c, uint64_t *budget);

/* A blob's rectangle was flushed. */
void check_rows_flushed(struct check_rows *c, const struct rect *rect);
/* When a row is reported. */
struct check_time {
    uint64_t now;
    uint64_t patience; /* ns that it must differ; 0: each row that differs is reported */
    uint64_t again;    /* out: made earlier, if rows differ that are to be reported by then */
};
/*
 * Compares the rows of `seen`. True: the rectangle *found is reported. With a patience it ends
 * early when a thread waits for the worker to pause: then nothing is found and t->again is now.
 */
bool check_rows_look(struct check_rows *c, const struct gpu_resource *res, const struct rect *seen,
                     struct check_time *t, struct rect *found);

#endif
