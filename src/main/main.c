/* SPDX-License-Identifier: MIT */
/*
 * riscreen: a RISC-V computer with a screen. main reads the command line, makes a machine, hangs a
 * front-end, the control socket and a script on it, and waits. The machine has a thread of its own;
 * this one belongs to the front-end's window.
 */
#include "main/config.h"

#include "host/signals.h"
#include "host/thread.h"
#include "monitor/monitor.h"
#include "ui/ui.h"

#include <malloc.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE 512 /* of an error message */

struct app {
    struct config config;
    struct log *log;
    struct machine *machine;
    struct monitor *monitor;
    struct script *script;
    struct host_signals *signals;
    const struct ui_ops *ui_ops;
    struct ui *ui;
    int status; /* of machine_run */
};

static bool fail(const char *err)
{
    fprintf(stderr, "riscreen: %s\n", err);
    return false;
}

/* --- what the front-end and the signals ask for ----------------------------------------------- */

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

static void on_signal(void *ctx, int signo)
{
    struct app *app = ctx;
    machine_quit(app->machine, 128 + signo, CAUSE_HOST_SIGNAL);
}

/* --- set-up ------------------------------------------------------------------------------------
 */

static bool open_ui(struct app *app)
{
    const struct ui_env env = {
        .display = machine_display(app->machine),
        .input = machine_input(app->machine),
        .log = app->log,
        .name = "riscreen",
        .ctx = app,
        .powerdown = ui_powerdown,
        .quit = ui_quit,
    };
    const char *want = app->config.machine.scanouts ? app->config.display : "none";
    char err[LINE];
    for (unsigned i = 0; ui_list[i]; i++) {
        app->ui_ops = ui_list[i];
        if (want ? strcmp(want, app->ui_ops->name) && app->ui_ops != &ui_headless_ops
                 : app->ui_ops->by_name)
            continue;
        const char *args = want && !strcmp(want, app->ui_ops->name) ? app->config.display_args : "";
        app->ui = app->ui_ops->create(&env, args, err, sizeof(err));
        if (app->ui)
            return true;
        if (app->ui_ops->by_name)
            return fail(err);
        log_warn(app->log, "%s%s", err,
                 app->ui_ops == &ui_headless_ops ? "" : "; going on without a window");
    }
    return false;
}

static bool open_script(struct app *app)
{
    const struct script_config config = {app->config.script, app->config.script_out,
                                         app->config.junit, app->log};
    char err[LINE];
    if (!app->config.script)
        return true;
    app->script = script_create(&config, err, sizeof(err));
    if (!app->script)
        return fail(err);
    app->config.machine.console_out = script_console_out;
    app->config.machine.console_ctx = app->script;
    return true;
}

static bool open_machine(struct app *app)
{
    char err[LINE];
    app->log = log_create(app->config.log, NULL);
    if (!app->log)
        return fail("not enough memory");
    app->config.machine.log = app->log;
    if (!open_script(app))
        return false;
    app->machine = machine_create(&app->config.machine, err, sizeof(err));
    return app->machine || fail(err);
}

static bool open_control(struct app *app)
{
    const char *address = app->config.monitor;
    char err[LINE];
    app->signals = host_signals_watch(machine_loop(app->machine), on_signal, app);
    if (!app->signals)
        return fail("no file descriptors left; raise the limit (ulimit -n)");
    if (address &&
        !(app->monitor = monitor_create(app->machine, address, app->log, err, sizeof(err))))
        return fail(err);
    if (!open_ui(app))
        return false;
    return !app->script || script_start(app->script, app->machine, err, sizeof(err)) || fail(err);
}

/* --- running -----------------------------------------------------------------------------------
 */

static void *machine_main(void *arg)
{
    struct app *app = arg;
    app->status = machine_run(app->machine);
    app->ui_ops->stop(app->ui);
    return NULL;
}

static bool run(struct app *app)
{
    pthread_t thread;
    if (host_thread_start(&thread, "machine", machine_main, app))
        return fail("the host starts no more threads; end other programs");
    app->ui_ops->run(app->ui);
    pthread_join(thread, NULL);
    return true;
}

static int dump_dtb(struct app *app)
{
    const char *path = app->config.dumpdtb;
    size_t size;
    void *dtb = machine_dtb(app->machine, &size);
    FILE *f = dtb ? fopen(path, "wb") : NULL;
    bool ok = f && fwrite(dtb, 1, size, f) == size;
    ok = f && !fclose(f) && ok;
    if (!ok)
        fprintf(stderr, "riscreen: %s: cannot write the device tree: %s; give another path\n", path,
                strerror(errno));
    free(dtb);
    return !ok;
}

static void finish(struct app *app)
{
    if (app->ui)
        app->ui_ops->destroy(app->ui);
    monitor_destroy(app->monitor);
    host_signals_unwatch(app->signals);
    machine_destroy(app->machine);
    script_destroy(app->script);
    log_destroy(app->log);
    config_finish(&app->config);
}

/* Options that only print something; false: there are none. */
static bool print_about(const struct config *c)
{
    if (c->help)
        config_print_help(stdout);
    else if (c->man)
        config_print_man(stdout);
    else if (c->version)
        printf("riscreen %s\n", RISCREEN_VERSION);
    return c->help || c->man || c->version;
}

int main(int argc, char **argv)
{
    struct app app = {0};
    char err[LINE];
    int status = 1;
    host_signals_block();
    mallopt(M_MMAP_THRESHOLD, 1 << 20); /* images that were loaded go back to the host at once */
    if (!config_parse(&app.config, argc, argv, err, sizeof(err)))
        fail(err);
    else if (print_about(&app.config))
        status = 0;
    else if (open_machine(&app) && app.config.dumpdtb)
        status = dump_dtb(&app);
    else if (app.machine && open_control(&app) && run(&app))
        status = app.script ? script_finish(app.script, app.status) : app.status;
    finish(&app);
    return status;
}
