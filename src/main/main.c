/* SPDX-License-Identifier: MIT */
/*
 * riscreen: a RISC-V computer with a screen. main reads the command line, makes a machine, hangs
 * front-ends, the control socket and a script on it, and waits. The machine has a thread of its
 * own, and so have front-ends; this one belongs to the one with a window, if there is one.
 */
#include "main/config.h"

#include "main/stats.h"

#include "host/clock.h"
#include "host/ending.h"
#include "host/file.h"
#include "host/log_drain.h"
#include "host/loop.h"
#include "host/process.h"
#include "host/signals.h"
#include "host/thread.h"
#include "monitor/monitor.h"
#include "ui/ui.h"

#include <malloc.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct app {
    struct config config;
    struct log *log; /* NULL: not yet */
    struct log_drain *drain;
    struct machine *machine;
    struct monitor *monitor;
    struct script *script;
    struct host_ending *ending;
    struct host_signals *signals;
    struct front_ends *uis;
    struct loop_timer *timeout;
    int status; /* of machine_run */
};

static bool app_fail(struct app *app, const char *err)
{
    log_warn(app->log, "%s", err);
    return false;
}

/* --- what the front-end and the signals ask for --- */

static void ui_powerdown(void *ctx)
{
    struct app *app = ctx;
    machine_powerdown(app->machine);
}

static void ui_quit(void *ctx)
{
    struct app *app = ctx;
    machine_quit(app->machine, 0, CAUSE_HOST_UI);
}

static uint64_t ui_busy(void *ctx)
{
    struct app *app = ctx;
    return cpu_time(machine_cpu(app->machine));
}

static uint64_t ui_instructions(void *ctx)
{
    struct app *app = ctx;
    return cpu_instructions(machine_cpu(app->machine));
}

static void on_end(void *ctx, int signo)
{
    struct app *app = ctx;
    machine_quit(app->machine, 128 + signo, CAUSE_HOST_SIGNAL);
}

/* What the guest wrote is in the host's memory already: this is for a power cut that may follow. */
static void on_hard_end(void *ctx)
{
    struct app *app = ctx;
    log_warn(app->log, "riscreen does not end by itself; ended hard");
    machine_flush_disks(app->machine);
}

static void on_stop(void *ctx)
{
    struct app *app = ctx;
    machine_terminal(app->machine, false);
}

static void on_cont(void *ctx)
{
    struct app *app = ctx;
    machine_terminal(app->machine, true);
}

static const struct host_signals_ops signals_ops = {on_stop, on_cont};
static const struct host_ending_ops ending_ops = {on_end, on_hard_end};

static void on_timeout(void *ctx)
{
    struct app *app = ctx;
    log_warn(app->log, "the time that --timeout gives is over");
    machine_quit(app->machine, MACHINE_STATUS_TIMEOUT, CAUSE_HOST_ERROR);
}

/* --- set-up --- */

static bool open_uis(struct app *app)
{
    const struct ui_env env = {
        .display = machine_display(app->machine),
        .input = machine_input(app->machine),
        .log = app->log,
        .name = "riscreen",
        .ctx = app,
        .powerdown = ui_powerdown,
        .quit = ui_quit,
        .busy = ui_busy,
        .instructions = ui_instructions,
        .harts = app->config.machine.harts,
    };
    const struct config *c = &app->config;
    const char *usual = c->machine.gpu.scanouts ? NULL : ui_headless_ops.name;
    struct error err;
    app->uis = front_ends_create(app->log);
    if (!app->uis)
        return app_fail(app, "not enough memory");
    if (!c->shown && !front_ends_add(app->uis, &env, usual, "", &err))
        return app_fail(app, err.text);
    for (const struct config_display *d = c->display; d < c->display + c->displays; d++)
        if (!front_ends_add(app->uis, &env, usual ? usual : d->name, usual ? "" : d->args, &err))
            return app_fail(app, err.text);
    return true;
}

static bool open_script(struct app *app)
{
    const struct script_config config = {app->config.script, app->config.script_out,
                                         app->config.junit, app->log};
    struct error err;
    if (!app->config.script)
        return true;
    app->script = script_create(&config, &err);
    if (!app->script)
        return app_fail(app, err.text);
    app->config.machine.console_out = script_console_out;
    app->config.machine.console_ctx = app->script;
    return true;
}

