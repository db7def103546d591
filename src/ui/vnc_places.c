/* SPDX-License-Identifier: MIT */
#include "ui/vnc_places.h"

#include "host/thread.h"

#include <netinet/in.h>
#include <rfb/rfb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct place {
    struct vnc_viewer *viewer;
    struct loop_event ended; /* calls reap */
};

struct vnc_places {
    struct log *log;
    struct place place[VNC_VIEWERS];
};

static void reap(void *arg)
{
    struct vnc_viewer *v = arg;
    vnc_viewer_join(v);
}

/* The viewer's thread: it is about to end. */
static void on_done(void *ctx, struct vnc_viewer *v)
{
    struct place *place = ctx;
    (void)v;
    loop_event_post(&place->ended);
}

static struct vnc_viewer *free_place(struct vnc_places *p)
{
    for (unsigned i = 0; i < VNC_VIEWERS; i++)
        if (!vnc_viewer_busy(p->place[i].viewer))
            return p->place[i].viewer;
    return NULL;
}

/* The place of who has been shaking hands for longest is soon free. */
static void make_room(struct vnc_places *p)
{
    struct vnc_viewer *oldest = NULL;
    uint64_t since = HOST_FOREVER;
    for (unsigned i = 0; i < VNC_VIEWERS; i++) {
        uint64_t t = vnc_viewer_shaking_since(p->place[i].viewer);
        if (t < since) {
            since = t;
            oldest = p->place[i].viewer;
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
    rfbGetExtensionIterator(); /* makes a lock of the library's, which its threads would race for */
    rfbReleaseExtensionIterator();
    rfbLogEnable(FALSE); /* the library would tell each viewer's story on stderr */
    for (unsigned i = 0; i < VNC_VIEWERS; i++) {
        struct place *place = &p->place[i];
        place->viewer = vnc_viewer_create(config, on_done, place);
        if (!place->viewer) {
            vnc_places_destroy(p);
            return NULL;
        }
        loop_event_init(&place->ended, loop, reap, place->viewer);
    }
    return p;
}

void vnc_places_destroy(struct vnc_places *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < VNC_VIEWERS; i++)
        if (p->place[i].viewer && vnc_viewer_busy(p->place[i].viewer))
            vnc_viewer_drop(p->place[i].viewer); /* all at once: none waits for another's end */
    for (unsigned i = 0; i < VNC_VIEWERS; i++) {
        vnc_viewer_destroy(p->place[i].viewer);
        loop_event_cancel(&p->place[i].ended);
    }
    free(p);
}
