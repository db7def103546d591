/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/gpu.h"

#include "virtio/devices.h"
#include "virtio/gpu/observe.h"
#include "virtio/gpu/resource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_SIZE 256

static struct gpu *gpu_of(struct virtio_dev *dev)
{
    return container_of(dev, struct gpu, dev);
}

/* --- commands --------------------------------------------------------------------------------- */

static struct gpu_command *command_get(struct gpu *gpu, struct vq_chain *chain)
{
    struct gpu_command *cmd = gpu->spare;
    gpu->spare = NULL;
    if (!cmd)
        cmd = malloc(sizeof(*cmd));
    if (!cmd)
        return NULL;
    cmd->gpu = gpu;
    cmd->chain = chain;
    cmd->row = NULL;
    cmd->req_size = 0;
    memset(&cmd->req, 0, sizeof(cmd->req));
    cmd->resp_size = sizeof(struct gpu_ctrl_hdr);
    cmd->code = 0;
    cmd->next = NULL;
    return cmd;
}

/* The chain is pushed, discarded or put back already. */
static void command_put(struct gpu_command *cmd)
{
    struct gpu *gpu = cmd->gpu;
    if (gpu->spare)
        free(cmd);
    else
        gpu->spare = cmd;
}

static bool is_fenced(const struct gpu_command *cmd)
{
    return le32_get(cmd->req.hdr.flags) & GPU_FLAG_FENCE;
}

static void trace(const struct gpu_command *cmd, uint32_t code)
{
    struct gpu *gpu = cmd->gpu;
    char text[160], fence[32] = "";
    bool on = log_on(gpu->dev.log, LOG_GPU);
    if (!on && code < GPU_ERR_UNSPEC)
        return;
    gpu_command_describe(cmd, text, sizeof(text));
    if (is_fenced(cmd))
        snprintf(fence, sizeof(fence), " fence %llu",
                 (unsigned long long)le64_get(cmd->req.hdr.fence_id));
    if (on)
        log_debug(gpu->dev.log, LOG_GPU, "%s%s: %s", text, fence, gpu_resp_name(code));
    else
        log_limited(gpu->dev.log, &gpu->dev.limit, "virtio-gpu: %s%s: %s", text, fence,
                    gpu_resp_name(code));
}

/*
 * Answers a command and gives its chain back. An answer that does not fit the guest's buffer is
 * replaced by an error without a body; of that, as much as fits. Cursor commands usually have no
 * room for an answer at all.
 */
static void command_reply(struct gpu_command *cmd)
{
    struct gpu_ctrl_hdr *hdr = &cmd->resp.hdr;
    uint32_t flags = le32_get(cmd->req.hdr.flags);
    if (cmd->resp_size > cmd->chain->out.left && cmd->resp_size > sizeof(*hdr)) {
        cmd->code = GPU_ERR_INVALID_PARAMETER;
        cmd->resp_size = sizeof(*hdr);
    }
    trace(cmd, cmd->code);
    if (unlikely(cmd->gpu->observers))
        gpu_observe_answered(cmd);
    memset(hdr, 0, sizeof(*hdr));
    hdr->type = le32_make(cmd->code);
    if (flags & GPU_FLAG_FENCE) {
        hdr->flags = le32_make(flags & (GPU_FLAG_FENCE | GPU_FLAG_INFO_RING_IDX));
        hdr->fence_id = cmd->req.hdr.fence_id;
        hdr->ctx_id = cmd->req.hdr.ctx_id;
        hdr->ring_idx = flags & GPU_FLAG_INFO_RING_IDX ? cmd->req.hdr.ring_idx : 0;
    }
    vq_write(cmd->chain, &cmd->resp, cmd->resp_size);
    vq_push(cmd->chain);
    command_put(cmd);
}

/* --- fences ----------------------------------------------------------------------------------- */

/* "Device Operation: Request header": one timeline for the device, or one per context's ring. */
static bool same_timeline(const struct gpu_command *a, const struct gpu_command *b)
{
    bool ring_a = le32_get(a->req.hdr.flags) & GPU_FLAG_INFO_RING_IDX;
    bool ring_b = le32_get(b->req.hdr.flags) & GPU_FLAG_INFO_RING_IDX;
    if (!ring_a || !ring_b)
        return ring_a == ring_b;
    return a->req.hdr.ctx_id.raw == b->req.hdr.ctx_id.raw &&
           a->req.hdr.ring_idx == b->req.hdr.ring_idx;
}

/* Must cmd, which is in the list or about to join its end, wait for one before it? */
static bool must_wait(const struct gpu *gpu, const struct gpu_command *cmd)
{
    if (!is_fenced(cmd))
        return false;
    for (const struct gpu_command *c = gpu->waiting; c && c != cmd; c = c->next)
        if (is_fenced(c) && same_timeline(c, cmd))
            return true;
    return false;
}

static void waiting_add(struct gpu *gpu, struct gpu_command *cmd)
{
    if (gpu->waiting_last)
        gpu->waiting_last->next = cmd;
    else
        gpu->waiting = cmd;
    gpu->waiting_last = cmd;
}

