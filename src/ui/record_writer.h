/* SPDX-License-Identifier: MIT */
/*
 * The thread that writes a recording, and its short queue. The recording's viewer never waits for a
 * disk: when the queue is full, a picture is dropped. While the picture does not change, the thread
 * wakes only if the sink has a step function.
 */
#ifndef UI_RECORD_WRITER_H
#define UI_RECORD_WRITER_H

#include "ui/record_sink.h"

#define RECORD_QUEUE  4 /* pictures */
#define RECORD_END_NS UINT64_C(1000000000)

struct record_writer;

/* Starts the thread. The caller keeps ownership of the sink. room(ctx) is called on the thread when
 * there is room after has_room returned false, and when writing has failed. NULL: out of memory or
 * threads. */
struct record_writer *record_writer_create(const struct record_sink_ops *ops,
                                           struct record_sink *sink, void (*room)(void *ctx),
                                           void *ctx);
/* False: the queue is full, or writing has failed; then room() will be called. */
bool record_writer_has_room(struct record_writer *w);
/* Queues a picture, whose ownership it takes, that is on the screen from host_now_ns() `now` on.
 * Blocks while the queue is full. */
void record_writer_put(struct record_writer *w, struct picture *pic, uint64_t now);

/* Limits the time for everything that is written from now on to RECORD_END_NS, plus that for one
 * picture. */
void record_writer_hurry(struct record_writer *w);

struct record_result {
    int error;        /* 0, or the errno that ended the recording */
    unsigned count;   /* pictures written */
    uint64_t missing; /* ns of the recorded time that were left out */
};
/* Writes what is queued, with the last picture on the screen until `now`, and frees the writer. */
struct record_result record_writer_finish(struct record_writer *w, uint64_t now);

#endif
