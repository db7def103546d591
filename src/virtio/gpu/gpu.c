/* SPDX-License-Identifier: MIT */
#include "virtio/gpu/gpu.h"

#include "virtio/devices.h"
#include "virtio/gpu/observe.h"
#include "virtio/gpu/resource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_SIZE 256
#define MAX_INLINE 32 /* commands of one inline run */

static struct gpu *gpu_of(struct virtio_dev *dev)
{
    return container_of(dev, struct gpu, dev);
}

/* --- commands --- */

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
    cmd->list_size = 0;
    cmd->list = NULL;
    memset(&cmd->req, 0, sizeof(cmd->req));
    cmd->resp_size = sizeof(struct gpu_ctrl_hdr);
    cmd->why = NULL;
    cmd->code = 0;
    cmd->deadline = 0;
    cmd->next = NULL;
    return cmd;
}

/* Frees a command whose chain was pushed, discarded or put back. */
static void command_put(struct gpu_command *cmd)
{
    struct gpu *gpu = cmd->gpu;
    if (gpu->spare)
        free(cmd);
    else
        gpu->spare = cmd;
}

void gpu_command_drop(struct gpu_command *cmd)
{
    vq_discard(cmd->chain);
    command_put(cmd);
}

static void command_log(const struct gpu_command *cmd, uint32_t code)
{
    struct gpu *gpu = cmd->gpu;
    char text[160], fence[32] = "";
    bool on = log_on(gpu->dev.log, LOG_GPU);
    if (!on && code < GPU_ERR_UNSPEC)
        return;
    gpu_command_describe(cmd, text, sizeof(text));
    if (gpu_is_fenced(cmd))
        snprintf(fence, sizeof(fence), " fence %llu",
                 (unsigned long long)le64_get(cmd->req.hdr.fence_id));
    const char *why = cmd->why ? cmd->why : "", *sep = cmd->why ? ": " : "";
    if (on)
        log_debug(gpu->dev.log, LOG_GPU, "%s%s: %s%s%s", text, fence, gpu_resp_name(code), sep,
                  why);
    else
        log_limited(gpu->dev.log, &gpu->dev.limit, LOG_BY_GUEST, "virtio-gpu: %s%s: %s%s%s", text,
                    fence, gpu_resp_name(code), sep, why);
}

/*
 * Answers a command and gives its chain back. An answer that does not fit the guest's buffer is
 * replaced by an error without a body; of that, as much as fits. Cursor commands usually have no
 * room for an answer at all.
 */