static bool open_machine(struct app *app)
{
    struct error err;
    app->log = log_create(app->config.log, NULL);
    if (!app->log)
        return app_fail(app, ERROR_NO_MEMORY);
    app->config.machine.log = app->log;
    if (!open_script(app))
        return false;
    app->machine = machine_create(&app->config.machine, &err);
    if (!app->machine)
        return app_fail(app, err.text);
    app->drain = log_drain_create(machine_loop(app->machine), app->log);
    return true;
}

static bool set_timeout(struct app *app)
{
    if (!app->config.timeout)
        return true;
    app->timeout = loop_timer_add(machine_loop(app->machine), on_timeout, app);
    if (!app->timeout)
        return app_fail(app, ERROR_NO_MEMORY);
    loop_timer_set(app->timeout, host_now_ns() + app->config.timeout * NS_PER_SEC);
    return true;
}

static bool open_control(struct app *app)
{
    const char *address = app->config.monitor;
    struct error err;
    if (!set_timeout(app))
        return false;
    app->signals = host_signals_watch(machine_loop(app->machine), &signals_ops, app);
    if (!app->signals)
        return app_fail(app, "no file descriptors left; raise the limit (ulimit -n)");
    if (address && !(app->monitor = monitor_create(app->machine, address, app->log, &err)))
        return app_fail(app, err.text);
    if (!open_uis(app))
        return false;
    return !app->script || script_start(app->script, app->machine, &err) || app_fail(app, err.text);
}

/* --- running --- */

static void *machine_main(void *arg)
{
    struct app *app = arg;
    app->status = machine_run(app->machine);
    if (app->config.stats)
        stats_print(app->machine, app->log);
    front_ends_stop(app->uis);
    return NULL;
}

/* Returns the exit status. */
static int app_run(struct app *app)
{
    pthread_t thread;
    host_ending_serve(app->ending, &ending_ops, app);
    if (!front_ends_start(app->uis) || host_thread_start(&thread, "machine", machine_main, app)) {
        app_fail(app, "the host starts no more threads; end other programs");
        app->status = 1;
    } else {
        front_ends_run(app->uis);
        pthread_join(thread, NULL);
    }
    return app->script ? script_finish(app->script, app->status) : app->status;
}

static int dump_dtb(struct app *app)
{
    const char *path = app->config.dumpdtb;
    size_t size;
    void *dtb = machine_dtb(app->machine, &size);
    FILE *f = dtb ? host_file_create(path) : NULL;
    bool ok = f && fwrite(dtb, 1, size, f) == size;
    ok = f && !fclose(f) && ok;
    if (!ok)
        log_warn(app->log, "%s: cannot write the device tree: %s; give another path", path,
                 host_file_why(errno));
    free(dtb);
    return !ok;
}

static void app_finish(struct app *app)
{
    front_ends_destroy(app->uis);
    if (app->ending)
        host_ending_serve(app->ending, NULL, NULL);
    monitor_destroy(app->monitor);
    host_signals_unwatch(app->signals);
    loop_timer_remove(app->timeout);
    log_drain_destroy(app->drain);
    machine_destroy(app->machine);
    script_destroy(app->script);
    log_destroy(app->log);
    config_finish(&app->config);
}

/* What was compiled in depends on the libraries that were there. */
static void print_version(void)
{
    printf("riscreen %s\ndisplays:", RISCREEN_VERSION);
    for (unsigned i = 0; ui_list[i]; i++)
        printf(" %s", ui_list[i]->name);
    const char *lacks = machine_translator_lacks();
    printf("\ntranslator: %s%s%s\n", lacks ? "none (this processor lacks " : "x86-64",
           lacks ? lacks : "", lacks ? ": guests are interpreted)" : "");
}

/* Options that only print something; false: there are none. */
static bool print_about(const struct config *c)
{
    if (c->help)
        config_print_help(stdout);
    else if (c->man)
        config_print_man(stdout);
    else if (c->version)
        print_version();
    return c->help || c->man || c->version;
}

int main(int argc, char **argv)
{
    struct app app = {0};
    struct error err;
    int status = 1;
    host_process_begin();
    host_signals_block();
    app.ending = host_ending_create();
    mallopt(M_MMAP_THRESHOLD, 1 << 20); /* images that were loaded go back to the host at once */
    if (!app.ending)
        app_fail(&app, "the host starts no more threads; end other programs");
    else if (!config_parse(&app.config, argc, argv, &err))
        app_fail(&app, err.text);
    else if (print_about(&app.config))
        status = 0;
    else if (open_machine(&app) && app.config.dumpdtb)
        status = dump_dtb(&app);
    else if (app.machine && open_control(&app))
        status = app_run(&app);
    app_finish(&app);
    return status;
}
