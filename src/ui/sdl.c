/* SPDX-License-Identifier: MIT */
/*
 * The SDL front-end: a window for each connected head. The main thread blocks until SDL has an
 * event; the GPU's thread wakes it with one user event, however often it flushes. Nothing is
 * polled: only SDL's video is initialised, since its joysticks would make the wait poll, and the
 * wait has a time limit only while something is due (sdl_window.h). All events that have arrived
 * are handled first, then each window is drawn once if its content changed.
 */
#include "ui/ui.h"

#include "base/parse.h"
#include "host/clock.h"
#include "host/file.h"
#include "host/thread.h"
#include "ui/sdl_input.h"
#include "ui/sdl_status.h"
#include "ui/sdl_window.h"
#include "ui/sdl_x11.h"
#include "ui/type_text.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct ui {
    struct sdl_env env;
    bool video; /* SDL's video was initialised */
    struct sdl_window *window[DISPLAY_MAX_HEADS];
    bool refused[DISPLAY_MAX_HEADS]; /* the head's window could not be opened */
    struct sdl_input input;
    struct type_text typing;
    struct sdl_status status;
    struct input_watch *watch;
    Uint32 wake_event;
    unsigned closes; /* how often the last window was closed */
    struct sdl_x11 x11;
    struct host_wakeup stopped; /* raised by stop, for when SDL can no longer wait */
    /* any thread */
    atomic_bool woken; /* a wake event was sent and has not been handled */
    atomic_bool stopping;
};

/* --- waking, from any thread --- */

static bool wake_main_thread(struct ui *ui)
{
    SDL_Event event = {.type = ui->wake_event};
    if (!ui->x11.on)
        return ui->env.sdl.PushEvent(&event) > 0;
    sdl_x11_wake(&ui->x11);
    return true;
}

/* The display has something new, or the guest set LEDs or read its keys. */
static void on_update(void *ctx)
{
    struct ui *ui = ctx;
    if (!atomic_exchange(&ui->woken, true) && !wake_main_thread(ui))
        atomic_store(&ui->woken, false);
}

static void sdl_stop(struct ui *ui)
{
    atomic_store(&ui->stopping, true);
    host_wakeup_raise(&ui->stopped);
    wake_main_thread(ui);
}

/* --- windows --- */

static unsigned count_windows(const struct ui *ui)
{
    unsigned n = 0;
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        n += ui->window[i] != NULL;
    return n;
}

/* Names the guest's keyboard LEDs that are on. SDL cannot set those of the host's keyboard. */
static void led_text(const struct ui *ui, char *text, size_t size)
{
    unsigned leds = input_leds(ui->env.ui.input);
    text[0] = 0;
    if (leds & (1 << LED_NUML | 1 << LED_CAPSL | 1 << LED_SCROLLL))
        snprintf(text, size, " [%s%s%s ]", leds >> LED_NUML & 1 ? " Num" : "",
                 leds >> LED_CAPSL & 1 ? " Caps" : "", leds >> LED_SCROLLL & 1 ? " Scroll" : "");
}

static void update_title(struct ui *ui, struct sdl_window *w)
{
    const char *hint = "Ctrl+Alt+G grabs the pointer";
    char title[sizeof(w->title)], number[16] = "", lights[32], status[64];
    if (ui->status.on)
        sdl_status_text(&ui->status, w->head, status, sizeof(status));
    if (ui->closes)
        hint = "power button pressed; close again to end at once";
    else if (ui->input.grab == w)
        hint = "Ctrl+Alt+G releases the pointer";
    else if (ui->typing.text)
        hint = "typing the clipboard; Ctrl+Alt+V stops it";
    else if (ui->status.on)
        hint = status;
    led_text(ui, lights, sizeof(lights));
    if (w->head || count_windows(ui) > 1)
        snprintf(number, sizeof(number), " %u", w->head + 1);
    snprintf(title, sizeof(title), "%s%s%s%s - %s", ui->env.ui.name, number,
             w->screen.state.active ? "" : " (no picture)", lights, hint);
    sdl_window_set_title(w, title);
}

