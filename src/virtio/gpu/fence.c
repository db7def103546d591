/* SPDX-License-Identifier: MIT */
/*
 * Fences. A fenced command is answered when it is complete, and those of one timeline in order, so
 * deferred commands, and finished ones behind them, wait in a list.
 *
 * Pacing defers flushes: a guest that waits for its flush before it draws the next frame then draws
 * at the speed of the screen. A fenced flush that a pacing viewer can see is answered when that
 * viewer has presented the frame, or after one refresh period: whichever is first. The display's
 * listener kicks the worker when a viewer has; a deadline wakes the worker otherwise.
 */
#include "host/clock.h"
#include "host/thread.h"
#include "virtio/gpu/gpu.h"

#define DEFAULT_MHZ 60000 /* refresh of a head whose preferred mode has none */

bool gpu_is_fenced(const struct gpu_command *cmd)
{
    return le32_get(cmd->req.hdr.flags) & GPU_FLAG_FENCE;
}

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

bool gpu_must_wait(const struct gpu *gpu, const struct gpu_command *cmd)
{
    if (!gpu_is_fenced(cmd))
        return false;
    for (const struct gpu_command *c = gpu->waiting; c && c != cmd; c = c->next)
        if (gpu_is_fenced(c) && same_timeline(c, cmd))
            return true;
    return false;
}

void gpu_waiting_add(struct gpu *gpu, struct gpu_command *cmd)
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
    return cmd->code && !gpu_must_wait(gpu, cmd);
}

static bool is_of_queue(const struct gpu *gpu, const struct gpu_command *cmd, const void *vq)
{
    (void)gpu;
    return !vq || cmd->chain->vq == vq;
}

/* Answers the commands that are finished and wait for no other. */
static void answer_ready(struct gpu *gpu)
{
    struct gpu_command *cmd;
    while ((cmd = waiting_take(gpu, is_ready, NULL))) {
        struct vq *vq = cmd->chain->vq;
        gpu_command_reply(cmd);
        vq_notify(vq);
    }
}

void gpu_command_finish(struct gpu_command *cmd, uint32_t code)
{
    cmd->code = code;
    answer_ready(cmd->gpu);
}

void gpu_waiting_drop(struct gpu *gpu, const struct vq *vq)
{
    struct gpu_command *cmd;
    while ((cmd = waiting_take(gpu, is_of_queue, vq))) {
        gpu->held -= cmd->deadline && !cmd->code;
        gpu_command_drop(cmd);
    }
}

/* --- pacing --- */

/* Now and one refresh period of the slowest head of the frame. */
static uint64_t frame_deadline(struct gpu *gpu, const struct display_frame *frame)
{
    struct head_mode preferred[DISPLAY_MAX_HEADS];
    uint32_t slowest = UINT32_MAX;
    display_preferred_all(gpu->display, preferred);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        if (frame->heads >> i & 1)
            slowest =
                MIN(slowest, preferred[i].refresh_mhz ? preferred[i].refresh_mhz : DEFAULT_MHZ);
    return host_now_ns() + NS_PER_SEC * 1000 / slowest;
}

uint32_t gpu_flush_hold(struct gpu_command *cmd, const struct display_frame *frame)
{
    struct gpu *gpu = cmd->gpu;
    if (!gpu->pacing || !gpu_is_fenced(cmd) || !display_frame_pending(gpu->display, frame))
        return GPU_OK_NODATA;
    cmd->frame = *frame;
    cmd->deadline = frame_deadline(gpu, frame);
    gpu->held++;
    return GPU_DEFERRED;
}

/* Returns a held flush that is due; it stays in the list. NULL: none is, and *next is the earliest
 * deadline of the others, or HOST_FOREVER. */
static struct gpu_command *next_due(struct gpu *gpu, uint64_t now, uint64_t *next)
{
    *next = HOST_FOREVER;
    for (struct gpu_command *c = gpu->waiting; c; c = c->next) {
        if (!c->deadline || c->code)
            continue;
        if (c->deadline <= now || !display_frame_pending(gpu->display, &c->frame))
            return c;
        *next = MIN(*next, c->deadline);
    }
    return NULL;
}

uint64_t gpu_flush_release(struct gpu *gpu)
{
    struct gpu_command *cmd;
    uint64_t next;
    answer_ready(gpu); /* finished commands of a loaded state */
    while ((cmd = next_due(gpu, host_now_ns(), &next))) {
        gpu->held--;
        gpu_command_finish(cmd, GPU_OK_NODATA);
    }
    return next;
}
