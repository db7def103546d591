/* SPDX-License-Identifier: MIT */
/*
 * The thread that writes a recording, and the short queue before it. Who sees the screen never
 * waits for a disk: when the queue is full, a picture is left out. A still picture wakes the thread
 * only if the sink has something to write for it.
 */
#ifndef UI_RECORD_WRITER_H
#define UI_RECORD_WRITER_H

#include "ui/record_sink.h"

#define RECORD_QUEUE  4 /* pictures */
#define RECORD_END_NS UINT64_C(1000000000)

struct record_writer;

/* Starts the thread. The sink stays the caller's; room(ctx) is called on the thread when a queue
 * that was found full is so no more, and when writing has failed. NULL: no memory, no threads. */
struct record_writer *record_writer_create(const struct record_sink_ops *ops,
                                           struct record_sink *sink, void (*room)(void *ctx),
                                           void *ctx);
/* False: the queue is full, or writing has failed. Then room() follows sooner or later. */
bool record_writer_has_room(struct record_writer *w);
/* Takes the picture, shown from host_now_ns() `now` on, which is the writer's now; waits if there
 * is no room. */
void record_writer_put(struct record_writer *w, struct picture *pic, uint64_t now);

/* The end comes: from now on all that is written takes RECORD_END_NS, and what one picture takes.
 */
void record_writer_hurry(struct record_writer *w);

struct record_result {
    int error;        /* 0 or the errno that ended the recording */
    unsigned count;   /* pictures in it */
    uint64_t missing; /* ns of the time that pictures were shown which could not be written */
};
/* Writes what is left, with the last picture shown until `now`, and ends the thread. */
struct record_result record_writer_finish(struct record_writer *w, uint64_t now);

#endif
