/* SPDX-License-Identifier: MIT */
#include "virtio/request.h"

void vq_request_serve(struct vq_request *r, struct virtio_dev *dev, unsigned q,
                      struct worker *worker, void (*step)(struct virtio_dev *dev))
{
    while (atomic_load(&dev->driver_ok) && !worker_stopping(worker)) {
        if (!r->chain)
            *r = (struct vq_request){.chain = vq_pop(&dev->queue[q])};
        if (!r->chain)
            return;
        step(dev);
    }
}

void vq_request_finish(struct vq_request *r)
{
    struct vq *vq = r->chain->vq;
    vq_push(r->chain);
    vq_notify(vq);
    r->chain = NULL;
}

void vq_request_drop(struct vq_request *r)
{
    if (r->chain)
        vq_discard(r->chain);
    r->chain = NULL;
}

void vq_request_save(const struct vq_request *r, struct blob_out *out)
{
    blob_put_bool(out, r->chain);
    blob_put_u16(out, r->chain ? r->chain->head : 0);
}

bool vq_request_load(struct vq_request *r, struct vq *vq, struct blob_in *in)
{
    bool there = blob_get_bool(in);
    uint16_t head = blob_get_u16(in);
    if (!blob_check(in, there ? head < vq->size : !head, "no head of its queue"))
        return false;
    *r = (struct vq_request){.chain = there ? vq_retake(vq, head) : NULL};
    return true;
}
