/* SPDX-License-Identifier: MIT */
/*
 * The screen over the network, for VNC viewers (RFC 6143). This front-end's thread only accepts
 * connections; each viewer has a thread and a picture of its own (vnc_viewer.h), so none waits for
 * another and the machine waits for none. No timer runs: with viewers connected and a still
 * picture, every thread sleeps.
 */
#include "ui/ui.h"

#include "host/loop.h"
#include "ui/vnc_listen.h"
#include "ui/vnc_places.h"

#include <stdio.h>
#include <stdlib.h>

struct ui {
    struct loop *loop;
    struct vnc_listen listen;
    char *passwords[2];
    struct vnc_places *places;
};

static void welcome(void *ctx, int fd)
{
    struct ui *ui = ctx;
    vnc_places_admit(ui->places, fd);
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
    vnc_places_destroy(ui->places);
    loop_destroy(ui->loop);
    free(ui);
}

static bool set_up(struct ui *ui, const struct ui_env *env)
{
    bool secret = ui->listen.secret[0];
    ui->passwords[0] = ui->listen.secret;
    struct vnc_config config = {*env, ui->listen.head, secret ? ui->passwords : NULL, secret,
                                ui->listen.layout};
    ui->loop = loop_create();
    ui->places = ui->loop ? vnc_places_create(&config, ui->loop) : NULL;
    return ui->places && vnc_listen_watch(&ui->listen, ui->loop, welcome, ui);
}

static struct ui *vnc_create(const struct ui_env *env, const char *args, char *err, size_t err_size)
{
    static const struct vnc_listen_kind kind = {.name = "vnc",
                                                .place = "ADDRESS:PORT",
                                                .example = "vnc=127.0.0.1:5900",
                                                .first_port = 5900};
    struct ui *ui = calloc(1, sizeof(*ui));
    if (!ui) {
        snprintf(err, err_size, "not enough memory");
        return NULL;
    }
    if (!vnc_listen_open(&ui->listen, &kind, env, args, err, err_size)) {
        vnc_destroy(ui);
        return NULL;
    }
    if (!set_up(ui, env)) {
        snprintf(err, err_size, "--display vnc: not enough memory or file descriptors");
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
