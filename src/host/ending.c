/* SPDX-License-Identifier: MIT */
#include "host/ending.h"

#include "host/clock.h"
#include "host/signals.h"
#include "host/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Lives as long as the process: its thread has to be there to the last moment. */
struct host_ending {
    pthread_mutex_t lock;
    const struct host_ending_ops *ops; /* NULL: not yet, or not any more */
    void *ctx;
    bool served; /* there were some */
    /* the thread's */
    int first; /* the first signal; 0: none yet */
    uint64_t since;
};

static _Noreturn void end_hard(struct host_ending *e)
{
    pthread_mutex_lock(&e->lock);
    if (e->ops)
        e->ops->hard(e->ctx);
    _exit(128 + e->first);
}

static void on_signal(struct host_ending *e, int signo)
{
    uint64_t now = host_now_ns();
    if (e->first) {
        if (signo != SIGHUP && now - e->since >= HOST_ENDING_TWICE_S * NS_PER_SEC)
            end_hard(e);
        return;
    }
    e->first = signo;
    e->since = now;
    pthread_mutex_lock(&e->lock);
    if (!e->served)
        _exit(128 + signo);
    if (e->ops)
        e->ops->end(e->ctx, signo);
    pthread_mutex_unlock(&e->lock);
}

/* The next signal; 0: it is time to end hard. */
static int wait_for_signal(const struct host_ending *e, const sigset_t *set)
{
    uint64_t end = e->since + HOST_ENDING_HARD_S * NS_PER_SEC;
    for (;;) {
        uint64_t now = host_now_ns(), left = end > now ? end - now : 0;
        struct timespec ts = {(time_t)(left / NS_PER_SEC), (long)(left % NS_PER_SEC)};
        int signo = e->first ? sigtimedwait(set, NULL, &ts) : sigwaitinfo(set, NULL);
        if (signo > 0)
            return signo;
        if (errno == EAGAIN)
            return 0;
    }
}

static void *ending_main(void *arg)
{
    struct host_ending *e = arg;
    sigset_t set;
    host_signals_ending(&set);
    for (int signo; (signo = wait_for_signal(e, &set));)
        on_signal(e, signo);
    end_hard(e);
}

struct host_ending *host_ending_create(void)
{
    pthread_t thread;
    struct host_ending *e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    pthread_mutex_init(&e->lock, NULL);
    if (host_thread_start(&thread, "signals", ending_main, e)) {
        free(e);
        return NULL;
    }
    pthread_detach(thread);
    return e;
}

void host_ending_serve(struct host_ending *e, const struct host_ending_ops *ops, void *ctx)
{
    pthread_mutex_lock(&e->lock);
    e->ops = ops;
    e->ctx = ctx;
    e->served = true;
    pthread_mutex_unlock(&e->lock);
}
