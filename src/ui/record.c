/* SPDX-License-Identifier: MIT */
/*
 * A recording of the screen, with the pointer. One thread copies the picture when the display has
 * changed, at most `fps` times a second; another compresses and writes (record_writer.h). While the
 * picture does not change, the first thread sleeps, and the second wakes only for the steps of its
 * sink (record_sink.h). A full disk ends the recording with a line in the log; the machine
 * continues.
 *
 * The last picture before a guest disables its scanout, often a message at shutdown, may follow the
 * one before sooner than `fps` allows. So the GPU's thread copies it at that moment (on_dark).
 */
#include "ui/ui.h"

#include "base/parse.h"
#include "host/clock.h"
#include "host/file.h"
#include "host/thread.h"
#include "ui/record_writer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FPS 240

struct ui {
    struct ui_env env;
    struct record_options options;
    const struct record_sink_ops *ops;
    struct record_sink *sink;
    struct host_wakeup wake;
    atomic_bool stopping;
    _Atomic uint32_t seen; /* the frame_gen of the last captured picture */
    /* the last picture before the head went dark, if it was not captured; under the lock */
    pthread_mutex_t lock;
    struct picture *last;
    uint64_t last_at;
    /* the thread of run only */
    struct viewer *viewer;
    struct record_writer *writer;
    struct head_state state;
    bool started;       /* the recording has a picture */
    uint64_t next;      /* host_now_ns(): no picture is captured before */
    uint64_t blank_due; /* an inactive head is recorded as black from then on */
    bool fresh;         /* the picture on the screen is not in the recording */
    bool late;          /* because the queue was full, or there was no memory */
    unsigned dropped;
};

/* --- capturing --- */

static void on_update(void *ctx)
{
    struct ui *ui = ctx;
    host_wakeup_raise(&ui->wake);
}

/* Copies the picture of a head that is about to go dark, at most `fps` times a second. The GPU's
 * thread. */
static void on_dark(void *ctx, unsigned head)
{
    struct ui *ui = ctx;
    struct head_state state;
    uint64_t now = host_now_ns();
    display_state(ui->env.display, head, &state);
    if (head != ui->options.head || state.frame_gen == atomic_load(&ui->seen))
        return;
    pthread_mutex_lock(&ui->lock);
    if (!ui->last && now - ui->last_at >= NS_PER_SEC / ui->options.fps) {
        ui->last = display_snapshot(ui->env.display, head, true);
        ui->last_at = now;
    }
    pthread_mutex_unlock(&ui->lock);
    /* the display may have called wake already for what this thread has not taken */
    host_wakeup_raise(&ui->wake);
}

static void put_picture(struct ui *ui, struct picture *pic, uint64_t now)
{
    ui->started = true;
    record_writer_put(ui->writer, pic, now);
}

/* Queues the last picture before the head went dark; to be called before the current one is queued.
 * `wait`: blocks until there is room for it. */
static void put_last(struct ui *ui, bool wait)
{
    pthread_mutex_lock(&ui->lock);
    struct picture *last = ui->last;
    uint64_t at = ui->last_at;
    if (last && !wait && !record_writer_has_room(ui->writer))
        last = NULL;
    if (last)
        ui->last = NULL;
    pthread_mutex_unlock(&ui->lock);
    if (last)
        put_picture(ui, last, at);
}

/* Captures the picture, unless the head went dark or lit up since the state was taken: then the
 * display wakes this thread again. */
static void capture_picture(struct ui *ui, uint64_t now)
{
    struct head_state state;
    struct picture *pic = display_snapshot(ui->env.display, ui->options.head, true);
    display_state(ui->env.display, ui->options.head, &state);
    ui->fresh = !pic || state.active != ui->state.active || state.mode_gen != ui->state.mode_gen;
    ui->late = !pic; /* out of memory: to be tried again */
    if (ui->fresh) {
        picture_destroy(pic);
        return;
    }
    atomic_store(&ui->seen, ui->state.frame_gen);
    put_picture(ui, pic, now);
}

static void take_state(struct ui *ui, uint64_t now)
{
    pixman_region32_t damage;
    struct head_state before = ui->state;
    pixman_region32_init(&damage);
    if (viewer_take(ui->viewer, ui->options.head, &ui->state, &damage)) {
        ui->dropped += ui->late; /* the picture that there was no room for is replaced */
        ui->late = false;
        ui->fresh = true;
    }
    pixman_region32_fini(&damage);
    ui->blank_due = viewer_blank_deadline(&before, &ui->state, ui->blank_due, now);
}

/* The head is inactive, and has been for so long that black is what is recorded. */
static bool is_black(const struct ui *ui, uint64_t now)
{
    return !ui->state.active && now >= ui->blank_due;
}

/* Captures the picture if it has changed; returns when to call this again if nothing happens. */
static uint64_t capture_change(struct ui *ui, uint64_t now)
{
    take_state(ui, now);
    if (!ui->fresh || (!ui->state.active && !ui->started))
        return HOST_FOREVER;
    if (!ui->state.active && !is_black(ui, now))
        return ui->blank_due;
    ui->next = now + NS_PER_SEC / ui->options.fps;
    if (record_writer_has_room(ui->writer))
        capture_picture(ui, now);
    else
        ui->late = true;
    return HOST_FOREVER;
}

