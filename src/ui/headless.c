/* SPDX-License-Identifier: MIT */
/*
 * The front-end without a screen: pictures are available to the control socket and to scripts, and
 * the main thread sleeps until stop. No viewer is attached, so a flush costs nothing, and no
 * display library is loaded.
 */
#include "ui/ui.h"

#include "host/thread.h"

#include <stdio.h>
#include <stdlib.h>

struct ui {
    struct host_wakeup stop;
};

static struct ui *headless_create(const struct ui_env *env, const char *args, struct error *err)
{
    (void)env;
    if (args[0]) {
        error_set(err, "--display none takes no settings; leave '%s' out", args);
        return NULL;
    }
    struct ui *ui = malloc(sizeof(*ui));
    if (!ui) {
        error_no_memory(err);
        return NULL;
    }
    host_wakeup_init(&ui->stop);
    return ui;
}

static void headless_run(struct ui *ui)
{
    host_wakeup_wait(&ui->stop, HOST_FOREVER);
    host_wakeup_raise(&ui->stop); /* a later wait returns at once, too */
}

static void headless_stop(struct ui *ui)
{
    host_wakeup_raise(&ui->stop);
}

static void headless_destroy(struct ui *ui)
{
    if (!ui)
        return;
    host_wakeup_finish(&ui->stop);
    free(ui);
}

const struct ui_ops ui_headless_ops = {
    .name = "none",
    .help = "no window; screenshots through --monitor and --script",
    .create = headless_create,
    .run = headless_run,
    .stop = headless_stop,
    .destroy = headless_destroy,
};