void gpu_command_reply(struct gpu_command *cmd)
{
    struct gpu_ctrl_hdr *hdr = &cmd->resp.hdr;
    uint32_t flags = le32_get(cmd->req.hdr.flags);
    if (cmd->resp_size > cmd->chain->out.left && cmd->resp_size > sizeof(*hdr)) {
        cmd->code = GPU_ERR_INVALID_PARAMETER;
        cmd->resp_size = sizeof(*hdr);
    }
    command_log(cmd, cmd->code);
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

/* --- dispatch --- */

/* The gate: reads the fixed part of the request into cmd->req, each byte once: the header gives the
 * size of the rest and is not read again. Returns 0 or the error. */
static uint32_t command_read(struct gpu_command *cmd, unsigned queue)
{
    struct gpu_ctrl_hdr *hdr = &cmd->req.hdr;
    cmd->req_size = (uint32_t)vq_read(cmd->chain, hdr, sizeof(*hdr));
    if (cmd->req_size != sizeof(*hdr)) {
        memset(hdr, 0, sizeof(*hdr));
        return GPU_ERR_UNSPEC;
    }
    cmd->row = gpu_row_find(cmd->gpu, le32_get(hdr->type), queue);
    if (!cmd->row)
        return GPU_ERR_UNSPEC;
    cmd->req_size += (uint32_t)vq_read(cmd->chain, hdr + 1, cmd->row->size - sizeof(*hdr));
    return cmd->req_size == cmd->row->size ? 0 : GPU_ERR_INVALID_PARAMETER;
}

/* Reads the request and runs its handler; returns the handler's result, or the error. */
static uint32_t command_run(struct gpu_command *cmd, unsigned queue)
{
    uint32_t code = command_read(cmd, queue);
    if (!code && cmd->gpu->inline_run && !gpu_command_is_quick(cmd))
        return GPU_AGAIN;
    if (unlikely(cmd->gpu->observers))
        gpu_observe_begin(cmd);
    if (!code)
        code = cmd->row->handler(cmd);
    gpu_stats_command(&cmd->gpu->stats, cmd, code);
    if (unlikely(cmd->gpu->observers))
        gpu_observe_ran(cmd, code);
    free(cmd->list);
    cmd->list = NULL;
    cmd->list_size = 0;
    return code;
}

struct gpu_command *gpu_command_again(struct gpu *gpu, unsigned queue, uint16_t head,
                                      const struct gpu_ctrl_hdr *hdr)
{
    struct vq_chain *chain = vq_retake(&gpu->dev.queue[queue], head);
    struct gpu_command *cmd = chain ? command_get(gpu, chain) : NULL;
    if (!cmd) {
        if (chain)
            vq_push(chain);
        return NULL;
    }
    cmd->req.hdr = *hdr;
    cmd->req_size = sizeof(*hdr);
    cmd->row = gpu_row_find(gpu, le32_get(hdr->type), queue);
    return cmd;
}

enum served { SERVED_NONE, SERVED, SERVED_FENCED, SERVED_STOPPED };

/* Serves one command of a queue. */
static enum served queue_serve(struct gpu *gpu, unsigned queue)
{
    struct vq_chain *chain = vq_pop(&gpu->dev.queue[queue]);
    if (!chain)
        return SERVED_NONE;
    struct gpu_command *cmd = command_get(gpu, chain);
    if (!cmd) { /* nothing to answer with */
        log_limited(gpu->dev.log, &gpu->dev.limit, LOG_BY_HOST,
                    "virtio-gpu: no host memory for a command");
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
        command_log(cmd, code);
    cmd->code = code;
    bool fenced = gpu_is_fenced(cmd);
    if (code == GPU_DEFERRED || gpu_must_wait(gpu, cmd))
        gpu_waiting_add(gpu, cmd);
    else
        gpu_command_reply(cmd);
    return fenced ? SERVED_FENCED : SERVED;
}

/* Does what is due by time alone, and schedules gpu_run for what will be. */
static void gpu_run_due(struct gpu *gpu)
{
    uint64_t flush, observer;
    if (likely(!gpu->waiting && !gpu->observers))
        return;
    flush = gpu_flush_release(gpu);
    observer = gpu_observe_due(gpu);
    worker_wake_at(gpu->worker, MIN(flush, observer));
}

/*
 * The pointer never waits behind more than one command: all of the cursor queue goes before each
 * one of the control queue. The guest is interrupted for a fence, on which it may be waiting, and
 * when there is nothing left to do, not for each unfenced command. On a hart's thread this ends
 * before the first command that may take long; the worker goes on from there.
 */
static void gpu_run(void *ctx, uint32_t kicks, bool inline_run)
{
    struct gpu *gpu = ctx;
    struct vq *control = &gpu->dev.queue[GPU_QUEUE_CONTROL];
    struct vq *cursor = &gpu->dev.queue[GPU_QUEUE_CURSOR];
    enum served did = SERVED;
    (void)kicks; /* any of them: all queues are served */
    gpu->inline_run = inline_run;
    for (unsigned n = 0; did != SERVED_NONE && did != SERVED_STOPPED; n++) {
        if (worker_stopping(gpu->worker) || (gpu->inline_run && n == MAX_INLINE)) {
            did = SERVED_STOPPED;
            break;
        }
        gpu_run_due(gpu);
        did = queue_serve(gpu, GPU_QUEUE_CURSOR);
        if (did != SERVED_NONE)
            continue;
        vq_notify(cursor);
        did = queue_serve(gpu, GPU_QUEUE_CONTROL);
        if (did == SERVED_FENCED)
            vq_notify(control);
    }
    gpu_run_due(gpu);
    vq_notify(cursor);
    vq_notify(control);
    if (gpu->inline_run && did == SERVED_STOPPED)
        worker_kick(gpu->worker, GPU_KICK_CONTINUE);
}

/* --- the virtio device --- */

static uint64_t gpu_features(struct virtio_dev *dev)
{
    return gpu_of(dev)->offered;
}

static void gpu_notify(struct virtio_dev *dev, unsigned q)
{
    struct gpu *gpu = gpu_of(dev);
    if (unlikely(gpu->observers))
        gpu_observe_kick(gpu, q);
    if (gpu->observers || !worker_run_inline(gpu->worker, 1u << q))
        worker_kick(gpu->worker, 1u << q);
}

static void gpu_quiesce(struct virtio_dev *dev)
{
    worker_pause(gpu_of(dev)->worker);
    pthread_mutex_lock(&gpu_of(dev)->exclusive_lock);
}

static void gpu_resume(struct virtio_dev *dev)
{
    pthread_mutex_unlock(&gpu_of(dev)->exclusive_lock);
    worker_resume(gpu_of(dev)->worker);
}

static void gpu_queue_reset(struct virtio_dev *dev, unsigned q)
{
    gpu_waiting_drop(gpu_of(dev), &dev->queue[q]);
}

/* Scanouts and cursors are cleared and resources destroyed; the preferred modes stay. */
static void gpu_reset(struct virtio_dev *dev)
{
    struct gpu *gpu = gpu_of(dev);
    gpu_observe_reset(gpu);
    gpu_waiting_drop(gpu, NULL);
    gpu_scanout_reset(gpu);
    gpu_resource_destroy_all(gpu);
    gpu_stats_reset(&gpu->stats);
    atomic_store(&gpu->events, 0);
}

static void gpu_config_read(struct virtio_dev *dev, uint32_t off, void *dst, unsigned size)
{
    struct gpu *gpu = gpu_of(dev);
    const struct gpu_config config = {
        .events_read = le32_make(atomic_load(&gpu->events) & GPU_EVENT_DISPLAY),
        .num_scanouts = le32_make(display_heads(gpu->display)),
    };
    memset(dst, 0, size);
    if (extent_ok(off, size, sizeof(config)))
        memcpy(dst, (const uint8_t *)&config + off, size);
}

/*
 * A driver that is notified of an event asks for modes and then clears it. A mode that the host sets between
 * the two must not be cleared with it, or the driver would never read it: beside the event are two
 * bits, ASKED: the driver has read the modes; AGAIN: one of them changed after that.
 */
enum { ASKED = 1 << 29, AGAIN = 1 << 30 };

void gpu_events_asked(struct gpu *gpu)
{
    atomic_fetch_or(&gpu->events, ASKED);
}

static void events_clear(struct gpu *gpu)
{
    uint32_t before = atomic_load(&gpu->events), after;
    do {
        after = before & AGAIN ? GPU_EVENT_DISPLAY : 0;
    } while (!atomic_compare_exchange_weak(&gpu->events, &before, after));
    if (after)
        virtio_config_changed(&gpu->dev);
}

/* Only events_clear can be written; its one bits clear events. */
static void gpu_config_write(struct virtio_dev *dev, uint32_t off, const void *src, unsigned size)
{
    struct gpu_config config = {0};
    if (!extent_ok(off, size, sizeof(config)))
        return;
    memcpy((uint8_t *)&config + off, src, size);
    if (le32_get(config.events_clear) & GPU_EVENT_DISPLAY)
        events_clear(gpu_of(dev));
}

/* Any thread: the host changed a preferred mode. */
static void on_preferred(void *ctx)
{
    struct gpu *gpu = ctx;
    uint32_t before = atomic_load(&gpu->events), after;
    do {
        if (!(before & GPU_EVENT_DISPLAY))
            after = GPU_EVENT_DISPLAY;
        else
            after = before & ASKED ? before | AGAIN : before;
    } while (!atomic_compare_exchange_weak(&gpu->events, &before, after));
    virtio_config_changed(&gpu->dev);
}

/* Any thread: a pacing viewer presented a frame that a fence may wait for. */
static void on_presented(void *ctx)
{
    worker_kick(((struct gpu *)ctx)->worker, GPU_KICK_PRESENTED);
}

static void gpu_destroy(struct virtio_dev *dev)
{
    struct gpu *gpu = gpu_of(dev);
    display_on_preferred(gpu->display, NULL, NULL);
    display_on_presented(gpu->display, NULL, NULL);
    worker_destroy(gpu->worker);
    gpu_observe_destroy(gpu);
    gpu_reset(dev);
    virtio_finish(dev);
    pthread_mutex_destroy(&gpu->exclusive_lock);
    free(gpu->spare);
    free(gpu);
}

static void gpu_state_save(struct virtio_dev *dev, struct blob_out *out)
{
    gpu_save(gpu_of(dev), true, out);
}

static bool gpu_state_load(struct virtio_dev *dev, struct blob_in *in)
{
    return gpu_load(gpu_of(dev), in);
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
    .state_version = STATE_VERSION,
    .save = gpu_state_save,
    .load = gpu_state_load,
    .query = gpu_query,
    .destroy = gpu_destroy,
};

struct virtio_dev *virtio_gpu_create(struct gmem *mem, struct log *log,
                                     const struct virtio_gpu_config *config)
{
    struct gpu *gpu = calloc(1, sizeof(*gpu));
    if (!gpu)
        return NULL;
    virtio_init(&gpu->dev, &gpu_ops, mem, log);
    pthread_mutex_init(&gpu->exclusive_lock, NULL);
    gpu->display = config->display;
    gpu->memory = config->memory;
    gpu->pacing = config->pacing;
    gpu->edid_data = config->edid_data;
    gpu->edid_size = config->edid_size;
    gpu->offered = UINT64_C(1) << GPU_F_RESOURCE_UUID | (uint64_t)config->edid << GPU_F_EDID |
                   (uint64_t)config->blob << GPU_F_RESOURCE_BLOB;
    gpu_uuid_init(gpu, config->entropy);
    gpu->table[0] = &gpu_table_2d;
    gpu->worker = worker_create("gpu", config->threaded, gpu_run, gpu);
    if (!gpu->worker) {
        virtio_finish(&gpu->dev);
        free(gpu);
        return NULL;
    }
    display_on_preferred(gpu->display, on_preferred, gpu);
    display_on_presented(gpu->display, on_presented, gpu);
    return &gpu->dev;
}

struct worker *virtio_gpu_worker(struct virtio_dev *dev)
{
    return gpu_of(dev)->worker;
}