static void record_changes(struct ui *ui)
{
    uint64_t deadline = 0; /* there may already be a picture */
    while (!atomic_load(&ui->stopping)) {
        host_wakeup_wait(&ui->wake, deadline);
        uint64_t now = host_now_ns();
        put_last(ui, false);
        deadline = now < ui->next ? ui->next : capture_change(ui, now);
    }
}

static void log_result(struct ui *ui, const struct record_result *r)
{
    if (r->error)
        log_warn(ui->env.log, "recording to %s stopped: %s; pictures in it, all whole: %u",
                 ui->options.path, host_file_why(r->error), r->count);
    else
        log_warn(ui->env.log, "recorded in %s; pictures: %u, dropped: %u", ui->options.path,
                 r->count, ui->dropped);
    if (r->missing)
        log_warn(ui->env.log,
                 "%s is %.1f s shorter than what it shows: writing took too long; give ,fps=N or "
                 "a faster disk",
                 ui->options.path, (double)r->missing / NS_PER_SEC);
}

/* Captures the last picture, and one at least. A head that went dark just now, as the machine
 * ended, is not captured. */
static void finish_recording(struct ui *ui)
{
    uint64_t now = host_now_ns();
    record_writer_hurry(ui->writer);
    take_state(ui, now);
    put_last(ui, true);
    ui->late = false;
    if (!ui->started || (ui->fresh && (ui->state.active || is_black(ui, now))))
        capture_picture(ui, now);
    if (!ui->started)
        capture_picture(ui, now); /* the head changed during the first try */
    struct record_result r = record_writer_finish(ui->writer, host_now_ns());
    log_result(ui, &r);
}

static void record_run(struct ui *ui)
{
    ui->writer = record_writer_create(ui->ops, ui->sink, on_update, ui);
    ui->viewer = display_attach(ui->env.display, on_update, ui);
    if (ui->writer && ui->viewer) {
        viewer_on_dark(ui->viewer, on_dark);
        record_changes(ui);
        finish_recording(ui);
    } else {
        log_warn(ui->env.log, "nothing is recorded in %s: not enough memory or threads",
                 ui->options.path);
        if (ui->writer)
            record_writer_finish(ui->writer, 0);
    }
    if (ui->viewer)
        display_detach(ui->viewer);
}

static void record_stop(struct ui *ui)
{
    atomic_store(&ui->stopping, true);
    host_wakeup_raise(&ui->wake);
}

/* --- opening and closing --- */

/* What may follow the path. */
static const struct parse_key record_keys[] = {
    {"fps", "N", "30", PARSE_UNSIGNED(struct record_options, fps, 1, MAX_FPS)},
    {"head", "N", "0", PARSE_UNSIGNED(struct record_options, head, 0, UINT32_MAX)},
    {"overwrite", NULL, NULL, PARSE_FLAG(struct record_options, overwrite)},
};

static const struct record_sink_ops *parse_args(struct record_options *o, const struct ui_env *env,
                                                const char *args, struct error *err)
{
    size_t n = strlen(args);
    *o = (struct record_options){.path = ""};
    parse_defaults(record_keys, ARRAY_SIZE(record_keys), o);
    if (n < sizeof(o->path))
        strcpy(o->path, args);
    /* from the end: a path may hold commas, and what is no setting belongs to it */
    for (char *comma; (comma = strrchr(o->path, ',')) &&
                      parse_setting(record_keys, ARRAY_SIZE(record_keys), o, comma + 1, err);)
        *comma = 0;
    n = strlen(o->path);
    if (o->head >= display_heads(env->display))
        error_set(err, "--record %s: there is no head %u; the last one is %u", args, o->head,
                  display_heads(env->display) - 1);
    else if (n && o->path[n - 1] == '/')
        return &record_png_ops;
    else if (n > 4 && !strcmp(o->path + n - 4, ".y4m"))
        return &record_y4m_ops;
    else
        error_set(err,
                  "--record %s: write FOLDER/ for pictures, or FILE.y4m, and after it ,fps=1..%d "
                  ",head=N or ,overwrite",
                  args, MAX_FPS);
    return NULL;
}

static void record_destroy(struct ui *ui)
{
    if (!ui)
        return;
    if (ui->sink)
        ui->ops->close(ui->sink);
    picture_destroy(ui->last);
    pthread_mutex_destroy(&ui->lock);
    host_wakeup_finish(&ui->wake);
    free(ui);
}

static struct ui *record_create(const struct ui_env *env, const char *args, struct error *err)
{
    struct ui *ui = calloc(1, sizeof(*ui));
    if (!ui) {
        error_no_memory(err);
        return NULL;
    }
    ui->env = *env;
    host_wakeup_init(&ui->wake);
    pthread_mutex_init(&ui->lock, NULL);
    atomic_init(&ui->seen, 0);
    ui->ops = parse_args(&ui->options, env, args, err);
    if (ui->ops)
        ui->sink = ui->ops->open(&ui->options, err);
    if (ui->sink)
        return ui;
    record_destroy(ui);
    return NULL;
}

const struct ui_ops ui_record_ops = {
    .name = "record",
    .help = "a recording: record=FOLDER/ or record=FILE.y4m[,fps=N][,head=N][,overwrite]",
    .by_name = true,
    .create = record_create,
    .run = record_run,
    .stop = record_stop,
    .destroy = record_destroy,
};
