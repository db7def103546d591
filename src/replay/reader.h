/* SPDX-License-Identifier: MIT */
/*
 * Reads a trace's file (virtio/gpu/trace_format.h) record by record. A file is not trusted: blocks
 * are checked, unpacked one at a time, and no record takes more memory than the reader may use,
 * which grows with what the file really holds, not with what it says.
 */
#ifndef REPLAY_READER_H
#define REPLAY_READER_H

#include "base/error.h"
#include "base/util.h"
#include "virtio/gpu/trace_format.h"

#include <stdio.h>

struct trace_reader;

struct trace_item {
    uint32_t kind;       /* enum trace_kind, or one from a later version */
    uint32_t us;         /* since the record before it */
    const uint8_t *body; /* until the next call */
    uint64_t size;
};

enum trace_read { TRACE_READ_ITEM, TRACE_READ_END, TRACE_READ_BAD };

/* Reads the head. f stays the caller's. limit: bytes for one record. NULL with a line in err. */
struct trace_reader *trace_reader_create(FILE *f, uint64_t limit, struct trace_head *head,
                                         struct error *err);
void trace_reader_destroy(struct trace_reader *r); /* NULL is fine */

/* END: also of a file that stops in the middle of a block or record. BAD: a line is in err. */
enum trace_read trace_reader_next(struct trace_reader *r, struct trace_item *item,
                                  struct error *err);

/* How far it has read: bytes of the file, and unpacked. */
uint64_t trace_reader_packed(const struct trace_reader *r);
uint64_t trace_reader_unpacked(const struct trace_reader *r);

#endif
