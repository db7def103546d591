/* SPDX-License-Identifier: MIT */
/*
 * A request that a device's worker serves in bounded steps. A device that takes one request after
 * the other (blk) has one struct vq_request, and calls vq_request_serve in its worker's function.
 * Between two steps somebody may pause the worker: the request stays, and goes on after the pause.
 * A reset drops it. A saved state holds only which chain it is: after a load the request starts
 * from its beginning, so doing it twice must be as good as once.
 *
 * All functions but vq_request_serve are for the worker, or for who paused it.
 */
#ifndef VIRTIO_REQUEST_H
#define VIRTIO_REQUEST_H

#include "base/blob.h"
#include "host/worker.h"
#include "virtio/virtio.h"

struct vq_request {
    struct vq_chain *chain; /* owned; NULL: no request is being served */
    bool begun;             /* step was called for it */
};

/*
 * Takes requests of queue q and calls step, which does a bounded part of r->chain, and calls
 * vq_request_finish when the request is done. Returns when the queue is empty, the device was reset
 * or the worker is to stop. In the worker's function.
 */
void vq_request_serve(struct vq_request *r, struct virtio_dev *dev, unsigned q,
                      struct worker *worker, void (*step)(struct virtio_dev *dev));
/* Returns the chain to the driver with what was written to it, and interrupts. */
void vq_request_finish(struct vq_request *r);
/* Drops the request unanswered, if there is one: the queue is being reset, or the device goes. */
void vq_request_drop(struct vq_request *r);

/* Which chain it is, if any; and that chain again, of the queue as it was loaded. A chain that is
 * malformed by now goes back to the driver. False: a failure is recorded in `in`. */
void vq_request_save(const struct vq_request *r, struct blob_out *out);
bool vq_request_load(struct vq_request *r, struct vq *vq, struct blob_in *in);

#endif
