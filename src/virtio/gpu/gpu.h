/* SPDX-License-Identifier: MIT */
/*
 * The virtio GPU, inside. A command's way: gpu.c pops a chain, copies the header, finds the row in
 * a const command table, copies the fixed part of the request and calls the row's handler on the
 * GPU's thread. (While that has nothing to do, the hart that rang the bell takes its place for
 * commands that touch no pixels: a blob's flush is over sooner than a thread wakes up.) The handler
 * returns a GPU_OK_ or GPU_ERR_ code, which one reply function writes with the fence echoed; or
 * GPU_DEFERRED, and then the command, which owns its chain, is finished later by
 * gpu_command_finish, by a reset, or by the reset of its queue. Fenced commands of one timeline are
 * answered in the order they came, as Linux expects: a finished one waits for a deferred one before
 * it.
 *
 * Resources (resource.h) hold the pixels; scanouts and cursors are the display's heads
 * (display/display.h), so there is little state here.
 */
#ifndef VIRTIO_GPU_GPU_H
#define VIRTIO_GPU_GPU_H

#include "display/display.h"
#include "host/worker.h"
#include "virtio/gpu/command.h"
#include "virtio/gpu/stats.h"
#include "virtio/virtio.h"

struct entropy;
struct gpu;
struct gpu_observer;
struct gpu_resource;

/* Bits of the worker, beside one for each queue. */
enum {
    GPU_KICK_PRESENTED = 1 << GPU_QUEUES,      /* a held flush may be due */
    GPU_KICK_CONTINUE = 1 << (GPU_QUEUES + 1), /* after an inline run, or the load of a state */
};

/*
 * What a scanout shows. This table is the one place that says whose the images are; the display
 * holds the references to them. `set` is what the last command set, or the same as `shown`; `shown`
 * is what viewers see since the last flush of its image.
 */
struct gpu_scanout {
    struct gpu_scanout_src {
        uint32_t resource;   /* 0: nothing */
        struct image *image; /* of the resource; NULL: nothing */
        struct rect rect;    /* of the image */
    } set, shown;
};

#define GPU_TABLES  2
#define GPU_BUCKETS 1024

struct gpu {
    struct virtio_dev dev; /* first */
    struct display *display;
    struct worker *worker;
    bool pacing;              /* hold fences of flushes */
    const uint8_t *edid_data; /* the user's, for all heads; NULL: made */
    size_t edid_size;
    uint64_t offered;                          /* device features */
    uint8_t uuid[16];                          /* resources' are made from it */
    const struct gpu_table *table[GPU_TABLES]; /* NULL: none */
    struct gpu_observer *observers;            /* observe.h */
    /* any thread */
    _Atomic uint32_t events; /* GPU_EVENT_DISPLAY, and what gpu.c notes beside it */
    /* Serialises the callers that paused the worker: a reset, a query. Held from quiesce to resume. */
    pthread_mutex_t exclusive_lock;
    /* the GPU's thread */
    uint64_t memory, used; /* bytes its resources may take, and take */
    bool inline_run;       /* gpu_run runs on a hart's thread: quick commands only */
    uint32_t serial;       /* of the next resource; goes on over resets */
    struct gpu_resource *bucket[GPU_BUCKETS];
    struct gpu_scanout scanout[DISPLAY_MAX_HEADS];
    struct gpu_command *waiting, *waiting_last; /* deferred, and those behind them; oldest first */
    struct gpu_stats stats;
    unsigned held;             /* flushes among the waiting that pacing holds */
    struct gpu_command *spare; /* an empty one, or NULL */
};

/* The GPU's thread: a deferred command is done. code: enum gpu_resp. cmd is gone afterwards. */
void gpu_command_finish(struct gpu_command *cmd, uint32_t code);

/* --- fence.c: fences and what waits for them; the GPU's thread --- */
bool gpu_is_fenced(const struct gpu_command *cmd);
/* Must cmd, which is in the list or about to join its end, wait for one before it? */
bool gpu_must_wait(const struct gpu *gpu, const struct gpu_command *cmd);
void gpu_waiting_add(struct gpu *gpu, struct gpu_command *cmd);
/* Drops the queue's waiting commands, or all (NULL), unanswered. */
void gpu_waiting_drop(struct gpu *gpu, const struct vq *vq);
/* What a flush of `frame` answers: deferred, if it is fenced and a viewer paces it. */
uint32_t gpu_flush_hold(struct gpu_command *cmd, const struct display_frame *frame);
/* Answers the held flushes that are due; returns the deadline of the next one (host_now_ns), or
 * HOST_FOREVER. */
uint64_t gpu_flush_release(struct gpu *gpu);

/* --- scanout.c: what scanouts show; the GPU's thread --- */
/* The scanout will show rect of res's image at the image's next flush; NULL, NULL: nothing from now
 * on. rect: inside the image, not empty. */
void gpu_scanout_set(struct gpu *gpu, unsigned scanout, const struct gpu_resource *res,
                     struct image *img, const struct rect *rect);
/* rect of img was flushed: scanouts that were set to img show it now, all that show it get damage.
 * Adds the frames that viewers have to present to `frame`; NULL: not wanted. */
void gpu_scanout_flush(struct gpu *gpu, struct image *img, const struct rect *rect,
                       struct display_frame *frame);
/* img is about to be destroyed: scanouts that show it, or were set to it, show nothing. */
void gpu_scanout_drop_image(struct gpu *gpu, struct image *img);
void gpu_scanout_reset(struct gpu *gpu); /* they show nothing and have no cursors */
/* Was a scanout set to img, or does it show img? */
bool gpu_scanout_uses(const struct gpu *gpu, const struct image *img);
/* Was the scanout set to something that no flush has shown yet? */
bool gpu_scanout_pending(const struct gpu_scanout *s);
/*
 * May a scanout show rect of an image, beside what the others show? A front-end keeps a copy of
 * what it shows, so the pictures of all scanouts together take at most the bytes that resources may
 * take: however often a blob's list names one page, a viewer's memory is bounded.
 */
bool gpu_scanout_fits(const struct gpu *gpu, unsigned scanout, const struct rect *rect);

void gpu_uuid_init(struct gpu *gpu, struct entropy *entropy); /* cmd2d.c */
/* gpu.c, for scanout.c: the preferred modes are about to be sent; call it before reading them. */
void gpu_events_asked(struct gpu *gpu);
/* gpu.c, for fence.c */
void gpu_command_reply(struct gpu_command *cmd);
void gpu_command_drop(struct gpu_command *cmd);
/* For load.c: a command that was waiting when the state was saved; NULL: its chain is not what it
 * was. */
struct gpu_command *gpu_command_again(struct gpu *gpu, unsigned queue, uint16_t head,
                                      const struct gpu_ctrl_hdr *hdr);

/* --- info.c --- */

bool gpu_query(struct virtio_dev *dev, struct visitor *v); /* virtio_ops.query */

#endif
