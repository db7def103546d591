/* SPDX-License-Identifier: MIT */
/*
 * The SDL window. The main thread sleeps in SDL_WaitEvent; the GPU's thread wakes it with one user
 * event, however often it flushes. There is no timer and no polling: SDL is asked for video only,
 * since its joysticks would make the wait a poll. Whatever arrived is handled first, then the
 * window is drawn once if it must be.
 */
#include "ui/ui.h"

#include "ui/geometry.h"
#include "ui/keymap.h"
#include "ui/sdl_api.h"
#include "ui/sdl_screen.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEAD 0 /* the head the window shows */

struct ui {
    struct ui_env env;
    struct sdl_api sdl;
    bool video; /* SDL was asked for it */
    SDL_Window *window;
    SDL_Renderer *renderer;
    struct viewer *viewer;
    struct sdl_screen screen;
    Uint32 wake_event;
    int own_w, own_h; /* the size this file gave the window: another one is the user's */
    bool grabbed, full, redraw;
    unsigned closes; /* how often the window was closed */
    /* any thread */
    atomic_bool woken; /* a wake event is on its way, or the window is hidden */
    atomic_bool stopping;
};

/* --- waking, from any thread ------------------------------------------------------------------ */

static void on_display(void *ctx)
{
    struct ui *ui = ctx;
    SDL_Event event = {.type = ui->wake_event};
    if (!atomic_exchange(&ui->woken, true) && ui->sdl.PushEvent(&event) <= 0)
        atomic_store(&ui->woken, false);
}

static void sdl_stop(struct ui *ui)
{
    SDL_Event event = {.type = ui->wake_event};
    atomic_store(&ui->stopping, true);
    ui->sdl.PushEvent(&event);
}

/* --- the window ------------------------------------------------------------------------------- */

static void update_title(struct ui *ui)
{
    const char *hint = "Ctrl+Alt+G grabs the pointer";
    if (ui->closes)
        hint = "power button pressed; close again to end at once";
    else if (ui->grabbed)
        hint = "Ctrl+Alt+G releases the pointer";
    char title[256];
    snprintf(title, sizeof(title), "%s%s - %s", ui->env.name,
             ui->screen.state.active ? "" : " (no picture)", hint);
    ui->sdl.SetWindowTitle(ui->window, title);
}

/* Follows the picture's size, unless the user chose another or it does not fit the desk. */
static void follow_mode(struct ui *ui)
{
    int w, h;
    SDL_Rect desk;
    ui->sdl.GetWindowSize(ui->window, &w, &h);
    if (w != ui->own_w || h != ui->own_h || ui->full)
        return;
    if (ui->sdl.GetWindowFlags(ui->window) & (SDL_WINDOW_MAXIMIZED | SDL_WINDOW_FULLSCREEN))
        return;
    struct ui_place size = {0, 0, (int)ui->screen.frame_w, (int)ui->screen.frame_h};
    if (!ui->sdl.GetDisplayUsableBounds(MAX(0, ui->sdl.GetWindowDisplayIndex(ui->window)), &desk) &&
        (size.w > desk.w || size.h > desk.h))
        size = ui_fit(ui->screen.frame_w, ui->screen.frame_h, desk.w, desk.h);
    ui->own_w = size.w;
    ui->own_h = size.h;
    ui->sdl.SetWindowSize(ui->window, size.w, size.h);
}

/* The host's pointer is in the way where the guest draws its own. */
static void update_host_cursor(struct ui *ui, int x, int y)
{
    struct ui_place p;
    bool over =
        sdl_screen_place(&ui->screen, &p) && x >= p.x && x < p.x + p.w && y >= p.y && y < p.y + p.h;
    bool hide = over && ui->screen.cursor;
    if (!ui->grabbed && ui->sdl.ShowCursor(SDL_QUERY) == hide)
        ui->sdl.ShowCursor(hide ? SDL_DISABLE : SDL_ENABLE);
}

static void take(struct ui *ui)
{
    bool mode, active = ui->screen.state.active, cursor = ui->screen.cursor;
    if (!sdl_screen_take(&ui->screen, &mode))
        return;
    ui->redraw = true;
    if (mode)
        follow_mode(ui);
    if (active != ui->screen.state.active)
        update_title(ui);
    if (cursor != !!ui->screen.cursor) {
        int x, y;
        ui->sdl.GetMouseState(&x, &y);
        update_host_cursor(ui, x, y);
    }
}

/* --- what the hot keys do --------------------------------------------------------------------- */

static void set_grab(struct ui *ui, bool on)
{
    if (on == ui->grabbed)
        return;
    input_release_all(ui->env.input);
    ui->grabbed = on && !ui->sdl.SetRelativeMouseMode(SDL_TRUE);
    if (!ui->grabbed)
        ui->sdl.SetRelativeMouseMode(SDL_FALSE);
    ui->sdl.SetWindowGrab(ui->window, ui->grabbed);
    ui->sdl.SetWindowKeyboardGrab(ui->window, ui->grabbed);
    update_title(ui);
}

