/* SPDX-License-Identifier: MIT */
/*
 * A front-end shows the screen to somebody or records it. Each attaches to the display as a viewer,
 * sends keys and pointer events to the input hub, and asks for power actions through the callbacks
 * of struct ui_env. So ui includes nothing of the machine, and no front-end depends on another.
 *
 * Several can be open at once, also several of one kind: a window, VNC on two addresses, a
 * recording. struct front_ends holds those that are open. At most one of them may need the main
 * thread, as window systems do; each of the others runs on a thread of its own. The order of calls:
 *
 *     front_ends_add      main thread: creates one front-end and claims what it needs (a port, a
 *                         file, a window). The user's mistakes are reported here, before the
 *                         machine runs.
 *     front_ends_start    starts a thread for each front-end that does not need the main thread
 *     front_ends_run      main thread: returns after front_ends_stop, when all threads have ended
 *     front_ends_destroy  main thread: each front-end detaches from the display and completes the
 *                         files that it writes
 *
 * A front-end's run() returns only after its stop(). One that cannot go on (its X server ended)
 * asks for the end of the machine with quit(), or logs that once, and waits for stop().
 */
#ifndef UI_UI_H
#define UI_UI_H

#include "base/error.h"
#include "base/log.h"
#include "display/display.h"
#include "display/input.h"
#include "ui/picture.h"

struct ui_env {
    struct display *display;
    struct input_hub *input;
    struct log *log;
    const char *name;             /* of the machine: the window's title begins with it */
    void *ctx;                    /* for the callbacks, which any thread may call */
    void (*powerdown)(void *ctx); /* the window was closed once: presses the power button */
    void (*quit)(void *ctx);      /* closed again, or the window system ended: ends the machine */
    /* Processor time that all harts have used, ns. NULL: not available. */
    uint64_t (*busy)(void *ctx);
    uint64_t (*instructions)(void *ctx); /* that all harts have retired; NULL: not available */
    unsigned harts;
};

struct ui;
struct ui_ops {
    const char *name; /* as in --display NAME */
    const char *help;
    bool by_name;     /* opened only if the user names it, and then no other is opened instead */
    bool main_thread; /* run needs the main thread: at most one of these is open */
    /* Checks args, the text that follows NAME, or "". Returns false with one line in err if the
     * user made a mistake. May be NULL. */
    bool (*check)(const char *args, struct error *err);
    /* Main thread. args: as above. Returns NULL with one line in err if it cannot be opened. */
    struct ui *(*create)(const struct ui_env *env, const char *args, struct error *err);
    /* Runs the front-end until stop. On the main thread if main_thread is set, else on any
     * other. */
    void (*run)(struct ui *ui);
    /* Makes run return soon, also if it is called later. Any thread. */
    void (*stop)(struct ui *ui);
    /* Main thread, while run does not run; run may never have been called. NULL is fine. */
    void (*destroy)(struct ui *ui);
};

extern const struct ui_ops ui_sdl_ops;      /* in builds with SDL2 */
extern const struct ui_ops ui_vnc_ops;      /* in builds with libvncserver */
extern const struct ui_ops ui_web_ops;      /* in builds with libvncserver */
extern const struct ui_ops ui_record_ops;   /* always; --record ARGS */
extern const struct ui_ops ui_headless_ops; /* always */
/* The front-ends of this build, NULL-terminated; made by meson. The first is the default. */
extern const struct ui_ops *const ui_list[];

#define FRONT_ENDS_MAX 16 /* open at once */

struct front_ends;
struct front_ends *front_ends_create(struct log *log); /* none is open yet; NULL: out of memory */
/*
 * Opens one more. name: one of ui_list; or NULL for the first in the list that opens, when one that
 * cannot open is logged and the next is tried. Returns false with one line in err, for the user,
 * if none was opened: the program must end.
 */
bool front_ends_add(struct front_ends *set, const struct ui_env *env, const char *name,
                    const char *args, struct error *err);
bool front_ends_start(struct front_ends *set); /* false: a thread could not be started */
void front_ends_run(struct front_ends *set);   /* main thread, after start */
void front_ends_stop(struct front_ends *set); /* any thread; if called first, run returns at once */
void front_ends_destroy(struct front_ends *set); /* NULL is fine */

#endif
