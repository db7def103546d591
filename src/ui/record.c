/* SPDX-License-Identifier: MIT */
/*
 * A recording of the screen, with the pointer. One thread looks when the display has something new,
 * at most `fps` times a second, and takes a copy; another compresses and writes. With a still
 * picture the first sleeps, and the second does but for what its file needs (record_sink.h). A full
 * disk ends the recording with a line, not the machine.
 *
 * What a guest draws last before it switches its screen off, often its farewell, may come sooner
 * after the picture before than `fps` allows. So the GPU's thread copies it in that moment.
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
    _Atomic uint32_t seen; /* the frame_gen of what was captured last */
    /* what was on the screen when it went dark, if it was not captured yet; under the lock */
    pthread_mutex_t lock;
    struct picture *last;
    uint64_t last_at;
    /* run's */
    struct viewer *viewer;
    struct record_writer *writer;
    struct head_state state;
    bool started;       /* there is a picture in it */
    uint64_t next;      /* no look before */
    uint64_t blank_due; /* an inactive head is recorded as black from then on */
    bool fresh;         /* what is on the screen is not in the recording */
    bool late;          /* because there was no room for it */
    unsigned dropped;
};

/* --- looking --- */

static void on_update(void *ctx)
{
    struct ui *ui = ctx;
    host_wakeup_raise(&ui->wake);
}

/* The GPU's thread, at most `fps` times a second. */
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
    host_wakeup_raise(&ui->wake); /* the display does not wake twice for what was not taken */
}

static void put(struct ui *ui, struct picture *pic, uint64_t now)
{
    ui->started = true;
    record_writer_put(ui->writer, pic, now);
}

/* The screen's last picture before it went dark comes before what is there now. `wait`: until there
 * is room for it. */
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
        put(ui, last, at);
}

/* Not if the screen went dark or lit up since the state was taken: the next look will tell. */
static void capture(struct ui *ui, uint64_t now)
{
    struct head_state state;
    struct picture *pic = display_snapshot(ui->env.display, ui->options.head, true);
    display_state(ui->env.display, ui->options.head, &state);
    ui->fresh = !pic || state.active != ui->state.active || state.mode_gen != ui->state.mode_gen;
    ui->late = !pic; /* no memory: later, perhaps */
    if (ui->fresh) {
        picture_destroy(pic);
        return;
    }
    atomic_store(&ui->seen, ui->state.frame_gen);
    put(ui, pic, now);
}

static void take(struct ui *ui, uint64_t now)
{
    pixman_region32_t damage;
    struct head_state before = ui->state;
    pixman_region32_init(&damage);
    if (viewer_take(ui->viewer, ui->options.head, &ui->state, &damage)) {
        ui->dropped += ui->late; /* nobody will see that one */
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

/* Records what is new; returns when to look again if nothing happens. */
static uint64_t look(struct ui *ui, uint64_t now)
{
    take(ui, now);
    if (!ui->fresh || (!ui->state.active && !ui->started))
        return HOST_FOREVER;
    if (!ui->state.active && !is_black(ui, now))
        return ui->blank_due;
    ui->next = now + NS_PER_SEC / ui->options.fps;
    if (record_writer_has_room(ui->writer))
        capture(ui, now);
    else
        ui->late = true;
    return HOST_FOREVER;
}

static void watch(struct ui *ui)
{
    uint64_t deadline = 0; /* there may be a picture already */
    while (!atomic_load(&ui->stopping)) {
        host_wakeup_wait(&ui->wake, deadline);
        uint64_t now = host_now_ns();
        put_last(ui, false);
        deadline = now < ui->next ? ui->next : look(ui, now);
    }
}

static void tell(struct ui *ui, const struct record_result *r)
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

/* The last picture is never lost, and there is at least one. A screen that went dark as the machine
 * ended is no picture. */
static void finish(struct ui *ui)
{
    uint64_t now = host_now_ns();
    record_writer_hurry(ui->writer);
    take(ui, now);
    put_last(ui, true);
    ui->late = false;
    if (!ui->started || (ui->fresh && (ui->state.active || is_black(ui, now))))
        capture(ui, now);
    if (!ui->started)
        capture(ui, now); /* it changed meanwhile */
    struct record_result r = record_writer_finish(ui->writer, host_now_ns());
    tell(ui, &r);
}

static void record_run(struct ui *ui)
{
    ui->writer = record_writer_create(ui->ops, ui->sink, on_update, ui);
    ui->viewer = display_attach(ui->env.display, on_update, ui);
    if (ui->writer && ui->viewer) {
        viewer_on_dark(ui->viewer, on_dark);
        watch(ui);
        finish(ui);
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
    {"head", "N", "0", PARSE_UNSIGNED(struct record_options, head, 0, DISPLAY_MAX_HEADS - 1)},
    {"overwrite", NULL, NULL, PARSE_FLAG(struct record_options, overwrite)},
};

static const struct record_sink_ops *parse(struct record_options *o, const struct ui_env *env,
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
    ui->ops = parse(&ui->options, env, args, err);
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
