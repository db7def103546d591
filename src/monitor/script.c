/* SPDX-License-Identifier: MIT */
#include "monitor/script.h"

#include "display/display.h"
#include "host/clock.h"
#include "host/file.h"
#include "host/thread.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_STEPS 100000
#define GRACE     (NS_PER_SEC / 2) /* for what is being saved when the machine has ended */
#define NO_FILE   (-1)

const char script_help[] =
    "  wait-screen PICTURE [tolerance=N] [region=WxH+X+Y] [timeout=60] [head=N] [cursor=on]\n"
    "                           until the screen shows it; transparent pixels do not matter\n"
    "  wait-serial REGEX [timeout=60]  until the console says it\n"
    "  wait-shutdown [timeout=60]      until the machine ends\n"
    "  type \"TEXT\\n\"            on a US keyboard\n"
    "  type-serial \"TEXT\\n\"     into the console\n"
    "  key CHORD                as in ctrl-alt-f2, ret, super\n"
    "  move X Y [head=N]        the pointer, in pixels\n"
    "  click X Y [button=left] [head=N]\n"
    "  wheel N                  up is positive\n"
    "  snap FILE [cursor=on] [head=N]  saves the screen as PNG (or .ppm)\n"
    "  sleep SECONDS\n"
    "  powerdown, reset         the machine's buttons\n"
    "  quit [STATUS]            ends riscreen\n"
    "  # a comment\n";

/* --- sleeping and failing --- */

bool script_fail(struct step *step, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    free(step->message);
    if (vasprintf(&step->message, fmt, ap) < 0)
        step->message = NULL;
    va_end(ap);
    return false;
}

bool script_ended(struct script *s)
{
    pthread_mutex_lock(&s->lock);
    bool ending = s->ending;
    pthread_mutex_unlock(&s->lock);
    return ending;
}

bool script_wait(struct script *s, bool *flag, uint64_t deadline_ns)
{
    bool in_time = true;
    pthread_mutex_lock(&s->lock);
    while (!*flag && !s->ending && in_time)
        in_time = host_cond_wait_until(&s->cond, &s->lock, deadline_ns);
    bool raised = *flag;
    *flag = false;
    pthread_mutex_unlock(&s->lock);
    return raised;
}

bool script_sleep(struct script *s, uint64_t ns)
{
    bool never = false;
    script_wait(s, &never, host_now_ns() + ns);
    return !script_ended(s);
}

static void signal_flag(struct script *s, bool *flag)
{
    pthread_mutex_lock(&s->lock);
    *flag = true;
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
}

static void on_screen(void *ctx)
{
    struct script *s = ctx;
    signal_flag(s, &s->screen_changed);
}

/* --- the thread --- */

static void run_step(struct script *s, struct step *step)
{
    uint64_t begin = host_now_ns();
    bool ok = step->type->after_end || !script_ended(s);
    if (!ok)
        script_fail(step, "the machine ended before this line");
    else
        ok = step->type->run(s, step);
    if (script_panicked(s))
        ok = script_fail_panicked(s, step);
    step->took_ns = host_now_ns() - begin;
    step->result = ok ? STEP_PASSED : STEP_FAILED;
    if (ok)
        return;
    s->failed = true;
    log_warn(s->config.log, "%s:%u: %s: %s", s->config.path, step->line, step->text,
             step->message ? step->message : "failed");
    script_say_detail(s, step);
    if (script_panicked(s))
        machine_quit(s->machine, MACHINE_STATUS_PANIC, CAUSE_GUEST_PANIC);
    else
        machine_quit(s->machine, 1, CAUSE_HOST_ERROR);
}

static void *script_main(void *arg)
{
    struct script *s = arg;
    for (unsigned i = 0; i < s->count && !s->failed && s->quit_status < 0; i++)
        run_step(s, &s->steps[i]);
    s->done = !s->failed;
    return NULL;
}

bool script_start(struct script *s, struct machine *m, struct error *err)
{
    s->machine = m;
    s->display = machine_has_screen(m) ? machine_display(m) : NULL;
    s->input = machine_input(m);
    s->started_wall_ns = host_wall_ns();
    if (s->display && !(s->viewer = display_attach(s->display, on_screen, s)))
        return error_no_memory(err);
    int error = host_thread_start(&s->thread, "script", script_main, s);
    if (error) {
        error_set(err, "the script's thread cannot start: %s", strerror(error));
        if (s->viewer)
            display_detach(s->viewer);
        s->viewer = NULL;
        return false;
    }
    s->started = true;
    script_watch_panic(s);
    return true;
}

/* True if the machine's exit status is to be kept although the script failed: it names a reset, a
 * panic or the time-out. */
static bool keeps_status(struct script *s, int status)
{
    return status == MACHINE_STATUS_RESET || status == MACHINE_STATUS_PANIC ||
           status == MACHINE_STATUS_TIMEOUT || (status && script_panicked(s));
}

