/* SPDX-License-Identifier: MIT */
#include "ui/vnc_slots.h"

#include "host/thread.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <rfb/rfb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOTS (VNC_VIEWERS + VNC_SHAKING)

struct slot {
    struct vnc_viewer *viewer;
    struct vnc_slots *all;
    struct loop_event ended; /* calls on_ended */
};

struct vnc_slots {
    struct log *log;
    struct vnc_tries *tries;
    struct loop_event seats; /* calls assign_seats */
    struct slot slot[SLOTS];
};

/* The viewer's thread, before it ends. */
static void on_done(void *ctx)
{
    struct slot *slot = ctx;
    loop_event_post(&slot->ended);
}

/* The viewer's thread. */
static void on_waits(void *ctx)
{
    struct slot *slot = ctx;
    loop_event_post(&slot->all->seats);
}

/* Runs a statement for each viewer v that is connected and was not dropped. */
#define FOR_EACH_VIEWER(v, p)                                                                      \
    for (unsigned i_ = 0; i_ < SLOTS; i_++)                                                        \
        for (struct vnc_viewer *v = (p)->slot[i_].viewer;                                          \
             v && vnc_viewer_busy(v) && !vnc_viewer_dropped(v); v = NULL)

/* Counts the viewers of an address that are in the handshake. */
static unsigned count_shaking(const struct vnc_slots *p, uint64_t key)
{
    unsigned n = 0;
    FOR_EACH_VIEWER(v, p)
    n += !vnc_viewer_is_seated(v) && vnc_viewer_peer(v)->key == key;
    return n;
}

/* Drops a viewer in the handshake: the oldest of the address that has most of them. */
static void make_room_for_shaking(struct vnc_slots *p)
{
    struct vnc_viewer *worst = NULL;
    unsigned most = 0;
    FOR_EACH_VIEWER(v, p)
    {
        unsigned n = vnc_viewer_is_seated(v) ? 0 : count_shaking(p, vnc_viewer_peer(v)->key);
        if (n > most || (n && n == most && vnc_viewer_since(v) < vnc_viewer_since(worst))) {
            most = n;
            worst = v;
        }
    }
    if (worst)
        vnc_viewer_drop(worst);
}

/* True if a is dropped before b: it has sent no message since its seat, or been silent for
 * longer. */
static bool is_dropped_before(const struct vnc_viewer *a, const struct vnc_viewer *b)
{
    if (vnc_viewer_asked(a) != vnc_viewer_asked(b))
        return !vnc_viewer_asked(a);
    return vnc_viewer_heard(a) < vnc_viewer_heard(b);
}

/* Drops the first in that order of those with a seat; false: all of them are dropped already. */
static bool drop_silent(struct vnc_slots *p)
{
    struct vnc_viewer *silent = NULL;
    FOR_EACH_VIEWER(v, p)
    if (vnc_viewer_is_seated(v) && (!silent || is_dropped_before(v, silent)))
        silent = v;
    if (!silent)
        return false;
    log_debug(p->log, LOG_UI, "vnc: the viewer from %s, silent for longest, makes room",
              vnc_viewer_peer(silent)->text);
    vnc_viewer_drop(silent);
    return true;
}

/* Gives free seats to the viewers that wait; for each that gets none, drops a viewer unless one is
 * already about to leave. */
static void assign_seats(void *arg)
{
    struct vnc_slots *p = arg;
    unsigned taken = 0, leaving = 0;
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct vnc_viewer *v = p->slot[i].viewer;
        bool seated = vnc_viewer_busy(v) && vnc_viewer_is_seated(v);
        taken += seated;
        leaving += seated && vnc_viewer_dropped(v);
    }
    FOR_EACH_VIEWER(v, p)
    {
        if (!vnc_viewer_waits(v))
            continue;
        if (taken < VNC_VIEWERS) {
            taken++;
            vnc_viewer_seat(v);
        } else if (leaving) {
            leaving--;
        } else if (!drop_silent(p)) {
            return;
        }
    }
}

static void on_ended(void *arg)
{
    struct slot *slot = arg;
    vnc_viewer_join(slot->viewer);
    assign_seats(slot->all);
}

static struct vnc_viewer *find_free(struct vnc_slots *p)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (!vnc_viewer_busy(p->slot[i].viewer))
            return p->slot[i].viewer;
    return NULL;
}

void vnc_slots_admit(struct vnc_slots *p, int fd, const struct peer *peer)
{
    int on = 1;
    unsigned shaking = 0;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    FOR_EACH_VIEWER(v, p)
    shaking += !vnc_viewer_is_seated(v);
    struct vnc_viewer *slot = shaking < VNC_SHAKING ? find_free(p) : NULL;
    if (slot) {
        vnc_viewer_start(slot, fd, peer);
        return;
    }
    log_debug(p->log, LOG_UI, "vnc: %s is sent away: too many come at once", peer->text);
    close(fd);
    make_room_for_shaking(p);
}

struct vnc_slots *vnc_slots_create(const struct vnc_config *config, struct loop *loop)
{
    static const struct vnc_viewer_ops ops = {.waits = on_waits, .done = on_done};
    struct vnc_slots *p = calloc(1, sizeof(*p));
    struct vnc_config viewers = *config;
    if (!p)
        return NULL;
    p->log = config->env.log;
    p->tries = viewers.tries = vnc_tries_create(config->env.log);
    loop_event_init(&p->seats, loop, assign_seats, p);
    /* initialises a lock of the library: the viewers' threads would do it at the same time */
    rfbGetExtensionIterator();
    rfbReleaseExtensionIterator();
    rfbLogEnable(FALSE); /* the library would log to stderr */
    for (unsigned i = 0; i < SLOTS; i++) {
        struct slot *slot = &p->slot[i];
        slot->all = p;
        slot->viewer = p->tries ? vnc_viewer_create(&viewers, &ops, slot) : NULL;
        if (!slot->viewer) {
            vnc_slots_destroy(p);
            return NULL;
        }
        loop_event_init(&slot->ended, loop, on_ended, slot);
    }
    return p;
}

void vnc_slots_destroy(struct vnc_slots *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < SLOTS; i++)
        if (p->slot[i].viewer && vnc_viewer_busy(p->slot[i].viewer))
            vnc_viewer_drop(p->slot[i].viewer); /* all first, then they are waited for */
    for (unsigned i = 0; i < SLOTS; i++) {
        vnc_viewer_destroy(p->slot[i].viewer);
        loop_event_cancel(&p->slot[i].ended);
    }
    loop_event_cancel(&p->seats);
    vnc_tries_destroy(p->tries);
    free(p);
}