static void update_titles(struct ui *ui)
{
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        if (ui->window[i])
            update_title(ui, ui->window[i]);
}

static void close_window(struct ui *ui, unsigned head)
{
    struct sdl_window *w = ui->window[head];
    if (w && ui->input.grab == w)
        sdl_input_grab(&ui->input, NULL);
    ui->window[head] = NULL;
    sdl_window_destroy(w);
}

/* Opens a window for each head that was plugged and closes those of unplugged heads, but not the
 * last window: with none the user could not end the program. */
static void follow_hotplug(struct ui *ui)
{
    struct head_mode preferred[DISPLAY_MAX_HEADS];
    display_preferred_all(ui->env.ui.display, preferred);
    for (unsigned i = 0; i < display_heads(ui->env.ui.display); i++) {
        if (!preferred[i].connected || ui->window[i] || ui->refused[i])
            continue;
        ui->window[i] = sdl_window_create(&ui->env, i);
        ui->refused[i] = !ui->window[i];
        if (ui->refused[i])
            log_warn(ui->env.ui.log, "no window for scanout %u: %s", i, ui->env.sdl.GetError());
    }
    for (unsigned i = 0; i < display_heads(ui->env.ui.display); i++) {
        if (!preferred[i].connected)
            ui->refused[i] = false;
        if (!preferred[i].connected && ui->window[i] && count_windows(ui) > 1)
            close_window(ui, i);
    }
}

static struct sdl_window *find_window(const struct ui *ui, uint32_t id)
{
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        if (ui->window[i] && sdl_window_id(ui->window[i]) == id)
            return ui->window[i];
    return NULL;
}

static void update_window(struct ui *ui, struct sdl_window *w, uint64_t now)
{
    bool cursor = w->screen.cursor;
    sdl_window_update(w, now);
    if (cursor != !!w->screen.cursor && ui->env.sdl.GetMouseFocus() == w->window) {
        int x, y;
        ui->env.sdl.GetMouseState(&x, &y);
        sdl_input_host_cursor(&ui->input, w, x, y);
    }
    update_title(ui, w);
}

/* --- hot keys --- */

static void toggle_grab(struct ui *ui, struct sdl_window *w)
{
    sdl_input_grab(&ui->input, ui->input.grab ? NULL : w);
    update_titles(ui);
}

/* Makes the full path of a new file in the working directory, named after the time. False: all such
 * names are taken. */
static bool make_screenshot_name(char *path, size_t size)
{
    char dir[3072], stamp[32];
    time_t now = time(NULL);
    struct tm tm;
    if (!getcwd(dir, sizeof(dir)))
        snprintf(dir, sizeof(dir), ".");
    strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
    snprintf(path, size, "%s/riscreen-%s.png", dir, stamp);
    for (unsigned i = 2; !access(path, F_OK) && i < 100; i++)
        snprintf(path, size, "%s/riscreen-%s-%u.png", dir, stamp, i);
    return access(path, F_OK) != 0;
}

static void save_screenshot(struct ui *ui, const struct sdl_window *w)
{
    char path[4096];
    const _Atomic uint64_t until =
        host_now_ns() + 2 * NS_PER_SEC; /* the windows are not drawn while it saves */
    struct picture *pic = display_snapshot(ui->env.ui.display, w->head, true);
    int err = !pic ? ENOMEM : !make_screenshot_name(path, sizeof(path)) ? EEXIST : 0;
    if (!err)
        err = ui_save_until(pic, path, UI_PICTURE_PNG, &until);
    if (err)
        log_warn(ui->env.ui.log, "the screenshot could not be saved: %s", host_file_why(err));
    else
        log_warn(ui->env.ui.log, "screenshot saved to %s", path);
    picture_destroy(pic);
}

static void toggle_paste(struct ui *ui)
{
    if (ui->typing.text) {
        type_text_finish(&ui->typing);
        return;
    }
    char *text = ui->env.sdl.GetClipboardText();
    sdl_input_release(&ui->input); /* Ctrl and Alt are still held */
    if (text && *text)
        type_text_start(&ui->typing, text);
    else
        log_warn(ui->env.ui.log, "there is no text in the clipboard to type");
    ui->env.sdl.free(text);
}

