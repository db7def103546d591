/* SPDX-License-Identifier: MIT */
#include "ui/vnc_places.h"

#include "host/thread.h"

#include <netinet/in.h>
#include <rfb/rfb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct vnc_places {
    struct log *log;
    struct loop *loop;
    struct vnc_viewer *viewer[VNC_VIEWERS];
};

static void reap(void *arg)
{
    struct vnc_viewer *v = arg;
    vnc_viewer_join(v);
}

/* The viewer's thread: it is about to end. */
static void on_done(void *ctx, struct vnc_viewer *v)
{
    struct vnc_places *p = ctx;
    loop_post(p->loop, reap, v);
}

static struct vnc_viewer *free_place(struct vnc_places *p)
{
    for (unsigned i = 0; i < VNC_VIEWERS; i++)
        if (!vnc_viewer_busy(p->viewer[i]))
            return p->viewer[i];
    return NULL;
}

/* The place of who has been shaking hands for longest is soon free. */
static void make_room(struct vnc_places *p)
{
    struct vnc_viewer *oldest = NULL;
    uint64_t since = HOST_FOREVER;
    for (unsigned i = 0; i < VNC_VIEWERS; i++) {
        uint64_t t = vnc_viewer_shaking_since(p->viewer[i]);
        if (t < since) {
            since = t;
            oldest = p->viewer[i];
        }
    }
    if (oldest)
        vnc_viewer_drop(oldest);
}

void vnc_places_admit(struct vnc_places *p, int fd)
{
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    struct vnc_viewer *place = free_place(p);
    if (place) {
        vnc_viewer_start(place, fd);
        return;
    }
    log_debug(p->log, LOG_UI, "vnc: all %d places for viewers are taken", VNC_VIEWERS);
    close(fd);
    make_room(p);
}

struct vnc_places *vnc_places_create(const struct vnc_config *config, struct loop *loop)
{
    struct vnc_places *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->log = config->env.log;
    p->loop = loop;
    rfbGetExtensionIterator(); /* makes a lock of the library's, which its threads would race for */
    rfbReleaseExtensionIterator();
    rfbLogEnable(FALSE); /* the library would tell each viewer's story on stderr */
    for (unsigned i = 0; i < VNC_VIEWERS; i++) {
        p->viewer[i] = vnc_viewer_create(config, on_done, p);
        if (!p->viewer[i]) {
            vnc_places_destroy(p);
            return NULL;
        }
    }
    return p;
}

void vnc_places_destroy(struct vnc_places *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < VNC_VIEWERS; i++)
        if (p->viewer[i] && vnc_viewer_busy(p->viewer[i]))
            vnc_viewer_drop(p->viewer[i]); /* all at once: none waits for another's end */
    for (unsigned i = 0; i < VNC_VIEWERS; i++)
        vnc_viewer_destroy(p->viewer[i]);
    free(p);
}
