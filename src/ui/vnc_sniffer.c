/* SPDX-License-Identifier: MIT */
#include "ui/vnc_sniffer.h"

#include "host/clock.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)

struct waiting {
    struct vnc_sniffer *sniffer;
    bool busy;
    int fd;
    uint64_t since;
    struct loop_fd *source;
    struct loop_timer *timer;
};

struct vnc_sniffer {
    struct vnc_sniffer_config config;
    struct waiting waiting[VNC_SNIFFER_WAITING];
};

static void stop_waiting(struct waiting *w)
{
    loop_fd_remove(w->source);
    loop_timer_remove(w->timer);
    w->busy = false;
}

static void on_silence(void *arg)
{
    struct waiting *w = arg;
    stop_waiting(w);
    w->sniffer->config.viewer(w->sniffer->config.ctx, w->fd);
}

static void on_first_byte(void *arg, unsigned events)
{
    struct waiting *w = arg;
    const struct vnc_sniffer_config *config = &w->sniffer->config;
    char first = 0;
    (void)events;
    stop_waiting(w);
    if (recv(w->fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
        close(w->fd);
    else if (first == 'G')
        config->browser(config->ctx, w->fd);
    else
        config->viewer(config->ctx, w->fd);
}

/* Returns a free slot; if there is none, passes the oldest connection on. */
static struct waiting *free_slot(struct vnc_sniffer *d)
{
    struct waiting *oldest = &d->waiting[0];
    for (struct waiting *w = d->waiting; w < d->waiting + VNC_SNIFFER_WAITING; w++) {
        if (!w->busy)
            return w;
        if (w->since < oldest->since)
            oldest = w;
    }
    on_silence(oldest);
    return oldest;
}

void vnc_sniffer_admit(struct vnc_sniffer *d, int fd)
{
    struct waiting *w = free_slot(d);
    *w = (struct waiting){.sniffer = d, .busy = true, .fd = fd, .since = host_now_ns()};
    w->source = loop_fd_add(d->config.loop, fd, LOOP_READ, on_first_byte, w);
    w->timer = loop_timer_add(d->config.loop, on_silence, w);
    if (w->source && w->timer) {
        loop_timer_set(w->timer, w->since + VNC_SNIFFER_MS * NS_PER_MS);
        return;
    }
    stop_waiting(w);
    close(fd);
}

struct vnc_sniffer *vnc_sniffer_create(const struct vnc_sniffer_config *config)
{
    struct vnc_sniffer *d = calloc(1, sizeof(*d));
    if (d)
        d->config = *config;
    return d;
}

void vnc_sniffer_destroy(struct vnc_sniffer *d)
{
    if (!d)
        return;
    for (struct waiting *w = d->waiting; w < d->waiting + VNC_SNIFFER_WAITING; w++)
        if (w->busy) {
            stop_waiting(w);
            close(w->fd);
        }
    free(d);
}
