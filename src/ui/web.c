/* SPDX-License-Identifier: MIT */
/*
 * The screen in a web browser: noVNC's pages from their folder, and VNC through WebSockets, on one
 * port. This front-end's thread serves the pages and decodes WebSockets. Viewers are those of the
 * VNC front-end (vnc_slots.h); they read and write plain streams.
 */
#include "ui/ui.h"

#include "ui/http.h"
#include "ui/vnc_listen.h"
#include "ui/vnc_slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGES "/usr/share/novnc" /* of Debian's package */
#define PAGE  "/vnc.html"
#define START PAGE "?autoconnect=true&resize=scale&path=websockify"

struct ui {
    struct loop *loop;
    struct vnc_listen listen;
    struct vnc_slots *slots;
    struct websockets *websockets;
    struct http *http;
};

static void on_connection(void *ctx, int fd)
{
    struct ui *ui = ctx;
    http_admit(ui->http, fd);
}

static void on_websocket(void *ctx, int fd, const struct peer *peer)
{
    struct ui *ui = ctx;
    vnc_slots_admit(ui->slots, fd, peer);
}

static void web_run(struct ui *ui)
{
    loop_run(ui->loop);
}

static void web_stop(struct ui *ui)
{
    loop_quit(ui->loop);
}

static void web_destroy(struct ui *ui)
{
    if (!ui)
        return;
    vnc_listen_close(&ui->listen);
    http_destroy(ui->http);
    websockets_destroy(ui->websockets); /* first: a viewer may be blocked on its socket pair */
    vnc_slots_destroy(ui->slots);
    loop_destroy(ui->loop);
    free(ui);
}

static bool check_pages(const char *folder, struct error *err)
{
    char path[PATH_MAX + sizeof(PAGE)];
    snprintf(path, sizeof(path), "%s" PAGE, folder);
    if (!access(path, R_OK))
        return true;
    return error_set(
        err,
        "--display web: %s is not there; install Debian's package novnc, or say where it is "
        "with ,novnc=FOLDER",
        path);
}

static bool set_up(struct ui *ui, const struct ui_env *env, struct error *err)
{
    const char *password = ui->listen.secret[0] ? ui->listen.secret : NULL;
    error_set(err, "--display web: not enough memory or file descriptors");
    ui->loop = loop_create();
    ui->websockets = ui->loop ? websockets_create(ui->loop, on_websocket, ui) : NULL;
    if (!ui->websockets)
        return false;
    const struct vnc_config viewers = {
        .env = *env, .head = ui->listen.head, .password = password, .layout = ui->listen.layout};
    const struct http_config pages = {.loop = ui->loop,
                                      .log = env->log,
                                      .folder = ui->listen.pages,
                                      .start = START,
                                      .local_only = !password,
                                      .websockets = ui->websockets};
    ui->slots = vnc_slots_create(&viewers, ui->loop);
    return ui->slots && vnc_listen_watch(&ui->listen, ui->loop, on_connection, ui) &&
           (ui->http = http_create(&pages, err));
}

static struct ui *web_create(const struct ui_env *env, const char *args, struct error *err)
{
    static const struct vnc_listen_kind kind = {.name = "web",
                                                .syntax = "PORT or ADDRESS:PORT",
                                                .example = "web=6080",
                                                .usual_port = 6080,
                                                .pages = PAGES};
    struct ui *ui = calloc(1, sizeof(*ui));
    if (!ui) {
        error_no_memory(err);
        return NULL;
    }
    if (vnc_listen_open(&ui->listen, &kind, env, args, err) && check_pages(ui->listen.pages, err) &&
        set_up(ui, env, err)) {
        log_warn(env->log, "browsers find the screen at http://%s/", ui->listen.where);
        return ui;
    }
    web_destroy(ui);
    return NULL;
}

const struct ui_ops ui_web_ops = {
    .name = "web",
    .help = "in a browser: web=PORT or "
            "web=ADDRESS:PORT[,password=FILE][,head=N][,keymap=us|uk|de|fr][,novnc=FOLDER]",
    .by_name = true,
    .create = web_create,
    .run = web_run,
    .stop = web_stop,
    .destroy = web_destroy,
};
