/* SPDX-License-Identifier: MIT */
#include "host/thread.h"

#include "host/clock.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

int host_thread_start(pthread_t *thread, const char *name, void *(*fn)(void *), void *arg)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int err = pthread_create(thread, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!err)
        pthread_setname_np(*thread, name);
    return err;
}

uint64_t host_thread_time(pthread_t thread)
{
    clockid_t clock;
    struct timespec ts;
    if (pthread_getcpuclockid(thread, &clock) || clock_gettime(clock, &ts))
        return 0;
    return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

void host_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

bool host_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t deadline_ns)
{
    if (deadline_ns == HOST_FOREVER) {
        pthread_cond_wait(cond, lock);
        return true;
    }
    struct timespec ts = {(time_t)(deadline_ns / NS_PER_SEC), (long)(deadline_ns % NS_PER_SEC)};
    return pthread_cond_timedwait(cond, lock, &ts) != ETIMEDOUT;
}

void host_wakeup_init(struct host_wakeup *w)
{
    pthread_mutex_init(&w->lock, NULL);
    host_cond_init(&w->cond);
    w->raised = false;
}

void host_wakeup_finish(struct host_wakeup *w)
{
    pthread_cond_destroy(&w->cond);
    pthread_mutex_destroy(&w->lock);
}

void host_wakeup_raise(struct host_wakeup *w)
{
    pthread_mutex_lock(&w->lock);
    w->raised = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

bool host_wakeup_wait(struct host_wakeup *w, uint64_t deadline_ns)
{
    pthread_mutex_lock(&w->lock);
    bool in_time = true;
    while (!w->raised && in_time)
        in_time = host_cond_wait_until(&w->cond, &w->lock, deadline_ns);
    bool raised = w->raised;
    w->raised = false;
    pthread_mutex_unlock(&w->lock);
    return raised;
}
