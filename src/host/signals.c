/* SPDX-License-Identifier: MIT */
#include "host/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct host_signals {
    int fd;
    struct loop_fd *src;
    const struct host_signals_ops *ops;
    void *ctx;
};

static void watched_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTSTP);
    sigaddset(set, SIGCONT); /* blocked only to be reported; it continues the process by itself */
}

void host_signals_ending(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

void host_signals_block(void)
{
    sigset_t set;
    watched_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    host_signals_ending(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Stops the process by the default action of SIGTSTP, which the kernel leaves out for an orphaned
 * process group, since nobody could continue that. */
static void stop_process(struct host_signals *s)
{
    sigset_t set;
    s->ops->stop(s->ctx);
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGTSTP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    s->ops->cont(s->ctx);
}

static void on_signal(void *arg, unsigned events)
{
    (void)events;
    struct host_signals *s = arg;
    struct signalfd_siginfo info;
    if (read(s->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    if (info.ssi_signo == SIGTSTP)
        stop_process(s);
    else
        s->ops->cont(s->ctx);
}

struct host_signals *host_signals_watch(struct loop *loop, const struct host_signals_ops *ops,
                                        void *ctx)
{
    sigset_t set;
    struct host_signals *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    watched_signals(&set);
    s->ops = ops;
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
