/* SPDX-License-Identifier: MIT */
/*
 * A trace's file as a stream of bytes. The bytes that are put are compressed and written by a thread of
 * its own, behind a queue of some blocks; the putting thread waits only when the queue is full. A disk that
 * takes no mebibyte in two seconds, or a pipe whose reader is a second late, ends the trace: the
 * GPU never waits longer, nor does the end of riscreen. Bytes older than half a second are being
 * written, so a killed riscreen loses no more than that. What ends the trace is logged in one line,
 * and does not end the machine.
 */
#ifndef VIRTIO_GPU_TRACE_FILE_H
#define VIRTIO_GPU_TRACE_FILE_H

#include "base/error.h"
#include "base/log.h"

struct trace_file;

/*
 * Opens path. A file that exists is replaced only if it is empty, a trace, or no plain file. NULL
 * with one line (what, why, the cure) in err. head: the bytes before the first block.
 */
struct trace_file *trace_file_create(const char *path, const void *head, size_t size,
                                     struct log *log, struct error *err);
/* Writes what is left, as far as that takes two seconds (a pipe: half of one). NULL is fine. */
void trace_file_destroy(struct trace_file *t);

/* One thread at a time. May wait for the disk or the reader, as said above. */
void trace_file_put(struct trace_file *t, const void *bytes, size_t n);
/* False: the disk was full or slow; nothing that is put in will be written any more. Any thread. */
bool trace_file_ok(struct trace_file *t);

#endif
