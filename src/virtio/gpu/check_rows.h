/* SPDX-License-Identifier: MIT */
/*
 * Finds rows of a picture that the guest drew in its memory and never told of. What should be there
 * is known: of a 2D resource what was last transferred, of a blob what was there when it was last
 * flushed. A row that is something else, and the same something for some time while others were
 * told of, was forgotten. For --gpu-check; the GPU's thread.
 */
#ifndef VIRTIO_GPU_CHECK_ROWS_H
#define VIRTIO_GPU_CHECK_ROWS_H

#include "virtio/gpu/resource.h"

struct check_rows {
    const struct gpu_backing *backing; /* it was made for; NULL: nothing to look at */
    uint32_t width, height, stride;
    uint64_t offset;
    struct check_row {
        uint64_t first; /* checksum when the memory was attached: that is no drawing */
        uint64_t now;   /* when it was last looked at, if it was not as it should be; 0: it was */
        uint64_t since; /* it is so */
    } * row;
    uint8_t *shadow; /* of a blob, as flushed; rows without gaps */
    uint64_t bytes;  /* it takes */
};

/* For the memory that the resource has now. budget: bytes it may take, reduced; too few: it looks
 * at nothing. */
void check_rows_init(struct check_rows *c, const struct gpu_resource *res, uint64_t *budget);
void check_rows_finish(struct check_rows *c, uint64_t *budget);

/* A blob's rectangle was flushed. */
void check_rows_flushed(struct check_rows *c, const struct rect *rect);
/* When rows are forgotten. */
struct check_time {
    uint64_t now;
    uint64_t patience; /* ns that they differ; with 0 anything that differs was forgotten */
    uint64_t again;    /* out: made earlier, if there are rows that will be forgotten by then */
};
/*
 * Looks at the rows of `seen`. True: the rectangle in *found was forgotten. With a patience it ends
 * early when someone waits for the GPU's thread: then it has found nothing and t->again is now.
 */
bool check_rows_look(struct check_rows *c, const struct gpu_resource *res, const struct rect *seen,
                     struct check_time *t, struct rect *found);

#endif