int script_finish(struct script *s, int status)
{
    if (!s || !s->started)
        return status;
    atomic_store(&s->save_until, host_now_ns() + GRACE);
    signal_flag(s, &s->ending);
    pthread_join(s->thread, NULL);
    s->started = false;
    if (s->viewer)
        display_detach(s->viewer);
    s->viewer = NULL;
    int error = s->config.junit ? script_write_junit(s, s->junit) : 0;
    s->junit = NO_FILE;
    if (error)
        log_warn(s->config.log, "the report '%s' cannot be written: %s", s->config.junit,
                 host_file_why(error));
    if (s->failed || error)
        return s->failed && keeps_status(s, status) ? status : 1;
    return s->quit_status > 0 ? s->quit_status : status;
}

/* --- reading --- */

static bool add_step(struct script *s, unsigned line, const char *text, struct word *words, int n,
                     struct error *err)
{
    if (s->count == MAX_STEPS)
        return error_set(err, "a script has at most %d lines", MAX_STEPS);
    if ((s->count & (s->count - 1)) == 0) {
        struct step *grown = realloc(s->steps, MAX(2 * s->count, 8) * sizeof(*grown));
        if (!grown)
            return error_no_memory(err);
        s->steps = grown;
    }
    struct step *step = &s->steps[s->count++];
    *step = (struct step){.line = line, .text = strdup(text + strspn(text, " \t"))};
    if (!step->text)
        return error_no_memory(err);
    step->text[strcspn(step->text, "\r\n")] = 0;
    return script_parse_step(s, step, words, n, err);
}

static bool read_line(struct script *s, unsigned line, const char *text, struct error *err)
{
    struct word words[SCRIPT_MAX_WORDS];
    int n = script_split(text, words, err);
    bool ok = n == 0 || (n > 0 && add_step(s, line, text, words, n, err));
    if (n > 0)
        script_free_words(words, n);
    if (!ok)
        error_set(err, "%s:%u: %s", s->config.path, line, err->text);
    return ok;
}

/* text: `size` bytes and a NUL behind them; newlines in it are overwritten. */
static bool read_lines(struct script *s, char *text, size_t size, struct error *err)
{
    const char *end = text + size;
    bool ok = true;
    for (unsigned line = 1; ok && text < end; line++) {
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *stop = newline ? newline : text + (end - text);
        *stop = 0;
        ok = read_line(s, line, text, err);
        text = stop + 1;
    }
    return ok;
}

static bool read_script(struct script *s, struct error *err)
{
    const char *path = s->config.path;
    const char *slash = strrchr(path, '/');
    struct host_bytes file;
    s->folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("");
    if (!s->folder)
        return error_no_memory(err);
    if (host_file_read(&file, path, SCRIPT_MAX_BYTES, false, err))
        return error_set(err, "the script '%s' cannot be read: %s; give another file", path,
                         err->text);
    bool ok = !memchr(file.data, 0, file.size);
    if (ok)
        ok = read_lines(s, (char *)file.data, file.size, err);
    else
        error_set(err, "the script '%s' is no text, it has a NUL byte; give another file", path);
    host_bytes_free(&file);
    return ok;
}

/* Checks before the start that the report and the pictures of failures can be written. */
static bool open_outputs(struct script *s, struct error *err)
{
    const char *out = s->config.out_dir;
    if (out && access(out, W_OK | X_OK))
        return error_set(err, "--script-out '%s' is no folder to write to: %s", out,
                         strerror(errno));
    /* kept open: the reader of a pipe would take a second opening for another report */
    s->junit = s->config.junit ? host_file_open_write(s->config.junit) : NO_FILE;
    if (s->config.junit && s->junit < 0)
        return error_set(err, "--junit '%s' cannot be written: %s; give another path",
                         s->config.junit, host_file_why(errno));
    return true;
}

struct script *script_create(const struct script_config *config, struct error *err)
{
    struct script *s = calloc(1, sizeof(*s));
    if (!s) {
        error_no_memory(err);
        return NULL;
    }
    s->config = *config;
    s->quit_status = -1;
    s->save_until = HOST_FOREVER;
    s->junit = NO_FILE;
    pthread_mutex_init(&s->lock, NULL);
    host_cond_init(&s->cond);
    s->console_room = 4096;
    s->console = malloc(s->console_room);
    if (!s->console)
        error_no_memory(err);
    if (!s->console || !read_script(s, err) || !open_outputs(s, err)) {
        script_destroy(s);
        return NULL;
    }
    return s;
}

void script_destroy(struct script *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->count; i++)
        script_free_step(&s->steps[i]);
    if (s->junit >= 0)
        close(s->junit);
    pthread_cond_destroy(&s->cond);
    pthread_mutex_destroy(&s->lock);
    free(s->steps);
    free(s->folder);
    free(s->console);
    free(s);
}
