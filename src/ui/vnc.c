/* SPDX-License-Identifier: MIT */
/*
 * The screen over the network, for VNC viewers (RFC 6143). This front-end's thread only accepts
 * connections; each viewer has a thread and a framebuffer of its own (vnc_viewer.h), so no viewer
 * blocks another or the machine. No timer runs while viewers are connected and the picture does not
 * change: every thread sleeps.
 */
#include "ui/ui.h"

#include "host/loop.h"
#include "ui/http.h"
#include "ui/vnc_sniffer.h"
#include "ui/vnc_listen.h"
#include "ui/vnc_slots.h"

#include <stdio.h>
#include <stdlib.h>

struct ui {
    struct loop *loop;
    struct vnc_listen listen;
    struct vnc_slots *slots;
    /* NULL without a password; with one, browsers are served, too */
    struct vnc_sniffer *sniffer;
    struct websockets *websockets;
    struct http *http;
};

static void on_viewer(void *ctx, int fd)
{
    struct ui *ui = ctx;
    struct peer peer;
    peer_of(&peer, fd);
    vnc_slots_admit(ui->slots, fd, &peer);
}

static void on_browser(void *ctx, int fd)
{
    struct ui *ui = ctx;
    http_admit(ui->http, fd);
}

static void on_websocket(void *ctx, int fd, const struct peer *peer)
{
    struct ui *ui = ctx;
    vnc_slots_admit(ui->slots, fd, peer);
}

static void on_connection(void *ctx, int fd)
{
    struct ui *ui = ctx;
    if (ui->sniffer)
        vnc_sniffer_admit(ui->sniffer, fd);
    else
        on_viewer(ui, fd);
}

static void vnc_run(struct ui *ui)
{
    loop_run(ui->loop);
}

static void vnc_stop(struct ui *ui)
{
    loop_quit(ui->loop);
}

static void vnc_destroy(struct ui *ui)
{
    if (!ui)
        return;
    vnc_listen_close(&ui->listen);
    vnc_sniffer_destroy(ui->sniffer);
    http_destroy(ui->http);
    websockets_destroy(ui->websockets); /* first: a viewer may be blocked on its socket pair */
    vnc_slots_destroy(ui->slots);
    loop_destroy(ui->loop);
    free(ui);
}

/* Browsers let any page that their user visits open a WebSocket to this machine. Such a page has
 * not got the password; without a password, browsers are not served. */
static bool set_up_browsers(struct ui *ui, const struct ui_env *env)
{
    const struct vnc_sniffer_config sniffer = {ui->loop, on_viewer, on_browser, ui};
    struct error err;
    ui->websockets = websockets_create(ui->loop, on_websocket, ui);
    const struct http_config http = {
        .loop = ui->loop, .log = env->log, .any_page = true, .websockets = ui->websockets};
    ui->http = ui->websockets ? http_create(&http, &err) : NULL;
    ui->sniffer = ui->http ? vnc_sniffer_create(&sniffer) : NULL;
    return ui->sniffer;
}

static bool set_up(struct ui *ui, const struct ui_env *env)
{
    const char *password = ui->listen.secret[0] ? ui->listen.secret : NULL;
    struct vnc_config config = {
        .env = *env, .head = ui->listen.head, .password = password, .layout = ui->listen.layout};
    ui->loop = loop_create();
    ui->slots = ui->loop ? vnc_slots_create(&config, ui->loop) : NULL;
    return ui->slots && (!password || set_up_browsers(ui, env)) &&
           vnc_listen_watch(&ui->listen, ui->loop, on_connection, ui);
}

static struct ui *vnc_create(const struct ui_env *env, const char *args, struct error *err)
{
    static const struct vnc_listen_kind kind = {.name = "vnc",
                                                .syntax = "ADDRESS:PORT",
                                                .example = "vnc=127.0.0.1:5900",
                                                .first_port = 5900};
    struct ui *ui = calloc(1, sizeof(*ui));
    if (!ui) {
        error_no_memory(err);
        return NULL;
    }
    if (!vnc_listen_open(&ui->listen, &kind, env, args, err)) {
        vnc_destroy(ui);
        return NULL;
    }
    if (!set_up(ui, env)) {
        error_set(err, "--display vnc: not enough memory or file descriptors");
        vnc_destroy(ui);
        return NULL;
    }
    log_warn(env->log, "VNC viewers find the screen at %s", ui->listen.where);
    return ui;
}

const struct ui_ops ui_vnc_ops = {
    .name = "vnc",
    .help = "for VNC viewers: vnc=ADDRESS:PORT or vnc=:N[,password=FILE][,head=N]"
            "[,keymap=us|uk|de|fr]",
    .by_name = true,
    .create = vnc_create,
    .run = vnc_run,
    .stop = vnc_stop,
    .destroy = vnc_destroy,
};