/* Carries out Ctrl+Alt+letter; returns whether it did. The letter is what the host's layout has on
 * the key or, in layouts without Latin letters, what a US keyboard has there. */
static bool handle_hot_key(struct ui *ui, struct sdl_window *w, const SDL_KeyboardEvent *key)
{
    if (key->state != SDL_PRESSED || !(key->keysym.mod & KMOD_CTRL) ||
        !(key->keysym.mod & KMOD_ALT))
        return false;
    SDL_Keycode sym = key->keysym.sym;
    if (sym > 0x7f && key->keysym.scancode <= SDL_SCANCODE_Z)
        sym = 'a' + (SDL_Keycode)key->keysym.scancode - SDL_SCANCODE_A;
    if (key->repeat)
        return sym && strchr("fgisv", (int)sym);
    switch (sym) {
    case SDLK_g: toggle_grab(ui, w); return true;
    case SDLK_f: sdl_window_toggle_full(w); return true;
    case SDLK_i: sdl_status_toggle(&ui->status, host_now_ns()); return true;
    case SDLK_s: save_screenshot(ui, w); return true;
    case SDLK_v: toggle_paste(ui); return true;
    default: return false;
    }
}

/* --- events --- */

/* Closing a window unplugs its head; closing the last one presses the power button, and a second
 * time ends the machine. */
static void on_close(struct ui *ui, struct sdl_window *w)
{
    struct head_mode preferred;
    sdl_input_grab(&ui->input, NULL);
    if (count_windows(ui) > 1) {
        display_preferred(ui->env.ui.display, w->head, &preferred);
        preferred.connected = false;
        display_set_preferred(ui->env.ui.display, w->head, &preferred);
    } else if (++ui->closes > 1) {
        ui->env.ui.quit(ui->env.ui.ctx);
    } else {
        ui->env.ui.powerdown(ui->env.ui.ctx);
    }
}

static void on_window(struct ui *ui, struct sdl_window *w, const SDL_WindowEvent *e)
{
    sdl_window_event(w, e);
    if (e->event == SDL_WINDOWEVENT_FOCUS_LOST) {
        sdl_input_grab(&ui->input, NULL);
        sdl_input_release(&ui->input);
    } else if (e->event == SDL_WINDOWEVENT_ENTER) {
        SDL_MouseMotionEvent m = {0}; /* SDL sends no motion with it */
        ui->env.sdl.GetMouseState(&m.x, &m.y);
        sdl_input_motion(&ui->input, w, &m);
    } else if (e->event == SDL_WINDOWEVENT_CLOSE) {
        on_close(ui, w);
    }
}

static void on_window_event(struct ui *ui, const SDL_Event *e)
{
    struct sdl_window *w =
        find_window(ui, e->window.windowID); /* at the same offset in all of these events */
    if (!w)
        return;
    switch (e->type) {
    case SDL_KEYDOWN:
    case SDL_KEYUP:
        if (!handle_hot_key(ui, w, &e->key))
            sdl_input_key(&ui->input, &e->key);
        break;
    case SDL_MOUSEMOTION: sdl_input_motion(&ui->input, w, &e->motion); break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP: sdl_input_button(&ui->input, w, &e->button); break;
    case SDL_MOUSEWHEEL: sdl_input_wheel(&ui->input, &e->wheel); break;
    case SDL_WINDOWEVENT: on_window(ui, w, &e->window); break;
    default: break;
    }
}

static void on_finger(struct ui *ui, const SDL_TouchFingerEvent *f)
{
    struct sdl_window *w = find_window(ui, f->windowID);
    if (w)
        sdl_input_finger(&ui->input, w, f);
}

static void restore_windows(struct ui *ui)
{
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        if (ui->window[i])
            sdl_window_restore(ui->window[i]);
}

static void on_event(struct ui *ui, const SDL_Event *e)
{
    switch (e->type) {
    case SDL_FINGERDOWN:
    case SDL_FINGERMOTION:
    case SDL_FINGERUP: on_finger(ui, &e->tfinger); break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET: restore_windows(ui); break;
    case SDL_QUIT: ui->env.ui.quit(ui->env.ui.ctx); break; /* the session or the display ends */
    default: on_window_event(ui, e); break;
    }
}

