/* SPDX-License-Identifier: MIT */
#include "ui/vnc_viewer.h"

#include "host/clock.h"
#include "host/loop.h"
#include "host/thread.h"
#include "ui/vnc_auth.h"
#include "ui/vnc_client.h"
#include "ui/vnc_message.h"
#include "ui/vnc_screen.h"

#include <pthread.h>
#include <rfb/rfb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)

struct vnc_viewer {
    struct vnc_config config;
    const struct vnc_viewer_ops *ops;
    void *ctx;
    struct vnc_screen screen;
    struct log_limit limit;
    /* the front-end's thread */
    bool busy, dropped, seated;
    pthread_t thread;
    uint64_t since;
    struct peer peer;
    int fd; /* the connection: polled and cut by way of this; the library uses a duplicate */
    /* while busy */
    struct loop *loop;
    atomic_bool waits; /* it waits for a seat, or has waited */
    atomic_bool asked;
    _Atomic uint64_t heard;
    struct loop_event seat;   /* calls on_seat */
    struct loop_event update; /* calls on_change */
    /* the viewer's thread */
    rfbClientPtr client;
    struct loop_timer *handshake;
    struct vnc_auth auth;
};

/* Sends an update if the viewer has requested one, and ends the loop if the client was closed. */
static void update_client(struct vnc_viewer *v)
{
    if (v->client->sock != RFB_INVALID_SOCKET) {
        if (v->client->state == RFB_NORMAL)
            loop_timer_set(v->handshake, HOST_FOREVER);
        vnc_screen_update(&v->screen, v->client);
    }
    if (v->client->sock == RFB_INVALID_SOCKET)
        loop_quit(v->loop);
}

/* The client's ClientInit has arrived. It is answered with the size of the picture, once it has a
 * seat. */
static void on_init(struct vnc_viewer *v)
{
    loop_fd_set(v->auth.source, 0);
    atomic_store(&v->waits, true);
    v->ops->waits(v->ctx);
}

static void on_seat(void *arg)
{
    struct vnc_viewer *v = arg;
    if (!v->client || v->client->sock == RFB_INVALID_SOCKET)
        return;
    loop_fd_set(v->auth.source, LOOP_READ);
    if (vnc_screen_open(&v->screen, v->client))
        rfbProcessClientMessage(v->client);
    else
        rfbCloseClient(v->client);
    update_client(v);
}

static void on_socket(void *arg, unsigned events)
{
    struct vnc_viewer *v = arg;
    (void)events;
    atomic_store(&v->heard, host_now_ns());
    if (vnc_auth_active(&v->auth)) {
        vnc_auth_read(&v->auth);
    } else if (v->client->state == RFB_INITIALISATION) {
        on_init(v);
    } else {
        atomic_store(&v->asked, true);
        vnc_message_read(v->client, v->config.env.log);
    }
    update_client(v);
}

static void on_auth(void *arg)
{
    struct vnc_viewer *v = arg;
    vnc_auth_due(&v->auth);
    update_client(v);
}

static void on_change(void *arg)
{
    struct vnc_viewer *v = arg;
    vnc_screen_changed(&v->screen);
    if (v->client)
        update_client(v);
}

/* Any thread: the display or the guest's keyboard has update. */
static void on_update(void *ctx)
{
    struct vnc_viewer *v = ctx;
    loop_event_post(&v->update);
}

static void on_blank(void *arg)
{
    struct vnc_viewer *v = arg;
    vnc_screen_blank(&v->screen);
    if (v->client)
        update_client(v);
}

static void on_resize(void *arg)
{
    struct vnc_viewer *v = arg;
    vnc_screen_resize(&v->screen);
}

static void on_handshake(void *arg)
{
    struct vnc_viewer *v = arg;
    rfbCloseClient(v->client);
    loop_quit(v->loop);
}

static bool begin_handshake(struct vnc_viewer *v, struct loop_fd *source, struct loop_timer *auth)
{
    const struct vnc_config *config = &v->config;
    v->handshake = loop_timer_add(v->loop, on_handshake, v);
    v->auth = (struct vnc_auth){.client = v->client,
                                .peer = &v->peer,
                                .log = config->env.log,
                                .source = source,
                                .timer = auth,
                                .password = config->password,
                                .tries = config->tries,
                                .limit = &v->limit};
    vnc_screen_welcome(&v->screen, v->client);
    if (!source || !auth || !v->handshake)
        return false;
    loop_timer_set(v->handshake, host_now_ns() + VNC_HANDSHAKE_MS * NS_PER_MS);
    return true;
}

