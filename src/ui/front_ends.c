/* SPDX-License-Identifier: MIT */
#include "ui/ui.h"

#include "host/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct front_end {
    const struct ui_ops *ops;
    struct ui *ui;
    pthread_t thread;
    bool threaded; /* the thread was started and must be joined */
};

struct front_ends {
    struct log *log;
    struct front_end front[FRONT_ENDS_MAX];
    unsigned count;
    struct front_end *main; /* the one whose run needs the main thread; NULL: none does */
    struct host_wakeup stop;
};

struct front_ends *front_ends_create(struct log *log)
{
    struct front_ends *set = calloc(1, sizeof(*set));
    if (!set)
        return NULL;
    set->log = log;
    host_wakeup_init(&set->stop);
    return set;
}

/* --- opening --- */

static bool open_one(struct front_ends *set, const struct ui_ops *ops, const struct ui_env *env,
                     const char *args, struct error *err)
{
    struct front_end *f = &set->front[set->count];
    *f = (struct front_end){.ops = ops, .ui = ops->create(env, args, err)};
    if (!f->ui)
        return false;
    set->count++;
    if (ops->main_thread)
        set->main = f;
    return true;
}

static bool is_in_list(const char *name)
{
    for (unsigned i = 0; ui_list[i]; i++)
        if (!strcmp(ui_list[i]->name, name))
            return true;
    return false;
}

/* True if ops is the front-end that the user named or, when none was named (NULL), one that may be
 * opened unnamed. */
static bool is_candidate(const struct ui_ops *ops, const char *name)
{
    return name ? !strcmp(name, ops->name) : !ops->by_name;
}

bool front_ends_add(struct front_ends *set, const struct ui_env *env, const char *name,
                    const char *args, struct error *err)
{
    if (set->count == FRONT_ENDS_MAX)
        return error_set(err, "more than %d displays; leave some out", FRONT_ENDS_MAX);
    if (name && !is_in_list(name))
        return error_set(err, "--display %s: not in this build", name);
    for (unsigned i = 0; ui_list[i]; i++) {
        const struct ui_ops *ops = ui_list[i];
        if (!is_candidate(ops, name))
            continue;
        if (ops->main_thread && set->main)
            return error_set(err, "--display %s: there is one already; give it once", ops->name);
        if (name && ops->check && !ops->check(args, err))
            return false;
        if (open_one(set, ops, env, name ? args : "", err))
            return true;
        if (name && ops->main_thread)
            error_set(err, "%s; --display none goes on without a window", err->text);
        if (name)
            return false;
        log_warn(set->log, "%s%s", err->text,
                 ops == &ui_headless_ops ? "" : "; going on without a window");
    }
    return false;
}

/* --- running --- */

static void *front_end_main(void *arg)
{
    struct front_end *f = arg;
    f->ops->run(f->ui);
    return NULL;
}

bool front_ends_start(struct front_ends *set)
{
    for (struct front_end *f = set->front; f < set->front + set->count; f++) {
        if (f == set->main)
            continue;
        f->threaded = !host_thread_start(&f->thread, f->ops->name, front_end_main, f);
        if (!f->threaded)
            return false;
    }
    return true;
}

static void join_threads(struct front_ends *set)
{
    for (struct front_end *f = set->front; f < set->front + set->count; f++)
        if (f->threaded)
            pthread_join(f->thread, NULL);
    for (struct front_end *f = set->front; f < set->front + set->count; f++)
        f->threaded = false;
}

void front_ends_run(struct front_ends *set)
{
    if (set->main)
        set->main->ops->run(set->main->ui);
    host_wakeup_wait(&set->stop, HOST_FOREVER);
    host_wakeup_raise(&set->stop); /* a later wait returns at once, too */
    join_threads(set);
}

void front_ends_stop(struct front_ends *set)
{
    for (struct front_end *f = set->front; f < set->front + set->count; f++)
        f->ops->stop(f->ui);
    host_wakeup_raise(&set->stop);
}

void front_ends_destroy(struct front_ends *set)
{
    if (!set)
        return;
    front_ends_stop(set);
    join_threads(set);
    while (set->count) {
        struct front_end *f = &set->front[--set->count];
        f->ops->destroy(f->ui);
    }
    host_wakeup_finish(&set->stop);
    free(set);
}