/* --- running --- */

/* Waits for the next event, or until something is due: then *got is false. Returns false if SDL
 * failed. */
static bool wait_event(struct ui *ui, SDL_Event *event, bool *got)
{
    uint64_t due = ui->typing.due, now = host_now_ns();
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++) {
        if (!ui->window[i])
            continue;
        due = MIN(due, sdl_window_due(ui->window[i]));
        if (!sdl_window_hidden(ui->window[i]))
            due = MIN(due, ui->status.due);
    }
    uint64_t ms = due > now ? (due - now + 999999) / 1000000 : 0;
    int limit = due == HOST_FOREVER ? -1 : (int)MIN(ms, 1000);
    if (ui->x11.on) {
        *got = ui->env.sdl.PollEvent(event);
        if (!*got) {
            sdl_x11_wait(&ui->x11, limit);
            *got = ui->env.sdl.PollEvent(event);
        }
        return true;
    }
    *got = limit < 0 ? ui->env.sdl.WaitEvent(event) : ui->env.sdl.WaitEventTimeout(event, limit);
    return *got || limit >= 0;
}

/* Does what is due and draws what changed. */
static void update_windows(struct ui *ui)
{
    type_text_step(&ui->typing, host_now_ns());
    sdl_status_step(&ui->status, host_now_ns());
    follow_hotplug(ui);
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        if (ui->window[i])
            update_window(ui, ui->window[i], host_now_ns());
}

static void run_windows(void *ctx)
{
    struct ui *ui = ctx;
    SDL_Event event;
    bool got;
    while (!atomic_load(&ui->stopping) && wait_event(ui, &event, &got)) {
        while (got && !atomic_load(&ui->stopping)) {
            on_event(ui, &event);
            got = ui->env.sdl.PollEvent(&event);
        }
        atomic_store(&ui->woken, false);
        update_windows(ui);
    }
}

static void sdl_run(struct ui *ui)
{
    if (sdl_x11_guard(&ui->x11, run_windows, ui))
        return;
    log_warn(ui->env.ui.log, "the X server went away; the machine ends, its disks are flushed");
    input_held_release(&ui->input.held);
    ui->env.ui.quit(ui->env.ui.ctx);
    host_wakeup_wait(&ui->stopped, HOST_FOREVER);
}

/* --- opening and closing --- */

static void set_hints(struct ui *ui)
{
    const struct sdl_api *sdl = &ui->env.sdl;
    sdl->SetMainReady();
    sdl->SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    sdl->SetHint(SDL_HINT_QUIT_ON_LAST_WINDOW_CLOSE, "0");
    sdl->SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    sdl->SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    sdl->SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    sdl->SetHint(SDL_HINT_APP_NAME, "riscreen");
}

static void close_windows(void *ctx)
{
    struct ui *ui = ctx;
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        close_window(ui, i);
    if (ui->video)
        ui->env.sdl.QuitSubSystem(SDL_INIT_VIDEO);
}

/* If the X server has ended, the windows stay as they are until the process exits. */
static void sdl_destroy(struct ui *ui)
{
    if (!ui)
        return;
    display_detach(ui->env.viewer);
    ui->env.viewer = NULL;
    input_unwatch(ui->watch);
    type_text_finish(&ui->typing);
    sdl_x11_guard(&ui->x11, close_windows, ui);
    sdl_x11_finish(&ui->x11);
    host_wakeup_finish(&ui->stopped);
    free(ui);
}

static struct ui *create_failed(struct ui *ui, struct error *err, const char *why)
{
    error_set(err, "no window can be opened: %s", why);
    sdl_destroy(ui);
    return NULL;
}

static const char no_display[] =
    "there is no display (neither DISPLAY nor WAYLAND_DISPLAY leads to one)";

/* True if the user named SDL's video driver. */
static bool is_driver_chosen(void)
{
    const char *chosen = getenv("SDL_VIDEODRIVER");
    return chosen && *chosen;
}

