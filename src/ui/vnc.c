/* SPDX-License-Identifier: MIT */
/*
 * The screen over the network, for VNC viewers (RFC 6143). The main thread only accepts
 * connections; each viewer has a thread and a picture of its own (vnc_viewer.h), so none waits for
 * another and the machine waits for none. No timer runs: with viewers connected and a still
 * picture, every thread sleeps.
 *
 * There is room for VNC_VIEWERS. Who comes when all places are taken is sent away, and the one that
 * has been longest in its handshake goes too: a thousand silent connections cannot keep a viewer
 * out for long.
 */
#include "ui/ui.h"

#include "host/loop.h"
#include "host/thread.h"
#include "ui/vnc_listen.h"
#include "ui/vnc_viewer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <rfb/rfb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define VNC_VIEWERS 16

struct ui {
    struct ui_env env;
    struct loop *loop;
    struct vnc_listen listen;
    int spare; /* a descriptor to give up, to be able to turn someone away when none is left */
    char *passwords[2];
    struct vnc_gate gate;
    struct vnc_viewer *viewer[VNC_VIEWERS];
};

/* --- places ----------------------------------------------------------------------------------- */

static void reap(void *arg)
{
    struct vnc_viewer *v = arg;
    vnc_viewer_join(v);
}

/* The viewer's thread: it is about to end. */
static void on_done(void *ctx, struct vnc_viewer *v)
{
    struct ui *ui = ctx;
    loop_post(ui->loop, reap, v);
}

static struct vnc_viewer *free_place(struct ui *ui)
{
    for (unsigned i = 0; i < VNC_VIEWERS; i++)
        if (!vnc_viewer_busy(ui->viewer[i]))
            return ui->viewer[i];
    return NULL;
}

/* The place of who has been shaking hands for longest is soon free. */
static void make_room(struct ui *ui)
{
    struct vnc_viewer *oldest = NULL;
    uint64_t since = HOST_FOREVER;
    for (unsigned i = 0; i < VNC_VIEWERS; i++) {
        uint64_t t = vnc_viewer_shaking_since(ui->viewer[i]);
        if (t < since) {
            since = t;
            oldest = ui->viewer[i];
        }
    }
    if (oldest)
        vnc_viewer_drop(oldest);
}

/* --- connections ------------------------------------------------------------------------------ */

/* No descriptors are left: frees one, so that the connection does not wait to be accepted for ever,
 * which would be seen as news again and again. */
static void turn_away(struct ui *ui, int listener)
{
    close(ui->spare);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    ui->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void welcome(struct ui *ui, int fd)
{
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    struct vnc_viewer *place = free_place(ui);
    if (place) {
        vnc_viewer_start(place, fd);
        return;
    }
    log_debug(ui->env.log, LOG_UI, "vnc: all %d places for viewers are taken", VNC_VIEWERS);
    close(fd);
    make_room(ui);
}

static void on_listener(struct ui *ui, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        welcome(ui, fd);
    if (errno == EMFILE || errno == ENFILE)
        turn_away(ui, listener);
}

static void on_connection(void *arg, unsigned events)
{
    struct ui *ui = arg;
    (void)events;
    for (unsigned i = 0; i < ui->listen.count; i++)
        on_listener(ui, ui->listen.fd[i]);
}

/* --- opening and closing ---------------------------------------------------------------------- */

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
    for (unsigned i = 0; i < VNC_VIEWERS; i++)
        if (ui->viewer[i] && vnc_viewer_busy(ui->viewer[i]))
            vnc_viewer_drop(ui->viewer[i]); /* all at once: none waits for another's end */
    for (unsigned i = 0; i < VNC_VIEWERS; i++)
        vnc_viewer_destroy(ui->viewer[i]);
    loop_destroy(ui->loop);
    pthread_mutex_destroy(&ui->gate.lock);
    if (ui->spare >= 0)
        close(ui->spare);
    free(ui);
}

static bool set_up(struct ui *ui)
{
    char **passwords = ui->listen.secret[0] ? ui->passwords : NULL;
    ui->passwords[0] = ui->listen.secret;
    ui->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ui->loop = loop_create();
    bool ok = ui->loop && ui->spare >= 0;
    for (unsigned i = 0; ok && i < VNC_VIEWERS; i++)
        ok = (ui->viewer[i] = vnc_viewer_create(&ui->env, &ui->gate, passwords, on_done, ui));
    for (unsigned i = 0; ok && i < ui->listen.count; i++)
        ok = loop_fd_add(ui->loop, ui->listen.fd[i], LOOP_READ, on_connection, ui);
    return ok;
}

static struct ui *vnc_create(const struct ui_env *env, const char *args, char *err, size_t err_size)
{
    struct ui *ui = calloc(1, sizeof(*ui));
    if (!ui) {
        snprintf(err, err_size, "not enough memory");
        return NULL;
    }
    ui->env = *env;
    ui->spare = -1;
    pthread_mutex_init(&ui->gate.lock, NULL);
    rfbGetExtensionIterator(); /* makes a lock of the library's, which its threads would race for */
    rfbReleaseExtensionIterator();
    rfbLogEnable(FALSE); /* the library would tell each viewer's story on stderr */
    if (!vnc_listen_open(&ui->listen, args, err, err_size)) {
        vnc_destroy(ui);
        return NULL;
    }
    if (!set_up(ui)) {
        snprintf(err, err_size, "--display vnc: not enough memory or file descriptors");
        vnc_destroy(ui);
        return NULL;
    }
    log_warn(env->log, "VNC viewers find the screen at %s", ui->listen.where);
    return ui;
}

const struct ui_ops ui_vnc_ops = {
    .name = "vnc",
    .help = "for VNC viewers: vnc=ADDRESS:PORT or vnc=:N[,password=FILE]",
    .by_name = true,
    .create = vnc_create,
    .run = vnc_run,
    .stop = vnc_stop,
    .destroy = vnc_destroy,
};
