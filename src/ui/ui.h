/* SPDX-License-Identifier: MIT */
/*
 * Front-ends. Each attaches to the display as a viewer, feeds the input hub, and asks the machine
 * for power actions through the callbacks below, so that ui needs to know no machine. A front-end
 * that cannot open (no X server, no such library) says why and the caller falls back to headless.
 */
#ifndef UI_UI_H
#define UI_UI_H

#include "base/log.h"
#include "display/display.h"
#include "display/input.h"
#include "ui/picture.h"

struct ui_env {
    struct display *display;
    struct input_hub *input;
    struct log *log;
    const char *name;             /* of the window */
    void *ctx;                    /* for the callbacks; any thread */
    void (*powerdown)(void *ctx); /* window closed once: press the power button */
    void (*quit)(void *ctx);      /* closed again, or the display went away: end now */
};

struct ui;
struct ui_ops {
    const char *name; /* as in --display NAME */
    const char *help;
    bool by_name; /* never chosen unless named; if it cannot open then, nothing else will do */
    /* args: what follows NAME, or ""; NULL with one line in err: cannot be opened. Main thread. */
    struct ui *(*create)(const struct ui_env *env, const char *args, char *err, size_t err_size);
    /* Runs the front-end on the main thread until ui_stop. */
    void (*run)(struct ui *ui);
    void (*stop)(struct ui *ui); /* any thread: makes run return soon; sticky */
    void (*destroy)(struct ui *ui);
};

extern const struct ui_ops ui_sdl_ops;      /* compiled in if SDL2 is there */
extern const struct ui_ops ui_vnc_ops;      /* compiled in if libvncserver is there */
extern const struct ui_ops ui_headless_ops; /* always */
/* NULL-terminated; the list is made by meson from what was found. First is the default. */
extern const struct ui_ops *const ui_list[];

#endif