/* False if the driver's windows are on no screen, unless the user named it: SDL falls back on such
 * drivers. */
static bool is_driver_visible(const char *driver)
{
    static const char *const unseen[] = {"offscreen", "dummy", "evdev"};
    for (unsigned i = 0; i < ARRAY_SIZE(unseen); i++)
        if (!strcmp(driver, unseen[i]))
            return is_driver_chosen();
    return true;
}

static const struct parse_key sdl_keys[] = {
    {"scale", "fit|integer|none", "fit", PARSE_CHOICE(struct sdl_options, scale)},
    {"keymap", KEYBOARD_LAYOUTS, "us",
     PARSE_CALL(offsetof(struct sdl_options, layout), keyboard_layout_read)},
};

static bool parse_args(struct sdl_options *options, const char *args, struct error *err)
{
    char *list = strdup(args);
    parse_defaults(sdl_keys, ARRAY_SIZE(sdl_keys), options);
    if (!list)
        return error_no_memory(err);
    bool ok = parse_list(sdl_keys, ARRAY_SIZE(sdl_keys), options, list, err) ||
              error_set(err, "--display sdl: %s", err->text);
    free(list);
    return ok;
}

static bool sdl_check(const char *args, struct error *err)
{
    struct sdl_options options;
    return parse_args(&options, args, err);
}

/* Initialises SDL's video. Returns NULL, or why that failed. */
static const char *open_video(struct ui *ui)
{
    const struct sdl_api *sdl = &ui->env.sdl;
    set_hints(ui);
    /* Without that variable Wayland's library would print a message. */
    if (!getenv("XDG_RUNTIME_DIR") && !is_driver_chosen())
        sdl->SetHint(SDL_HINT_VIDEODRIVER, "x11,kmsdrm");
    ui->video = !sdl->InitSubSystem(SDL_INIT_VIDEO);
    if (!ui->video)
        return is_driver_chosen() ? sdl->GetError() : no_display;
    ui->wake_event = sdl->RegisterEvents(1);
    if (ui->wake_event == (Uint32)-1)
        return sdl->GetError();
    const char *driver = sdl->GetCurrentVideoDriver();
    ui->env.x11 = !strcmp(driver, "x11");
    if (ui->env.x11) /* so that a surface is drawn without OpenGL */
        sdl->SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    return is_driver_visible(driver) ? NULL : no_display;
}

static struct ui *sdl_create(const struct ui_env *env, const char *args, struct error *err)
{
    struct ui *ui = calloc(1, sizeof(*ui));
    if (!ui)
        return create_failed(NULL, err, ERROR_NO_MEMORY);
    ui->env.ui = *env;
    host_wakeup_init(&ui->stopped);
    if (!parse_args(&ui->env.options, args, err)) {
        sdl_destroy(ui);
        return NULL;
    }
    const char *why = sdl_api_load(&ui->env.sdl, err) ? open_video(ui) : err->text;
    if (why)
        return create_failed(ui, err, why);
    ui->env.viewer = display_attach(env->display, on_update, ui);
    if (!ui->env.viewer)
        return create_failed(ui, err, ERROR_NO_MEMORY);
    sdl_input_init(&ui->input, &ui->env);
    sdl_status_init(&ui->status, &ui->env.ui);
    type_text_init(&ui->typing, env->input, env->log, ui->env.options.layout);
    ui->watch = input_watch(env->input, on_update, ui);
    ui->window[0] = sdl_window_create(&ui->env, 0);
    if (!ui->window[0])
        return create_failed(ui, err, ui->env.sdl.GetError());
    follow_hotplug(ui);
    ui->env.sdl.StopTextInput(); /* no input method: key events only */
    update_titles(ui);
    sdl_x11_init(&ui->x11, &ui->env.sdl, ui->window[0]->window);
    return ui;
}

const struct ui_ops ui_sdl_ops = {
    .name = "sdl",
    .help = "a window (SDL2)",
    .main_thread = true,
    .check = sdl_check,
    .create = sdl_create,
    .run = sdl_run,
    .stop = sdl_stop,
    .destroy = sdl_destroy,
};