/* Serves the client until it is closed. */
static void serve_client(struct vnc_viewer *v)
{
    v->client = vnc_client_create(v->screen.rfb, v->fd);
    if (!v->client)
        return;
    log_debug(v->config.env.log, LOG_UI, "vnc: a viewer from %s comes", v->peer.text);
    if (begin_handshake(v, loop_fd_add(v->loop, v->fd, LOOP_READ, on_socket, v),
                        loop_timer_add(v->loop, on_auth, v)))
        loop_run(v->loop);
    log_debug(v->config.env.log, LOG_UI, "vnc: a viewer from %s leaves", v->peer.text);
    vnc_screen_farewell(&v->screen, v->client);
    v->client = NULL;
}

static void *viewer_main(void *arg)
{
    struct vnc_viewer *v = arg;
    struct loop_timer *blank = loop_timer_add(v->loop, on_blank, v);
    struct loop_timer *resize = loop_timer_add(v->loop, on_resize, v);
    if (blank && resize) {
        vnc_screen_begin(&v->screen, blank, resize, on_update, v);
        serve_client(v);
        vnc_screen_end(&v->screen);
    }
    shutdown(v->fd, SHUT_RDWR);
    v->ops->done(v->ctx);
    return NULL;
}

/* --- the front-end's side --- */

struct vnc_viewer *vnc_viewer_create(const struct vnc_config *config,
                                     const struct vnc_viewer_ops *ops, void *ctx)
{
    struct vnc_viewer *v = calloc(1, sizeof(*v));
    if (!v)
        return NULL;
    v->config = *config;
    v->ops = ops;
    v->ctx = ctx;
    if (!vnc_screen_init(&v->screen, &v->config)) {
        free(v);
        return NULL;
    }
    return v;
}

void vnc_viewer_destroy(struct vnc_viewer *v)
{
    if (!v)
        return;
    if (v->busy) {
        vnc_viewer_drop(v);
        vnc_viewer_join(v);
    }
    vnc_screen_finish(&v->screen);
    free(v);
}

bool vnc_viewer_start(struct vnc_viewer *v, int fd, const struct peer *peer)
{
    v->fd = fd;
    v->peer = *peer;
    v->since = host_now_ns();
    v->dropped = false;
    v->seated = false;
    atomic_store(&v->waits, false);
    atomic_store(&v->asked, false);
    atomic_store(&v->heard, v->since);
    v->loop = loop_create();
    loop_event_init(&v->update, v->loop, on_change, v);
    loop_event_init(&v->seat, v->loop, on_seat, v);
    v->busy = v->loop && !host_thread_start(&v->thread, "vnc-viewer", viewer_main, v);
    if (!v->busy) {
        loop_destroy(v->loop);
        close(fd);
    }
    return v->busy;
}

bool vnc_viewer_busy(const struct vnc_viewer *v)
{
    return v->busy;
}

bool vnc_viewer_waits(const struct vnc_viewer *v)
{
    return atomic_load(&v->waits) && !v->seated;
}

void vnc_viewer_seat(struct vnc_viewer *v)
{
    v->seated = true;
    loop_event_post(&v->seat);
}

bool vnc_viewer_is_seated(const struct vnc_viewer *v)
{
    return v->seated;
}

uint64_t vnc_viewer_since(const struct vnc_viewer *v)
{
    return v->since;
}

uint64_t vnc_viewer_heard(const struct vnc_viewer *v)
{
    return atomic_load(&v->heard);
}

bool vnc_viewer_asked(const struct vnc_viewer *v)
{
    return atomic_load(&v->asked);
}

const struct peer *vnc_viewer_peer(const struct vnc_viewer *v)
{
    return &v->peer;
}

void vnc_viewer_drop(struct vnc_viewer *v)
{
    v->dropped = true;
    shutdown(v->fd, SHUT_RDWR); /* the library's reads and writes fail from now on */
    loop_quit(v->loop);
}

bool vnc_viewer_dropped(const struct vnc_viewer *v)
{
    return v->dropped;
}

void vnc_viewer_join(struct vnc_viewer *v)
{
    pthread_join(v->thread, NULL);
    loop_destroy(v->loop);
    close(v->fd);
    v->busy = false;
}
