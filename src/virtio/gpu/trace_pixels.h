/* SPDX-License-Identifier: MIT */
/* The inside of a trace, for trace.c (commands) and trace_pixels.c (pixels and checksums). */
#ifndef VIRTIO_GPU_TRACE_PIXELS_H
#define VIRTIO_GPU_TRACE_PIXELS_H

#include "virtio/gpu/observe.h"
#include "virtio/gpu/trace_file.h"
#include "virtio/gpu/trace_format.h"

/* Memory that is kept from one command to the next. */
struct trace_room {
    uint8_t *bytes;
    size_t size;
};

struct trace {
    struct gpu_observer observer;
    struct trace_file *file;
    uint64_t last; /* when the last record was made */
    bool begun;    /* FEATURES was written since the last reset */
    /* since the last reset a command was left out: a replay has other pixels */
    bool incomplete;
    /* trace_pixels.c's */
    struct trace_room before; /* the rectangle before the transfer, rows without gaps */
    bool has_before;
    uint32_t torn;             /* a resource of which a transfer was interrupted; 0: none */
    struct trace_room picture; /* for checksums */
    uint64_t check_every;      /* ns */
    uint64_t last_check;       /* when the heads were last looked at */
    struct trace_check check;  /* of the blob that is being flushed */
    bool has_check;
};

/* Makes the buffer that large; its bytes are undefined then. False: no host memory. */
bool trace_room_make(struct trace_room *room, size_t size);
/* A record's head and the beginning of its body; `more` bytes of that are put in later. */
void trace_put(struct trace *t, enum trace_kind kind, const void *body, size_t size, uint64_t more);

/* Around each command, before its own record is written; code: not GPU_AGAIN. */
void trace_pixels_begin(struct trace *t, const struct gpu_command *cmd);
void trace_pixels_ran(struct trace *t, const struct gpu_command *cmd, uint32_t code);
/* After a handler that returned GPU_AGAIN. */
void trace_pixels_again(struct trace *t, const struct gpu_command *cmd);
/* After its own record: a checksum, if it is time for one. */
void trace_pixels_check(struct trace *t, const struct gpu_command *cmd, uint32_t code);
/* Records the pixels of all blobs, after the load of a state. */
void trace_pixels_loaded(struct trace *t);
/* Records checksums of all that is shown. */
void trace_pixels_check_all(struct trace *t);

#endif
