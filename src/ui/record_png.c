/* SPDX-License-Identifier: MIT */
/*
 * A folder of PNGs, and a list of their times in the format of ffmpeg's concat demuxer
 * ("ffconcat"). A picture is added to the list when its file is complete, and the list is flushed
 * after each line, so what is in the list can be played whatever happens later.
 */
#include "ui/record_sink.h"

#include "host/clock.h"
#include "host/file.h"
#include "host/thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST      "list.ffconcat"
#define FRAME     "frame-%06u.png" /* from 1 on */
#define MIN_SHOWN UINT64_C(1000000)
#define LAST_ONE  (NS_PER_SEC / 2) /* more for the last picture, which may be large */

struct record_sink {
    const struct record_options *options;
    FILE *list;
    unsigned count;
    uint64_t since; /* the time of the last picture */
    /* host_now_ns() at which saving a picture is cancelled; HOST_FOREVER: none */
    _Atomic uint64_t until;
};

/* True for the name of a file that a recording makes. */
static bool is_recording(const char *name)
{
    unsigned n;
    int end = 0;
    return !strcmp(name, LIST) || (sscanf(name, "frame-%u.png%n", &n, &end) == 1 && !name[end]);
}

/* Returns whether the folder is empty; with `overwrite`, removes an earlier recording first. */
static bool clear_folder(const struct record_options *o, struct error *err)
{
    DIR *dir = opendir(o->path);
    if (!dir)
        return error_set(err, "--record %s: %s; give another folder", o->path, strerror(errno));
    bool empty = true;
    for (struct dirent *e; (e = readdir(dir)) && empty;) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        empty = o->overwrite;
        if (o->overwrite && is_recording(e->d_name))
            unlinkat(dirfd(dir), e->d_name, 0);
    }
    closedir(dir);
    if (!empty)
        error_set(
            err,
            "--record %s: there is something in it already; empty it, give another folder, or "
            "add ,overwrite",
            o->path);
    return empty;
}

static struct record_sink *png_open(const struct record_options *o, struct error *err)
{
    char path[sizeof(o->path) + sizeof(LIST)];
    if (mkdir(o->path, 0777) && errno != EEXIST) {
        error_set(err, "--record %s: %s; make the folder above it first", o->path, strerror(errno));
        return NULL;
    }
    if (!clear_folder(o, err))
        return NULL;
    struct record_sink *sink = calloc(1, sizeof(*sink));
    snprintf(path, sizeof(path), "%s" LIST, o->path);
    if (sink)
        sink->list = host_file_create(path);
    if (!sink || !sink->list || fputs("ffconcat version 1.0\n", sink->list) < 0 ||
        fflush(sink->list)) {
        error_set(err, "--record %s: %s; give another folder", o->path, strerror(errno));
        record_png_ops.close(sink);
        return NULL;
    }
    sink->options = o;
    sink->until = HOST_FOREVER;
    return sink;
}

/* Appends to the list; a part that could be written before an error is removed again. */
static int add_line(struct record_sink *sink, const char *text)
{
    off_t before = ftello(sink->list);
    if (fputs(text, sink->list) >= 0 && !fflush(sink->list))
        return 0;
    int error = errno ? errno : EIO;
    if (ftruncate(fileno(sink->list), before))
        error = errno;
    return error;
}

/* Appends how long the last picture was on the screen. */
static int add_duration(struct record_sink *sink, uint64_t ns)
{
    char line[64];
    if (!sink->count)
        return 0;
    uint64_t shown = MAX(ns - sink->since, MIN_SHOWN);
    snprintf(line, sizeof(line), "duration %" PRIu64 ".%06" PRIu64 "\n",
             shown / UINT64_C(1000000000), shown / 1000 % 1000000);
    return add_line(sink, line);
}

static int add_file(struct record_sink *sink)
{
    char line[64];
    snprintf(line, sizeof(line), "file '" FRAME "'\n", sink->count);
    return add_line(sink, line);
}

static int png_show(struct record_sink *sink, const struct picture *pic, uint64_t ns)
{
    char path[sizeof(sink->options->path) + 32];
    snprintf(path, sizeof(path), "%s" FRAME, sink->options->path, sink->count + 1);
    int error = ui_save_until(pic, path, UI_PICTURE_PNG_FAST, &sink->until);
    if (error)
        return error;
    error = add_duration(sink, ns);
    sink->count++;
    sink->since = ns;
    return error ? error : add_file(sink);
}

/* The last file is listed twice: players ignore the duration of the last entry. */
static int png_end(struct record_sink *sink, uint64_t ns, uint64_t *missing)
{
    *missing = 0;
    int error = add_duration(sink, ns);
    return error || !sink->count ? error : add_file(sink);
}

static void png_hurry(struct record_sink *sink, uint64_t deadline)
{
    atomic_store(&sink->until, deadline + LAST_ONE);
}

static void png_close(struct record_sink *sink)
{
    if (!sink)
        return;
    if (sink->list)
        fclose(sink->list);
    free(sink);
}

const struct record_sink_ops record_png_ops = {
    .open = png_open,
    .show = png_show,
    .hurry = png_hurry,
    .end = png_end,
    .close = png_close,
};