static void toggle_full(struct ui *ui)
{
    Uint32 flags = ui->full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP;
    if (ui->sdl.SetWindowFullscreen(ui->window, flags))
        log_warn(ui->env.log, "full screen is not possible: %s", ui->sdl.GetError());
    else
        ui->full = !ui->full;
}

/* A name with the time that does not exist yet, in the working directory, as a full path. */
static bool screenshot_name(char *path, size_t size)
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

static void save_screenshot(struct ui *ui)
{
    char path[4096];
    struct picture *pic = display_snapshot(ui->env.display, HEAD, true);
    int err = !pic ? ENOMEM : !screenshot_name(path, sizeof(path)) ? EEXIST : 0;
    if (!err)
        err = ui_save_png(pic, path);
    if (err)
        log_warn(ui->env.log, "the screenshot could not be saved: %s", strerror(err));
    else
        log_warn(ui->env.log, "screenshot saved to %s", path);
    picture_destroy(pic);
}

/* The letter on the key, as the user sees it, where the layout has letters; else its place. */
static bool hot_key(struct ui *ui, const SDL_KeyboardEvent *key)
{
    if (!(key->keysym.mod & KMOD_CTRL) || !(key->keysym.mod & KMOD_ALT))
        return false;
    SDL_Keycode sym = key->keysym.sym;
    if (sym > 0x7f && key->keysym.scancode <= SDL_SCANCODE_Z)
        sym = 'a' + (SDL_Keycode)key->keysym.scancode - SDL_SCANCODE_A;
    switch (sym) {
    case SDLK_g: set_grab(ui, !ui->grabbed); return true;
    case SDLK_f: toggle_full(ui); return true;
    case SDLK_s: save_screenshot(ui); return true;
    default: return false;
    }
}

/* --- input ------------------------------------------------------------------------------------ */

static void on_key(struct ui *ui, const SDL_KeyboardEvent *key)
{
    bool down = key->state == SDL_PRESSED;
    if (key->repeat || (down && hot_key(ui, key)))
        return;
    unsigned code = keymap_from_usb(key->keysym.scancode);
    if (code && (down || input_is_down(ui->env.input, code)))
        input_key(ui->env.input, code, down);
}

static void on_motion(struct ui *ui, const SDL_MouseMotionEvent *m)
{
    struct ui_place p;
    if (ui->grabbed) {
        input_rel(ui->env.input, m->xrel, m->yrel);
        return;
    }
    if (sdl_screen_place(&ui->screen, &p))
        input_abs(ui->env.input, ui_abs(m->x - p.x, p.w), ui_abs(m->y - p.y, p.h));
    update_host_cursor(ui, m->x, m->y);
}

static void on_button(struct ui *ui, const SDL_MouseButtonEvent *b)
{
    static const uint16_t codes[] = {
        [SDL_BUTTON_LEFT] = BTN_LEFT,   [SDL_BUTTON_MIDDLE] = BTN_MIDDLE,
        [SDL_BUTTON_RIGHT] = BTN_RIGHT, [SDL_BUTTON_X1] = BTN_SIDE,
        [SDL_BUTTON_X2] = BTN_EXTRA,
    };
    struct ui_place p;
    bool down = b->state == SDL_PRESSED;
    if (b->button >= ARRAY_SIZE(codes) || !codes[b->button])
        return;
    if (down && !ui->grabbed) {
        if (!sdl_screen_place(&ui->screen, &p) || b->x < p.x || b->x >= p.x + p.w || b->y < p.y ||
            b->y >= p.y + p.h)
            return; /* beside the picture */
        input_abs(ui->env.input, ui_abs(b->x - p.x, p.w), ui_abs(b->y - p.y, p.h));
    }
    input_button(ui->env.input, codes[b->button], down, ui->grabbed);
}

static void on_wheel(struct ui *ui, const SDL_MouseWheelEvent *w)
{
    int sign = w->direction == SDL_MOUSEWHEEL_FLIPPED ? -1 : 1;
    input_wheel(ui->env.input, sign * w->y, sign * w->x, ui->grabbed);
}

/* --- events ----------------------------------------------------------------------------------- */

static void on_close(struct ui *ui)
{
    if (++ui->closes > 1) {
        ui->env.quit(ui->env.ctx);
        return;
    }
    ui->env.powerdown(ui->env.ctx);
    set_grab(ui, false);
    update_title(ui);
}

static void on_window(struct ui *ui, const SDL_WindowEvent *w)
{
    switch (w->event) {
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_RESTORED:
    case SDL_WINDOWEVENT_SIZE_CHANGED: ui->redraw = true; break;
    case SDL_WINDOWEVENT_FOCUS_LOST:
        set_grab(ui, false);
        input_release_all(ui->env.input);
        break;
    case SDL_WINDOWEVENT_CLOSE: on_close(ui); break;
    default: break;
    }
}

