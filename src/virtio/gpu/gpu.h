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
#include "virtio/gpu/account.h"
#include "virtio/gpu/proto.h"
#include "virtio/virtio.h"

struct entropy;
struct gpu;
struct gpu_command;
struct gpu_observer;
struct gpu_resource;

/* What a handler may return beside enum gpu_resp. */
enum {
    GPU_DEFERRED = 0, /* gpu_command_finish will be called for it */
    GPU_AGAIN = 1,    /* someone waits for the GPU's thread: start over when it may go on */
};

struct gpu_row {
    uint32_t type;
    uint16_t size; /* of the fixed part of the request, header included */
    uint8_t queue;
    uint32_t (*handler)(struct gpu_command *cmd);
    const char *name;
    uint64_t feature; /* the command exists only with this bit negotiated; 0: always */
};

struct gpu_table {
    const struct gpu_row *row;
    size_t count;
};

extern const struct gpu_table gpu_table_2d;

struct gpu_command {
    struct gpu *gpu;
    struct vq_chain *chain;    /* owned; its cursor stands behind the fixed part */
    const struct gpu_row *row; /* NULL: an unknown command */
    /*
     * The guest's request. Its memory may change at any time, so each byte of it is read once, into
     * here: handlers, the log, accounts and observers all look at this copy.
     */
    union gpu_request req;
    uint32_t req_size;       /* bytes of req that the guest sent */
    uint32_t list_size;      /* bytes of list */
    void *list;              /* the struct gpu_mem_entry behind it, if the handler read them */
    union gpu_response resp; /* the header is the reply function's */
    uint32_t resp_size;      /* bytes of resp, the header included */
    const char *why;         /* static: a refusal's log line adds it; NULL: nothing */
    /* while it waits in gpu->waiting */
    uint32_t code;              /* 0: not finished yet */
    uint64_t deadline;          /* of a held flush: answered then, consumed or not; 0: it is none */
    struct display_frame frame; /* that a held flush waits for */
    struct gpu_command *next;
};

/* Bits of the worker, beside one for each queue. */
enum {
    GPU_KICK_CONSUMED = 1 << GPU_QUEUES,       /* a held flush may be due */
    GPU_KICK_CONTINUE = 1 << (GPU_QUEUES + 1), /* after an inline run, or the load of a state */
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
    pthread_mutex_t still;   /* held while the GPU's thread is, by who acts in its place */
    /* the GPU's thread */
    uint64_t memory, used; /* bytes its resources may take, and take */
    bool inline_run;       /* gpu_run runs on a hart's thread: quick commands only */
    uint32_t serial;       /* of the next resource; goes on over resets */
    struct gpu_resource *bucket[GPU_BUCKETS];
    struct gpu_command *waiting, *waiting_last; /* deferred, and those behind them; oldest first */
    struct gpu_account account;
    unsigned held;             /* flushes among them that pacing holds */
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
/* Does the command, read and known, take but microseconds, whatever its arguments? scanout.c */
bool gpu_is_quick(const struct gpu_command *cmd);
/*
 * May a head show src, a rectangle inside an image, beside what the others show? A front-end keeps
 * a copy of what it shows, so the pictures of all heads together take at most the bytes that
 * resources may take: however often a blob's list names one page, a viewer's memory is bounded.
 * scanout.c
 */
bool gpu_scanout_fits(const struct gpu *gpu, unsigned head, const struct rect *src);
extern const char gpu_too_much_shown[];                       /* `why` of a refusal by that bound */
void gpu_uuid_init(struct gpu *gpu, struct entropy *entropy); /* cmd2d.c */
/* gpu.c, for scanout.c: the preferred modes are about to be sent; call it before reading them. */
void gpu_events_asked(struct gpu *gpu);
/* gpu.c, for fence.c */
void gpu_command_reply(struct gpu_command *cmd);
void gpu_command_drop(struct gpu_command *cmd);
/* For state_load.c: a command that was waiting when the state was written down; NULL: its chain is
 * not what it was. */
struct gpu_command *gpu_command_again(struct gpu *gpu, unsigned queue, uint16_t head,
                                      const struct gpu_ctrl_hdr *hdr);

/* The command as a person reads it: "SET_SCANOUT scanout 0 resource 3 640x480+0+0". */
void gpu_command_describe(const struct gpu_command *cmd, char *buf, size_t size);
const char *gpu_resp_name(uint32_t code);

static inline struct rect gpu_rect_get(const struct gpu_rect *r)
{
    return (struct rect){le32_get(r->x), le32_get(r->y), le32_get(r->w), le32_get(r->h)};
}

/* Handlers; cmd2d.c, blob.c and scanout.c. */
uint32_t gpu_create_2d(struct gpu_command *cmd);
uint32_t gpu_unref(struct gpu_command *cmd);
uint32_t gpu_attach_backing(struct gpu_command *cmd);
uint32_t gpu_detach_backing(struct gpu_command *cmd);
uint32_t gpu_transfer_to_host_2d(struct gpu_command *cmd);
uint32_t gpu_assign_uuid(struct gpu_command *cmd);
uint32_t gpu_create_blob(struct gpu_command *cmd);
uint32_t gpu_set_scanout_blob(struct gpu_command *cmd);
uint32_t gpu_get_display_info(struct gpu_command *cmd);
uint32_t gpu_get_edid(struct gpu_command *cmd);
uint32_t gpu_set_scanout(struct gpu_command *cmd);
uint32_t gpu_resource_flush(struct gpu_command *cmd);
uint32_t gpu_update_cursor(struct gpu_command *cmd);
uint32_t gpu_move_cursor(struct gpu_command *cmd);

#endif
