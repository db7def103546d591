/* SPDX-License-Identifier: MIT */
/*
 * The file that --trace-gpu writes and riscreen-gpu-replay reads.
 *
 *     struct trace_head
 *     struct trace_block, packed bytes     again and again
 *
 * Each block is packed by itself (a zstd frame) and has a checksum, so a file that ends early is
 * good up to its last whole block. Unpacked and put together, the blocks are a stream of records:
 * struct trace_record and its body. A record may lie in several blocks.
 *
 *     FEATURES   le64: what the driver negotiated, before its first command
 *     STATE      behind FEATURES only: a state (state.h) that was loaded. PIXELS of its blobs follow
 *     PIXELS     struct trace_pixels, runs: what the next command will move, or show, of the
 *                guest's memory
 *     COMMAND    struct trace_command, the request, and the list of pages behind it, if it was read
 *     CHECK      struct trace_check: what a head shows now, by checksum
 *     RESET      the device was reset
 *     END        the machine ended in order
 *
 * Commands stand in the order of their execution, whatever queue they came from. Everything is
 * little-endian. Whoever reads a trace trusts nothing in it.
 */
#ifndef VIRTIO_GPU_TRACE_FORMAT_H
#define VIRTIO_GPU_TRACE_FORMAT_H

#include "virtio/gpu/proto.h"

#define TRACE_MAGIC   "RSGPU\r\n\032" /* 8 bytes */
#define TRACE_VERSION 1u

struct trace_head {
    char magic[8];
    le32 version;
    le32 heads;              /* scanouts of the device */
    le64 ram_base, ram_size; /* where the guest's memory was */
    le64 memory;             /* bytes that its resources might take */
    le32 width, height;      /* preferred mode of the first head */
    le32 reserved;
    le32 crc; /* CRC-32 of all before it */
};

#define TRACE_BLOCK     0x4b4c4254u /* "TBLK" */
#define TRACE_BLOCK_MAX (1u << 20)  /* unpacked bytes of one */

struct trace_block {
    le32 magic;
    le32 size;   /* unpacked: 1..TRACE_BLOCK_MAX */
    le32 packed; /* bytes that follow */
    le32 crc;    /* CRC-32 of those */
};

enum trace_kind {
    TRACE_FEATURES = 1,
    TRACE_PIXELS,
    TRACE_COMMAND,
    TRACE_CHECK,
    TRACE_RESET,
    TRACE_END,
    TRACE_STATE,
};

struct trace_record {
    le32 kind;
    le32 us;   /* since the record before it */
    le64 size; /* of the body */
};

/*
 * Rows of a rectangle of a resource. Runs of rows follow, until there are `h`: a struct trace_run,
 * then `fresh` rows of w * 4 bytes. Rows that are passed over are as the resource has them.
 */
struct trace_pixels {
    struct gpu_rect r;
    le32 resource_id;
    le32 stride; /* bytes from row to row in the backing */
    le64 offset; /* of the first pixel in the backing */
};

struct trace_run {
    le32 same, fresh; /* rows */
};

#define TRACE_MAX_TAIL (9u << 20) /* bytes behind a request: the longest list, and some */

struct trace_command {
    le32 queue;
    le32 code; /* enum gpu_resp as the handler returned it; 0: it was answered later */
    le32 room; /* bytes for the answer */
    le32 size; /* of the request; the rest of the record followed it */
};

struct trace_check {
    le32 head;
    le32 crc;           /* CRC-32 of its pixels, BGRX, X is 0xff */
    le32 width, height; /* of the head's picture */
    struct gpu_rect r;  /* the part of it */
};

#endif
