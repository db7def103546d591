/* SPDX-License-Identifier: MIT */
#include "ui/record_writer.h"

#include "host/clock.h"
#include "host/thread.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct picture *pic; /* NULL: a step of the last picture */
    uint64_t now;
};

struct record_writer {
    const struct record_sink_ops *ops;
    struct record_sink *sink;
    void (*room)(void *ctx);
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled, freed;
    /* under lock */
    struct entry queue[RECORD_QUEUE];
    unsigned first, used;
    bool wanted; /* has_room returned false; room is to be called */
    bool ending;
    int error;
    /* the thread only */
    struct picture *last; /* the picture written last */
    uint64_t zero;        /* when the first picture began */
    uint64_t latest;      /* the last time passed to the sink, since zero */
    uint64_t stepped;     /* when the sink was called last */
    unsigned count;
};

/* False if the guest has drawn the same pixels again. */
static bool has_changed(const struct record_writer *w, const struct picture *pic)
{
    const struct picture *last = w->last;
    return !last || last->width != pic->width || last->height != pic->height ||
           memcmp(last->data, pic->data, (size_t)pic->stride * pic->height);
}

/* Returns the time since the first picture; never less than the last result. */
static uint64_t since_zero(struct record_writer *w, uint64_t now)
{
    if (now > w->zero)
        w->latest = MAX(w->latest, now - w->zero);
    return w->latest;
}

static int show_picture(struct record_writer *w, const struct entry *e)
{
    uint64_t missing;
    if (!w->last)
        w->zero = e->now;
    int error = w->ops->show(w->sink, e->pic, since_zero(w, e->now));
    w->count += !error;
    if (error)
        w->ops->end(w->sink, since_zero(w, e->now), &missing); /* what can be written of its end */
    picture_destroy(w->last);
    w->last = e->pic;
    return error;
}

static int write_one(struct record_writer *w, const struct entry *e)
{
    w->stepped = host_now_ns();
    if (!e->pic)
        return w->ops->step(w->sink, since_zero(w, e->now));
    if (has_changed(w, e->pic))
        return show_picture(w, e);
    picture_destroy(e->pic);
    return 0;
}

/* Waits for a picture, or for the next step of the last one. Under the lock. */
static void wait_for_work(struct record_writer *w)
{
    bool steps = w->ops->step && w->last && !w->error;
    uint64_t deadline = steps ? w->stepped + RECORD_STEP_NS : HOST_FOREVER;
    while (!w->used && !w->ending)
        if (!host_cond_wait_until(&w->filled, &w->lock, deadline))
            return;
}

/* Takes the oldest entry, or makes one for a step; false: the end. Under the lock. */
static bool next_entry(struct record_writer *w, struct entry *e)
{
    wait_for_work(w);
    *e = (struct entry){NULL, host_now_ns()};
    if (!w->used)
        return !w->ending;
    *e = w->queue[w->first];
    w->first = (w->first + 1) % RECORD_QUEUE;
    w->used--;
    pthread_cond_signal(&w->freed);
    return true;
}

static void *writer_main(void *arg)
{
    struct record_writer *w = arg;
    struct entry e;
    pthread_mutex_lock(&w->lock);
    while (next_entry(w, &e)) {
        int error = w->error;
        pthread_mutex_unlock(&w->lock);
        if (error)
            picture_destroy(e.pic);
        else
            error = write_one(w, &e);
        pthread_mutex_lock(&w->lock);
        bool notify = w->wanted || (error && !w->error);
        w->error = error;
        w->wanted = false;
        if (notify)
            w->room(w->ctx);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct record_writer *record_writer_create(const struct record_sink_ops *ops,
                                           struct record_sink *sink, void (*room)(void *ctx),
                                           void *ctx)
{
    struct record_writer *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->ops = ops;
    w->sink = sink;
    w->room = room;
    w->ctx = ctx;
    pthread_mutex_init(&w->lock, NULL);
    host_cond_init(&w->filled);
    pthread_cond_init(&w->freed, NULL);
    if (!host_thread_start(&w->thread, "record-write", writer_main, w))
        return w;
    free(w);
    return NULL;
}

bool record_writer_has_room(struct record_writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool room = w->used < RECORD_QUEUE && !w->error;
    w->wanted = !room;
    pthread_mutex_unlock(&w->lock);
    return room;
}

void record_writer_put(struct record_writer *w, struct picture *pic, uint64_t now)
{
    pthread_mutex_lock(&w->lock);
    while (w->used == RECORD_QUEUE)
        pthread_cond_wait(&w->freed, &w->lock);
    w->queue[(w->first + w->used++) % RECORD_QUEUE] = (struct entry){pic, now};
    pthread_cond_signal(&w->filled);
    pthread_mutex_unlock(&w->lock);
}

void record_writer_hurry(struct record_writer *w)
{
    if (w->ops->hurry)
        w->ops->hurry(w->sink, host_now_ns() + RECORD_END_NS);
}

struct record_result record_writer_finish(struct record_writer *w, uint64_t now)
{
    struct record_result r = {0};
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_signal(&w->filled);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    r.error = w->error ? w->error : w->ops->end(w->sink, since_zero(w, now), &r.missing);
    r.count = w->count;
    picture_destroy(w->last);
    pthread_cond_destroy(&w->freed);
    pthread_cond_destroy(&w->filled);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return r;
}
