/* SPDX-License-Identifier: MIT */
#include "ui/vnc_viewer.h"

#include "host/clock.h"
#include "host/loop.h"
#include "host/thread.h"
#include "ui/vnc_auth.h"
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
    void (*done)(void *ctx, struct vnc_viewer *v);
    void *ctx;
    struct vnc_screen screen;
    struct log_limit limit;
    /* the front-end's thread */
    bool busy;
    pthread_t thread;
    uint64_t since;
    int fd; /* the connection: polled and cut here, while the library has a duplicate of it */
    /* while busy */
    struct loop *loop;
    atomic_bool welcome;    /* through the handshake */
    struct loop_event news; /* calls on_change */
    /* the viewer's thread */
    rfbClientPtr client;
    struct loop_timer *handshake;
};

/* Brings the viewer up to date, if it has asked for it, and ends the loop if it is gone. */
static void update(struct vnc_viewer *v)
{
    if (v->client->sock != RFB_INVALID_SOCKET) {
        if (v->client->state == RFB_NORMAL && !atomic_exchange(&v->welcome, true))
            loop_timer_set(v->handshake, HOST_FOREVER);
        vnc_screen_update(&v->screen, v->client);
    }
    if (v->client->sock == RFB_INVALID_SOCKET)
        loop_quit(v->loop);
}

/* One message. The picture is there from the one on that says how large it is. */
static void read_message(struct vnc_viewer *v)
{
    rfbClientPtr client = v->client;
    if (vnc_auth_message(client, v->config.passwords))
        return;
    if (client->state == RFB_INITIALISATION && !vnc_screen_open(&v->screen, client)) {
        rfbCloseClient(client);
        return;
    }
    uint8_t type;
    if (client->state == RFB_NORMAL && !client->wsctx &&
        recv(v->fd, &type, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && !vnc_screen_allows(type)) {
        rfbCloseClient(client);
        return;
    }
    rfbProcessClientMessage(client);
    vnc_screen_check(&v->screen, client);
}

static void on_socket(void *arg, unsigned events)
{
    struct vnc_viewer *v = arg;
    (void)events;
    do
        read_message(v);
    while (v->client->sock != RFB_INVALID_SOCKET && webSocketsHasDataInBuffer(v->client));
    update(v);
}

static void on_change(void *arg)
{
    struct vnc_viewer *v = arg;
    vnc_screen_changed(&v->screen);
    if (v->client)
        update(v);
}

/* Any thread: the display or the guest's keyboard has news. */
static void on_news(void *ctx)
{
    struct vnc_viewer *v = ctx;
    loop_event_post(&v->news);
}

static void on_blank(void *arg)
{
    struct vnc_viewer *v = arg;
    vnc_screen_blank(&v->screen);
    if (v->client)
        update(v);
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

/*
 * Browsers let any page that their user visits open a WebSocket to this machine. Such a page does
 * not know the password; without one, browsers are not served.
 */
static bool trusted(struct vnc_viewer *v)
{
    if (v->config.browsers || !v->client->wsctx)
        return true;
    log_limited(v->config.env.log, &v->limit,
                "a web browser was refused as a VNC viewer: that takes a password; add "
                ",password=FILE, or use --display web");
    return false;
}

/* Says hello and serves until the viewer is gone. */
static void serve(struct vnc_viewer *v)
{
    int fd = dup(v->fd);
    v->client = fd >= 0 && fd < FD_SETSIZE ? rfbNewClient(v->screen.rfb, fd) : NULL;
    if (!v->client) {
        if (fd >= FD_SETSIZE)
            close(fd);
        return;
    }
    v->handshake = loop_timer_add(v->loop, on_handshake, v);
    struct loop_fd *src = loop_fd_add(v->loop, v->fd, LOOP_READ, on_socket, v);
    if (v->handshake && src && trusted(v) && vnc_screen_welcome(&v->screen, v->client)) {
        log_debug(v->config.env.log, LOG_UI, "vnc: a viewer from %s comes", v->client->host);
        loop_timer_set(v->handshake, host_now_ns() + VNC_HANDSHAKE_MS * NS_PER_MS);
        loop_run(v->loop);
    }
    log_debug(v->config.env.log, LOG_UI, "vnc: a viewer from %s leaves", v->client->host);
    vnc_screen_farewell(&v->screen, v->client);
    v->client = NULL;
}

static void *viewer_main(void *arg)
{
    struct vnc_viewer *v = arg;
    struct loop_timer *blank = loop_timer_add(v->loop, on_blank, v);
    struct loop_timer *resize = loop_timer_add(v->loop, on_resize, v);
    if (blank && resize) {
        vnc_screen_begin(&v->screen, blank, resize, on_news, v);
        serve(v);
        vnc_screen_end(&v->screen);
    }
    shutdown(v->fd, SHUT_RDWR);
    v->done(v->ctx, v);
    return NULL;
}

/* --- the front-end's side --------------------------------------------------------------------- */

struct vnc_viewer *vnc_viewer_create(const struct vnc_config *config,
                                     void (*done)(void *ctx, struct vnc_viewer *v), void *ctx)
{
    struct vnc_viewer *v = calloc(1, sizeof(*v));
    if (!v)
        return NULL;
    v->config = *config;
    v->done = done;
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

bool vnc_viewer_start(struct vnc_viewer *v, int fd)
{
    v->fd = fd;
    v->since = host_now_ns();
    atomic_store(&v->welcome, false);
    v->loop = loop_create();
    loop_event_init(&v->news, v->loop, on_change, v);
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

uint64_t vnc_viewer_shaking_since(const struct vnc_viewer *v)
{
    return v->busy && !atomic_load(&v->welcome) ? v->since : HOST_FOREVER;
}

void vnc_viewer_drop(struct vnc_viewer *v)
{
    shutdown(v->fd, SHUT_RDWR);
}

void vnc_viewer_join(struct vnc_viewer *v)
{
    pthread_join(v->thread, NULL);
    loop_destroy(v->loop);
    close(v->fd);
    v->busy = false;
}
