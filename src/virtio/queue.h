/* SPDX-License-Identifier: MIT */
/*
 * A split virtqueue, seen from the device (VIRTIO 1.3, "Split Virtqueues"). The driver puts chains
 * of buffers into the available ring; the device pops a chain, reads the request from its
 * device-readable part, writes the answer to its device-writable part, and pushes it to the used
 * ring with the number of bytes written. Nothing about framing is assumed: a request may come in
 * any number of descriptors, direct or indirect; a chain is two byte streams with cursors.
 *
 * All that the rings hold is written by the guest. vq_pop checks a whole chain once (extents in RAM,
 * direction order, no loops, length limits); after that vq_read and vq_write can only run short.
 * A malformed chain is handed straight back with length 0 and the next one is looked at. A ring
 * whose indices make no sense marks the queue broken: pops give nothing until the queue is reset,
 * the rest of the device lives on.
 *
 * Serving a queue is one loop: `while ((chain = vq_pop(vq))) { ...; vq_push(chain); }`, then
 * vq_notify. Before vq_pop returns NULL it requests a kick for the next chain and reads the
 * ring again, so no wake-up is lost.
 *
 * A queue belongs to the thread that serves it. The transport touches it only while that thread
 * is held in virtio_ops.quiesce.
 */
#ifndef VIRTIO_QUEUE_H
#define VIRTIO_QUEUE_H

#include "base/blob.h"
#include "base/log.h"
#include "bus/gmem.h"

#define VQ_MAX_SIZE     1024 /* most descriptors a queue may have */
#define VQ_CHAIN_PIECES 4096 /* most descriptors in one chain, indirect ones counted */

/* A run of guest RAM. */
struct vq_piece {
    uint8_t *host;
    uint64_t pa;
    uint32_t len;
};

/* One side of a chain: pieces and a cursor. */
struct vq_stream {
    struct vq_piece *piece;
    unsigned count, at; /* pieces, current piece */
    uint32_t off;       /* in the current piece */
    uint64_t left;      /* bytes from the cursor to the end */
};

struct vq;
struct vq_node; /* queue.c: a chain with room for its pieces */

/*
 * A popped chain. Owned by the device from vq_pop until vq_push or vq_discard; several may be out
 * at once and be pushed in any order (a GPU fence may hold one).
 */
struct vq_chain {
    struct vq *vq;
    uint16_t head;
    struct vq_stream in;  /* device-readable: the request */
    struct vq_stream out; /* device-writable: the answer */
    uint64_t written;     /* bytes vq_write put into `out` so far */
};

struct vq {
    struct gmem *mem;
    struct log *log;
    struct log_limit *limit;
    uint16_t max_chain; /* most descriptors in one chain's table, at most VQ_CHAIN_PIECES */
    /* set by the transport while the owner is quiesced */
    uint16_t size; /* 1..VQ_MAX_SIZE; a power of two by the specification, unchecked as on QEMU */
    bool ready, event_idx, indirect, notify_empty;
    uint64_t desc, avail, used; /* guest physical */
    /* the owner's */
    uint16_t last_avail, used_idx, signalled; /* signalled: used_idx at the last vq_notify */
    uint16_t chains_out;                      /* popped, not yet pushed; never above size */
    bool broken;
    struct vq_node *spare; /* chains kept for the next vq_pop */
    /* called by vq_notify when the driver is to be interrupted */
    void (*interrupt)(void *ctx);
    void *ctx;
};

/* Back to the state after reset; keeps mem, log, interrupt. */
void vq_reset(struct vq *vq);
/* Frees what the queue keeps; no chain may be out. */
void vq_finish(struct vq *vq);
/* Checks size, alignment and extents of the rings, as the transport sets ready: NULL, or what is
 * wrong. */
const char *vq_configure(const struct vq *vq);

/* The next chain, or NULL: none, not ready, or broken. vq_push/vq_discard give it back. */
struct vq_chain *vq_pop(struct vq *vq);
/*
 * The same for a device that serves its queue on the hart that kicked: *left is how many chains it
 * still takes in this call of notify. At 0 it returns NULL and requests a kick for the next
 * chain, so that no guest occupies a hart by filling the ring from another one. A driver that
 * waits for its answers never has so many.
 */
struct vq_chain *vq_pop_some(struct vq *vq, unsigned *left);
/* Is there something to pop? With EVENT_IDX this also requests a kick for the next chain. */
bool vq_pending(struct vq *vq);
/* Returns a chain to the driver with chain->written as length; frees it. No interrupt yet. */
void vq_push(struct vq_chain *chain);
/* Frees a chain without returning it: after a reset of the queue only. */
void vq_discard(struct vq_chain *chain);
/* Puts a chain back as if never popped; right after the vq_pop that gave it. */
void vq_unpop(struct vq_chain *chain);
/* A chain that was out when the queue's state was written down, popped again without touching the
 * indices; NULL: it is malformed by now (and handed back), or there is no such queue. */
struct vq_chain *vq_retake(struct vq *vq, uint16_t head);
/* The queue's state but for its features; chains that are out are not part of it. load: false: a
 * failure is recorded in `in`. */
void vq_save(const struct vq *vq, struct blob_out *out);
bool vq_load(struct vq *vq, struct blob_in *in);
/* Interrupts the driver if it has requested that for the chains pushed since the last call. */
void vq_notify(struct vq *vq);

/* Copy out of the request / into the answer, advancing; return bytes moved, less than len only at
 * the end of the stream. */
size_t vq_read(struct vq_chain *chain, void *dst, size_t len);
size_t vq_write(struct vq_chain *chain, const void *src, size_t len);
/* Move the cursor without copying; vq_skip_out leaves memory as it is but counts as written. */
size_t vq_skip_in(struct vq_chain *chain, size_t len);
size_t vq_skip_out(struct vq_chain *chain, size_t len);
/* Take at most max pieces and max_bytes bytes from the cursor (for preadv/pwritev), advancing over
 * them; returns how many pieces; *bytes their sum. Pieces stay valid until push. For `out`, call
 * vq_wrote afterwards. */
unsigned vq_take_in(struct vq_chain *chain, struct vq_piece *pieces, unsigned max,
                    uint64_t max_bytes, uint64_t *bytes);
unsigned vq_take_out(struct vq_chain *chain, struct vq_piece *pieces, unsigned max,
                     uint64_t max_bytes, uint64_t *bytes);
/* `pieces` were filled by the host: counts the bytes. */
void vq_wrote(struct vq_chain *chain, const struct vq_piece *pieces, unsigned n);

#endif
