/* SPDX-License-Identifier: MIT */
#include "host/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct host_signals {
    int fd;
    struct loop_fd *src;
    void (*fn)(void *ctx, int signo);
    void *ctx;
};

static void ending_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

void host_signals_block(void)
{
    sigset_t set;
    ending_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void on_signal(void *arg, unsigned events)
{
    (void)events;
    struct host_signals *s = arg;
    struct signalfd_siginfo info;
    if (read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        s->fn(s->ctx, (int)info.ssi_signo);
}

struct host_signals *host_signals_watch(struct loop *loop, void (*fn)(void *ctx, int signo),
                                        void *ctx)
{
    sigset_t set;
    struct host_signals *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    ending_signals(&set);
    s->fn = fn;
    s->ctx = ctx;
    s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->fd >= 0)
        s->src = loop_fd_add(loop, s->fd, LOOP_READ, on_signal, s);
    if (!s->src) {
        host_signals_unwatch(s);
        return NULL;
    }
    return s;
}

void host_signals_unwatch(struct host_signals *s)
{
    if (!s)
        return;
    loop_fd_remove(s->src);
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}
