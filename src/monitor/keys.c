/* SPDX-License-Identifier: MIT */
#include "monitor/keys.h"

#include "display/input.h"
#include "host/clock.h"
#include "host/loop.h"

#include <stdlib.h>

struct key_step {
    enum { STEP_DOWN, STEP_UP, STEP_WAIT } kind;
    uint32_t value; /* a key code, or milliseconds */
};

struct key_queue {
    struct loop_timer *timer;
    struct input_hub *hub;
    bool waiting; /* the timer is armed */
    unsigned head, count;
    struct key_step steps[KEY_QUEUE_ROOM]; /* a ring */
};

static void keys_play(struct key_queue *q)
{
    while (q->count && !q->waiting) {
        struct key_step step = q->steps[q->head];
        q->head = (q->head + 1) % KEY_QUEUE_ROOM;
        q->count--;
        if (step.kind == STEP_WAIT) {
            q->waiting = true;
            loop_timer_set(q->timer, host_now_ns() + step.value * (NS_PER_SEC / 1000));
        } else {
            input_key(q->hub, step.value, step.kind == STEP_DOWN);
        }
    }
}

static void on_timer(void *arg)
{
    struct key_queue *q = arg;
    q->waiting = false;
    keys_play(q);
}

struct key_queue *key_queue_create(struct loop *loop, struct input_hub *hub)
{
    struct key_queue *q = calloc(1, sizeof(*q));
    if (!q)
        return NULL;
    q->hub = hub;
    q->timer = loop_timer_add(loop, on_timer, q);
    if (!q->timer) {
        free(q);
        return NULL;
    }
    return q;
}

void key_queue_destroy(struct key_queue *q)
{
    if (!q)
        return;
    loop_timer_remove(q->timer);
    if (q->waiting)
        input_release_all(q->hub);
    free(q);
}

static void keys_push(struct key_queue *q, int kind, uint32_t value)
{
    q->steps[(q->head + q->count++) % KEY_QUEUE_ROOM] = (struct key_step){kind, value};
}

bool key_queue_chord(struct key_queue *q, const unsigned *codes, unsigned n, uint32_t hold_ms)
{
    if (n > KEY_CHORD_MAX || 2 * n + 1 > KEY_QUEUE_ROOM - q->count)
        return false;
    for (unsigned i = 0; i < n; i++)
        keys_push(q, STEP_DOWN, codes[i]);
    keys_push(q, STEP_WAIT, hold_ms);
    for (unsigned i = n; i-- > 0;)
        keys_push(q, STEP_UP, codes[i]);
    keys_play(q);
    return true;
}