/* Takes the first command out of the list for which want() holds; NULL: none. */
static struct gpu_command *
waiting_take(struct gpu *gpu,
             bool (*want)(const struct gpu *gpu, const struct gpu_command *cmd, const void *arg),
             const void *arg)
{
    struct gpu_command *before = NULL;
    for (struct gpu_command *c = gpu->waiting; c; before = c, c = c->next) {
        if (!want(gpu, c, arg))
            continue;
        *(before ? &before->next : &gpu->waiting) = c->next;
        if (gpu->waiting_last == c)
            gpu->waiting_last = before;
        c->next = NULL;
        return c;
    }
    return NULL;
}

static bool is_ready(const struct gpu *gpu, const struct gpu_command *cmd, const void *arg)
{
    (void)arg;
    return cmd->code && !must_wait(gpu, cmd);
}

static bool is_of_queue(const struct gpu *gpu, const struct gpu_command *cmd, const void *vq)
{
    (void)gpu;
    return cmd->chain->vq == vq;
}

void gpu_command_finish(struct gpu_command *cmd, uint32_t code)
{
    struct gpu *gpu = cmd->gpu;
    cmd->code = code;
    while ((cmd = waiting_take(gpu, is_ready, NULL))) {
        struct vq *vq = cmd->chain->vq;
        command_reply(cmd);
        vq_notify(vq);
    }
}

static void drop_waiting(struct gpu *gpu, const struct vq *vq)
{
    struct gpu_command *cmd;
    while ((cmd = waiting_take(gpu, is_of_queue, vq))) {
        vq_discard(cmd->chain);
        command_put(cmd);
    }
}

/* --- dispatch --------------------------------------------------------------------------------- */

static const struct gpu_row *find_row(const struct gpu *gpu, uint32_t type, unsigned queue)
{
    for (unsigned t = 0; t < GPU_TABLES; t++)
        for (size_t i = 0; gpu->table[t] && i < gpu->table[t]->count; i++)
            if (gpu->table[t]->row[i].type == type && gpu->table[t]->row[i].queue == queue)
                return &gpu->table[t]->row[i];
    return NULL;
}

/* Reads the fixed part of the request: 0, or the error. */
static uint32_t command_read(struct gpu_command *cmd, unsigned queue)
{
    struct gpu_ctrl_hdr *hdr = &cmd->req.hdr;
    cmd->req_size = (uint32_t)vq_read(cmd->chain, hdr, sizeof(*hdr));
    if (cmd->req_size != sizeof(*hdr)) {
        memset(hdr, 0, sizeof(*hdr));
        return GPU_ERR_UNSPEC;
    }
    cmd->row = find_row(cmd->gpu, le32_get(hdr->type), queue);
    if (!cmd->row)
        return GPU_ERR_UNSPEC;
    cmd->req_size += (uint32_t)vq_read(cmd->chain, hdr + 1, cmd->row->size - sizeof(*hdr));
    return cmd->req_size == cmd->row->size ? 0 : GPU_ERR_INVALID_PARAMETER;
}

/* Reads the request and runs its handler; the handler's result, or the error. */
static uint32_t command_run(struct gpu_command *cmd, unsigned queue)
{
    uint32_t code = command_read(cmd, queue);
    if (unlikely(cmd->gpu->observers))
        gpu_observe_begin(cmd);
    if (!code)
        code = cmd->row->handler(cmd);
    if (unlikely(cmd->gpu->observers))
        gpu_observe_ran(cmd, code);
    return code;
}

enum served { SERVED_NONE, SERVED, SERVED_FENCED, SERVED_STOPPED };

/* Serves one command of a queue. */
static enum served serve(struct gpu *gpu, unsigned queue)
{
    struct vq_chain *chain = vq_pop(&gpu->dev.queue[queue]);
    if (!chain)
        return SERVED_NONE;
    struct gpu_command *cmd = command_get(gpu, chain);
    if (!cmd) { /* nothing to answer with */
        log_limited(gpu->dev.log, &gpu->dev.limit, "virtio-gpu: no host memory for a command");
        vq_push(chain);
        return SERVED;
    }
    uint32_t code = command_run(cmd, queue);
    if (code == GPU_AGAIN) {
        vq_unpop(chain);
        command_put(cmd);
        return SERVED_STOPPED;
    }
    if (code == GPU_DEFERRED)
        trace(cmd, code);
    cmd->code = code;
    bool fenced = is_fenced(cmd);
    if (code == GPU_DEFERRED || must_wait(gpu, cmd))
        waiting_add(gpu, cmd);
    else
        command_reply(cmd);
    return fenced ? SERVED_FENCED : SERVED;
}

/*
 * The GPU's thread. The pointer never waits behind more than one command: all of the cursor queue
 * goes before each one of the control queue. The guest is interrupted for a fence, on which it
 * may be waiting, and when there is nothing left to do, not for each unfenced command.
 */