static void on_event(struct ui *ui, const SDL_Event *e)
{
    switch (e->type) {
    case SDL_KEYDOWN:
    case SDL_KEYUP: on_key(ui, &e->key); break;
    case SDL_MOUSEMOTION: on_motion(ui, &e->motion); break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP: on_button(ui, &e->button); break;
    case SDL_MOUSEWHEEL: on_wheel(ui, &e->wheel); break;
    case SDL_WINDOWEVENT: on_window(ui, &e->window); break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET:
        sdl_screen_restore(&ui->screen);
        ui->redraw = true;
        break;
    case SDL_QUIT: ui->env.quit(ui->env.ctx); break; /* the session or the display ends */
    default: break;
    }
}

static bool hidden(struct ui *ui)
{
    return ui->sdl.GetWindowFlags(ui->window) & (SDL_WINDOW_HIDDEN | SDL_WINDOW_MINIMIZED);
}

static void sdl_run(struct ui *ui)
{
    SDL_Event event;
    while (!atomic_load(&ui->stopping) && ui->sdl.WaitEvent(&event)) {
        do
            on_event(ui, &event);
        while (!atomic_load(&ui->stopping) && ui->sdl.PollEvent(&event));
        if (hidden(ui))
            continue; /* nothing is taken, so nothing wakes until the window is seen again */
        atomic_store(&ui->woken, false);
        take(ui);
        if (ui->redraw)
            sdl_screen_draw(&ui->screen);
        ui->redraw = false;
    }
}

/* --- opening and closing ---------------------------------------------------------------------- */

static void set_hints(struct ui *ui)
{
    ui->sdl.SetMainReady();
    ui->sdl.SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    ui->sdl.SetHint(SDL_HINT_QUIT_ON_LAST_WINDOW_CLOSE, "0");
    ui->sdl.SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    ui->sdl.SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    ui->sdl.SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    ui->sdl.SetHint(SDL_HINT_APP_NAME, "riscreen");
}

static bool open_window(struct ui *ui)
{
    struct head_wish wish;
    SDL_Rect desk;
    display_wish(ui->env.display, HEAD, &wish);
    struct ui_place size = {0, 0, (int)MAX(wish.width, 1), (int)MAX(wish.height, 1)};
    if (!ui->sdl.GetDisplayUsableBounds(0, &desk) && (size.w > desk.w || size.h > desk.h))
        size = ui_fit((uint32_t)size.w, (uint32_t)size.h, desk.w, desk.h);
    ui->own_w = size.w;
    ui->own_h = size.h;
    ui->window =
        ui->sdl.CreateWindow(ui->env.name, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, size.w,
                             size.h, SDL_WINDOW_RESIZABLE);
    if (!ui->window)
        return false;
    ui->renderer = ui->sdl.CreateRenderer(ui->window, -1, SDL_RENDERER_PRESENTVSYNC);
    if (!ui->renderer)
        ui->renderer = ui->sdl.CreateRenderer(ui->window, -1, SDL_RENDERER_SOFTWARE);
    return ui->renderer;
}

static void sdl_destroy(struct ui *ui)
{
    if (!ui)
        return;
    if (ui->viewer) {
        display_detach(ui->viewer);
        sdl_screen_finish(&ui->screen);
    }
    if (ui->renderer)
        ui->sdl.DestroyRenderer(ui->renderer);
    if (ui->window)
        ui->sdl.DestroyWindow(ui->window);
    if (ui->video)
        ui->sdl.QuitSubSystem(SDL_INIT_VIDEO);
    free(ui);
}

static struct ui *failed(struct ui *ui, char *err, size_t err_size, const char *why)
{
    snprintf(err, err_size, "no window can be opened: %s", why);
    sdl_destroy(ui);
    return NULL;
}

static struct ui *sdl_create(const struct ui_env *env, const char *args, char *err, size_t err_size)
{
    if (args[0]) {
        snprintf(err, err_size, "display 'sdl' takes no options, but got '%s'", args);
        return NULL;
    }
    struct ui *ui = calloc(1, sizeof(*ui));
    if (!ui)
        return failed(NULL, err, err_size, "not enough memory");
    if (!sdl_api_load(&ui->sdl, err, err_size)) {
        sdl_destroy(ui);
        return NULL;
    }
    ui->env = *env;
    set_hints(ui);
    ui->video = !ui->sdl.InitSubSystem(SDL_INIT_VIDEO);
    if (!ui->video || (ui->wake_event = ui->sdl.RegisterEvents(1)) == (Uint32)-1 ||
        !open_window(ui))
        return failed(ui, err, err_size, ui->sdl.GetError());
    ui->viewer = display_attach(env->display, on_display, ui);
    if (!ui->viewer)
        return failed(ui, err, err_size, "not enough memory");
    sdl_screen_init(&ui->screen, &ui->sdl, env->display, ui->viewer, HEAD, ui->renderer);
    ui->sdl.StopTextInput(); /* keys, not characters: no input method in between */
    update_title(ui);
    return ui;
}

const struct ui_ops ui_sdl_ops = {
    .name = "sdl",
    .help = "a window (SDL2)",
    .main_thread = true,
    .create = sdl_create,
    .run = sdl_run,
    .stop = sdl_stop,
    .destroy = sdl_destroy,
};
