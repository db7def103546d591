/* SPDX-License-Identifier: MIT */
#include "host/log_drain.h"

#include "base/log_sink.h"

#include <stdlib.h>

struct log_drain {
    struct log_sink *sink;
    struct loop_event held;
    struct loop_fd *src;
};

static void on_writable(void *arg, unsigned events)
{
    struct log_drain *d = arg;
    (void)events; /* without a reader, writing fails and the lines are gone */
    if (log_sink_flush(d->sink))
        loop_fd_set(d->src, 0);
}

static void drain_watch(void *arg)
{
    struct log_drain *d = arg;
    loop_fd_set(d->src, LOOP_WRITE);
}

static void on_held(void *ctx)
{
    struct log_drain *d = ctx;
    loop_event_post(&d->held);
}

struct log_drain *log_drain_create(struct loop *loop, struct log *log)
{
    struct log_drain *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    loop_event_init(&d->held, loop, drain_watch, d);
    d->sink = log_sink(log);
    d->src = loop_fd_add(loop, log_sink_fd(d->sink), 0, on_writable, d);
    if (!d->src) {
        free(d);
        return NULL;
    }
    log_sink_on_held(d->sink, on_held, d);
    return d;
}

void log_drain_destroy(struct log_drain *d)
{
    if (!d)
        return;
    log_sink_on_held(d->sink, NULL, NULL);
    loop_event_cancel(&d->held);
    loop_fd_remove(d->src);
    free(d);
}
