/* SPDX-License-Identifier: MIT */
#include "ui/ui.h"

#include "host/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct front {
    const struct ui_ops *ops;
    struct ui *ui;
    pthread_t thread;
    bool threaded; /* thread runs and is to be joined */
};

struct ui_set {
    struct log *log;
    struct front front[UI_SET_MAX];
    unsigned count;
    struct front *main; /* the one that needs the main thread, or NULL */
    struct host_wakeup stop;
};

struct ui_set *ui_set_create(struct log *log)
{
    struct ui_set *set = calloc(1, sizeof(*set));
    if (!set)
        return NULL;
    set->log = log;
    host_wakeup_init(&set->stop);
    return set;
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool open_one(struct ui_set *set, const struct ui_ops *ops, const struct ui_env *env,
                     const char *args, char *err, size_t err_size)
{
    struct front *f = &set->front[set->count];
    *f = (struct front){.ops = ops, .ui = ops->create(env, args, err, err_size)};
    if (!f->ui)
        return false;
    set->count++;
    if (ops->main_thread)
        set->main = f;
    return true;
}

static bool exists(const char *name)
{
    for (unsigned i = 0; ui_list[i]; i++)
        if (!strcmp(ui_list[i]->name, name))
            return true;
    return false;
}

/* May it be opened where the user named this one, or (NULL) none? */
static bool stands_in(const struct ui_ops *ops, const char *name)
{
    return name ? !strcmp(name, ops->name) : !ops->by_name;
}

/* A window that was asked for cannot be had: adds the cure to why. */
static void add_cure(char *err, size_t err_size)
{
    size_t n = strlen(err);
    snprintf(err + n, err_size - n, "; --display none goes on without a window");
}

bool ui_set_add(struct ui_set *set, const struct ui_env *env, const char *name, const char *args,
                char *err, size_t err_size)
{
    if (set->count == UI_SET_MAX) {
        snprintf(err, err_size, "more than %d displays; leave some out", UI_SET_MAX);
        return false;
    }
    if (name && !exists(name)) {
        snprintf(err, err_size, "--display %s: not in this build", name);
        return false;
    }
    for (unsigned i = 0; ui_list[i]; i++) {
        const struct ui_ops *ops = ui_list[i];
        if (!stands_in(ops, name))
            continue;
        if (ops->main_thread && set->main) {
            snprintf(err, err_size, "--display %s: there is one already; give it once", ops->name);
            return false;
        }
        if (name && ops->check && !ops->check(args, err, err_size))
            return false;
        if (open_one(set, ops, env, name ? args : "", err, err_size))
            return true;
        if (name && ops->main_thread)
            add_cure(err, err_size);
        if (name)
            return false;
        log_warn(set->log, "%s%s", err,
                 ops == &ui_headless_ops ? "" : "; going on without a window");
    }
    return false;
}

/* --- running ---------------------------------------------------------------------------------- */

static void *front_main(void *arg)
{
    struct front *f = arg;
    f->ops->run(f->ui);
    return NULL;
}

bool ui_set_start(struct ui_set *set)
{
    for (struct front *f = set->front; f < set->front + set->count; f++) {
        if (f == set->main)
            continue;
        f->threaded = !host_thread_start(&f->thread, f->ops->name, front_main, f);
        if (!f->threaded)
            return false;
    }
    return true;
}

static void join(struct ui_set *set)
{
    for (struct front *f = set->front; f < set->front + set->count; f++)
        if (f->threaded)
            pthread_join(f->thread, NULL);
    for (struct front *f = set->front; f < set->front + set->count; f++)
        f->threaded = false;
}

void ui_set_run(struct ui_set *set)
{
    if (set->main)
        set->main->ops->run(set->main->ui);
    host_wakeup_wait(&set->stop, HOST_FOREVER);
    host_wakeup_raise(&set->stop); /* sticky */
    join(set);
}

void ui_set_stop(struct ui_set *set)
{
    for (struct front *f = set->front; f < set->front + set->count; f++)
        f->ops->stop(f->ui);
    host_wakeup_raise(&set->stop);
}

void ui_set_destroy(struct ui_set *set)
{
    if (!set)
        return;
    ui_set_stop(set);
    join(set);
    while (set->count) {
        struct front *f = &set->front[--set->count];
        f->ops->destroy(f->ui);
    }
    host_wakeup_finish(&set->stop);
    free(set);
}
