/* SPDX-License-Identifier: MIT */
/*
 * Front-ends: whatever shows the screen to someone, or keeps it. Each attaches to the display as a
 * viewer of its own, feeds the input hub, and asks the machine for power actions through the
 * callbacks below, so that ui needs to know no machine, and one front-end needs to know no other.
 *
 * Several can be open at once, the same kind too: a window, VNC on two addresses, a recording. A
 * set (below) holds those that are open. One of them may need the main thread, which window systems
 * insist on; every other runs on a thread of its own. Their lives:
 *
 *     ui_set_add      creates one, on the main thread. What the user did wrong is said here, before
 *                     anything runs; what must be claimed (a port, a file, a window) is claimed
 * here ui_set_start    threads begin for all that do not need the main one ui_set_run      the main
 * thread, until ui_set_stop; then all have ended ui_set_destroy  each leaves the display and
 * finishes what it writes, on the main thread
 *
 * A front-end's run() returns only after its stop(). One that loses its own ground (the X server
 * went away) asks for the machine's end with quit(), or says so once and waits for its stop.
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
    /* Processor time that all harts used so far, ns; NULL: nobody knows. */
    uint64_t (*busy)(void *ctx);
    unsigned harts;
};

struct ui;
struct ui_ops {
    const char *name; /* as in --display NAME */
    const char *help;
    bool by_name;     /* never chosen unless named; if it cannot open then, nothing else will do */
    bool main_thread; /* run needs the main thread: one of these at a time */
    /* May be NULL. args: what follows NAME, or "". False with one line in err: the user is wrong.
     */
    bool (*check)(const char *args, char *err, size_t err_size);
    /* args: as above; NULL with one line in err: cannot be opened. Main thread. */
    struct ui *(*create)(const struct ui_env *env, const char *args, char *err, size_t err_size);
    /* Runs the front-end until stop; on the main thread if it needs it, else on any other. */
    void (*run)(struct ui *ui);
    void (*stop)(struct ui *ui); /* any thread: makes run return soon; sticky */
    /* Main thread, not while run runs; it may never have run. NULL is fine. */
    void (*destroy)(struct ui *ui);
};

extern const struct ui_ops ui_sdl_ops;      /* compiled in if SDL2 is there */
extern const struct ui_ops ui_vnc_ops;      /* compiled in if libvncserver is there */
extern const struct ui_ops ui_web_ops;      /* the same */
extern const struct ui_ops ui_record_ops;   /* always; --record ARGS */
extern const struct ui_ops ui_headless_ops; /* always */
/* NULL-terminated; the list is made by meson from what was found. First is the default. */
extern const struct ui_ops *const ui_list[];

#define UI_SET_MAX 16 /* front-ends open at once */

struct ui_set;
struct ui_set *ui_set_create(struct log *log); /* empty; NULL: out of memory */
/*
 * Opens one more. name: one of ui_list, or NULL for the best that opens; then a window that cannot
 * open is told to the log, and none is opened instead. false with one line in err: the user is to
 * know, and nothing may start.
 */
bool ui_set_add(struct ui_set *set, const struct ui_env *env, const char *name, const char *args,
                char *err, size_t err_size);
bool ui_set_start(struct ui_set *set); /* false: the host starts no more threads */
void ui_set_run(struct ui_set *set);   /* main thread, after start */
void ui_set_stop(struct ui_set *set);  /* any thread, also before run; sticky */
void ui_set_destroy(struct ui_set *set);

#endif
