/* SPDX-License-Identifier: MIT */
/*
 * riscreen-gpu-replay: plays a trace of a guest's GPU commands on the device alone, with no CPU and
 * no window, reports what they cost, and writes pictures of any moment. Exit status 2: the device
 * does something else today than when the trace was made.
 */
#include "base/log.h"
#include "base/text.h"
#include "host/file.h"
#include "host/process.h"
#include "replay/bench.h"
#include "replay/options.h"
#include "replay/player.h"
#include "ui/picture.h"

#include <inttypes.h>
#include <string.h>

static bool print_error(const char *path, const char *what)
{
    log_error("riscreen-gpu-replay", "%s%s%s", path ? path : "", path ? ": " : "", what);
    return false;
}

/* Takes the picture over. NULL: there is none. */
static bool save_picture(struct picture *pic, const char *path, const char *none)
{
    if (!pic)
        return print_error(path, none);
    int failed = ui_save_picture(pic, path);
    picture_destroy(pic);
    return !failed || print_error(path, host_file_why(failed));
}

static bool save_resource(struct player *p, const struct replay_options *o)
{
    return save_picture(player_resource(p, (uint32_t)o->resource), o->png,
                        "there is no such resource at this step; --list shows what there is");
}

/* All records, or those up to the step that is asked for. */
static bool play_records(struct player *p, struct trace_reader *r, const struct replay_options *o)
{
    struct trace_item item;
    struct error err;
    enum trace_read got;
    bool saved = !o->png;
    while ((got = trace_reader_next(r, &item, &err)) == TRACE_READ_ITEM) {
        if (!player_play(p, &item, &err))
            return print_error(o->path, err.text);
        if (!saved && o->at && p->step == o->at) {
            if (!save_resource(p, o))
                return false;
            saved = true;
        }
    }
    if (got == TRACE_READ_BAD)
        return print_error(o->path, err.text);
    if (!saved && o->at)
        return print_error(o->path, "the trace ends before the step of --at");
    return saved || save_resource(p, o);
}

/* --- the report --- */

static void print_report(const struct player *p, const struct trace_reader *r,
                         const struct replay_options *o)
{
    char name[2048];
    text_printable(name, sizeof(name), o->path);
    printf("%s: %" PRIu64 " commands in %.3f s, %" PRIu64 " resets, %" PRIu64 " bytes, %" PRIu64
           " unpacked%s\n",
           name, p->step, (double)p->us / 1e6, p->resets, trace_reader_packed(r),
           trace_reader_unpacked(r), p->ended ? "" : "; it ends early: riscreen was killed");
    printf("%-28s %9s %7s %12s %10s %14s\n", "command", "count", "errors", "us", "us each",
           "bytes");
    for (unsigned i = 0; i < p->kinds; i++) {
        const struct player_stats *s = &p->stats[i];
        printf("%-28s %9" PRIu64 " %7" PRIu64 " %12.1f %10.2f %14" PRIu64 "\n", s->name, s->count,
               s->errors, (double)s->ns / 1e3, (double)s->ns / 1e3 / (double)s->count, s->bytes);
    }
    printf("checksums: %" PRIu64 ", %" PRIu64 " differ; answers: %" PRIu64 " differ\n", p->checks,
           p->wrong_checks, p->wrong_codes);
}

/* One run over the trace; 0, 1 or 2, as the exit status. */
static int replay_run(const struct replay_options *o, FILE *f, struct bench *bench, bool last)
{
    struct trace_head head;
    struct player p = {0};
    struct error err;
    const struct player_config config = {o->memory, o->list && last ? stdout : NULL,
                                         last ? stderr : NULL, bench};
    bool ok = false;
    rewind(f);
    struct trace_reader *r = trace_reader_create(f, o->memory, &head, &err);
    if (!r || !player_init(&p, &config, &head, &err))
        print_error(o->path, err.text);
    else
        ok = play_records(&p, r, o);
    if (ok && o->final)
        ok = save_picture(player_screen(&p, (unsigned)o->head), o->final,
                          "there is no such scanout");
    if (ok && last)
        print_report(&p, r, o);
    bool same = !p.wrong_checks && !p.wrong_codes;
    if (r)
        player_finish(&p);
    trace_reader_destroy(r);
    return !ok ? 1 : same ? 0 : 2;
}

static int run_all(const struct replay_options *o, FILE *f)
{
    struct bench *bench = o->bench ? bench_create() : NULL;
    int status = 0;
    if (o->bench && !bench)
        return !print_error(NULL, ERROR_NO_MEMORY);
    for (uint64_t left = MAX(o->bench, 1); left && status != 1; left--)
        status = replay_run(o, f, bench, left == 1);
    if (bench && status != 1)
        bench_print(bench, stdout);
    bench_destroy(bench);
    return status;
}

int main(int argc, char **argv)
{
    struct replay_options o;
    struct error err;
    host_process_begin();
    if (!replay_options_parse(&o, argc, argv, &err))
        return !print_error(NULL, err.text);
    if (o.help)
        replay_print_help(stdout);
    else if (o.man)
        replay_print_man(stdout);
    else if (o.version)
        printf("riscreen-gpu-replay %s\n", RISCREEN_VERSION);
    if (o.help || o.man || o.version)
        return 0;
    FILE *f = host_file_open(o.path, &err);
    if (!f)
        return !print_error(o.path, err.text);
    int status = run_all(&o, f);
    fclose(f);
    return status;
}