static void gpu_run(void *ctx, uint32_t kicks)
{
    (void)kicks; /* both queues are looked at anyway */
    struct gpu *gpu = ctx;
    struct vq *control = &gpu->dev.queue[GPU_QUEUE_CONTROL];
    struct vq *cursor = &gpu->dev.queue[GPU_QUEUE_CURSOR];
    enum served did = SERVED;
    while (did != SERVED_NONE && did != SERVED_STOPPED && !worker_stopping(gpu->worker)) {
        did = serve(gpu, GPU_QUEUE_CURSOR);
        if (did != SERVED_NONE)
            continue;
        vq_notify(cursor);
        did = serve(gpu, GPU_QUEUE_CONTROL);
        if (did == SERVED_FENCED)
            vq_notify(control);
    }
    vq_notify(cursor);
    vq_notify(control);
}

/* --- the virtio device ------------------------------------------------------------------------ */

static uint64_t gpu_features(struct virtio_dev *dev)
{
    return gpu_of(dev)->edid ? UINT64_C(1) << GPU_F_EDID : 0;
}

static void gpu_notify(struct virtio_dev *dev, unsigned q)
{
    struct gpu *gpu = gpu_of(dev);
    if (unlikely(gpu->observers))
        gpu_observe_kick(gpu, q);
    worker_kick(gpu->worker, 1u << q);
}

static void gpu_quiesce(struct virtio_dev *dev)
{
    worker_pause(gpu_of(dev)->worker);
}

static void gpu_resume(struct virtio_dev *dev)
{
    worker_resume(gpu_of(dev)->worker);
}

static void gpu_queue_reset(struct virtio_dev *dev, unsigned q)
{
    drop_waiting(gpu_of(dev), &dev->queue[q]);
}

/* The planes are cleared, the guest's memory is let go of; what the host wishes stays. */
static void gpu_reset(struct virtio_dev *dev)
{
    struct gpu *gpu = gpu_of(dev);
    gpu_observe_reset(gpu);
    for (unsigned q = 0; q < GPU_QUEUES; q++)
        drop_waiting(gpu, &dev->queue[q]);
    display_reset(gpu->display);
    gpu_resource_destroy_all(gpu);
    atomic_store(&gpu->events, 0);
}

static void gpu_config_read(struct virtio_dev *dev, uint32_t off, void *dst, unsigned size)
{
    struct gpu *gpu = gpu_of(dev);
    const struct gpu_config config = {
        .events_read = le32_make(atomic_load(&gpu->events)),
        .num_scanouts = le32_make(display_heads(gpu->display)),
    };
    memset(dst, 0, size);
    if (extent_ok(off, size, sizeof(config)))
        memcpy(dst, (const uint8_t *)&config + off, size);
}

/* Only events_clear can be written: ones clear. */
static void gpu_config_write(struct virtio_dev *dev, uint32_t off, const void *src, unsigned size)
{
    struct gpu_config config = {0};
    if (!extent_ok(off, size, sizeof(config)))
        return;
    memcpy((uint8_t *)&config + off, src, size);
    atomic_fetch_and(&gpu_of(dev)->events, ~le32_get(config.events_clear));
}

/* The host wishes something else: any thread. */
static void on_wish(void *ctx)
{
    struct gpu *gpu = ctx;
    atomic_fetch_or(&gpu->events, GPU_EVENT_DISPLAY);
    virtio_config_changed(&gpu->dev);
}

static void gpu_destroy(struct virtio_dev *dev)
{
    struct gpu *gpu = gpu_of(dev);
    display_on_wish(gpu->display, NULL, NULL);
    worker_destroy(gpu->worker);
    gpu_observe_destroy(gpu);
    gpu_reset(dev);
    virtio_finish(dev);
    free(gpu->spare);
    free(gpu);
}

static const struct virtio_ops gpu_ops = {
    .name = "gpu",
    .id = 16,
    .num_queues = GPU_QUEUES,
    .queue_size = QUEUE_SIZE,
    .features = gpu_features,
    .notify = gpu_notify,
    .quiesce = gpu_quiesce,
    .resume = gpu_resume,
    .reset = gpu_reset,
    .queue_reset = gpu_queue_reset,
    .config_size = sizeof(struct gpu_config),
    .config_read = gpu_config_read,
    .config_write = gpu_config_write,
    .destroy = gpu_destroy,
};

struct virtio_dev *virtio_gpu_create(struct gmem *mem, struct log *log,
                                     const struct virtio_gpu_config *config)
{
    struct gpu *gpu = calloc(1, sizeof(*gpu));
    if (!gpu)
        return NULL;
    virtio_init(&gpu->dev, &gpu_ops, mem, log);
    gpu->display = config->display;
    gpu->memory = config->memory;
    gpu->edid = config->edid;
    gpu->table[0] = &gpu_table_2d;
    gpu->worker = worker_create("gpu", config->threaded, gpu_run, gpu);
    if (!gpu->worker) {
        virtio_finish(&gpu->dev);
        free(gpu);
        return NULL;
    }
    display_on_wish(gpu->display, on_wish, gpu);
    return &gpu->dev;
}

struct worker *virtio_gpu_worker(struct virtio_dev *dev)
{
    return gpu_of(dev)->worker;
}
