/* SPDX-License-Identifier: MIT */
#include "ui/sdl_window.h"

#include "host/clock.h"
#include "host/thread.h"
#include "ui/sdl_icon.h"

#include <stdlib.h>
#include <string.h>

#define SETTLE (NS_PER_SEC / 5) /* a size is passed to the guest when unchanged for so long */

/* --- size --- */

/* Returns the physical pixels of each unit in which SDL measures windows: 1 except on high-DPI
 * screens. */
static double pixel_density(const struct sdl_window *w)
{
    int units, pixels, ignore;
    w->env->sdl.GetWindowSize(w->window, &units, &ignore);
    if (w->env->sdl.GetRendererOutputSize(w->renderer, &pixels, &ignore) || units < 1 || pixels < 1)
        return 1;
    return (double)pixels / units;
}

void sdl_window_point(const struct sdl_window *w, int *x, int *y)
{
    double d = pixel_density(w);
    *x = (int)(*x * d);
    *y = (int)(*y * d);
}

/* Makes the window as large as the picture, or as the screen allows. */
static void set_size(struct sdl_window *w, uint32_t width, uint32_t height)
{
    const struct sdl_api *sdl = &w->env->sdl;
    double d = pixel_density(w);
    struct viewport size = {0, 0, MAX(1, (int)(width / d)), MAX(1, (int)(height / d))};
    SDL_Rect desk;
    if (!sdl->GetDisplayUsableBounds(MAX(0, sdl->GetWindowDisplayIndex(w->window)), &desk) &&
        (size.w > desk.w || size.h > desk.h))
        size = viewport_fit((uint32_t)size.w, (uint32_t)size.h, desk.w, desk.h);
    w->width = (int)(size.w * d);
    w->height = (int)(size.h * d);
    sdl->SetWindowSize(w->window, size.w, size.h);
}

/* The guest's first mode sets the window's size, unless the user has resized the window. */
static void apply_first_mode(struct sdl_window *w)
{
    if (w->sized)
        return;
    w->sized = true;
    if ((int)w->screen.frame_w != w->width || (int)w->screen.frame_h != w->height)
        set_size(w, w->screen.frame_w, w->screen.frame_h);
}

/* A size that set_size did not set comes from the user or the window manager. */
static void size_changed(struct sdl_window *w)
{
    int width, height;
    if (w->env->sdl.GetRendererOutputSize(w->renderer, &width, &height) ||
        (width == w->width && height == w->height))
        return;
    w->width = width;
    w->height = height;
    w->sized = true;
    w->resize_due = host_now_ns() + SETTLE;
}

static uint32_t clamp_mode_side(int pixels)
{
    return (uint32_t)MAX(DISPLAY_MODE_MIN, MIN(pixels, DISPLAY_MODE_MAX));
}

static void set_preferred_size(struct sdl_window *w)
{
    struct head_mode preferred;
    display_preferred(w->env->ui.display, w->head, &preferred);
    if (!preferred.connected)
        return;
    preferred.width = clamp_mode_side(w->width);
    preferred.height = clamp_mode_side(w->height);
    display_set_preferred(w->env->ui.display, w->head, &preferred);
}

/* --- pacing --- */

/* A guest is paced only while its window is visible. */
static void set_pacing(struct sdl_window *w, bool on)
{
    if (on == w->pacing)
        return;
    w->pacing = on;
    w->present_due = HOST_FOREVER;
    if (w->env->viewer)
        viewer_pace(w->env->viewer, w->head, on);
}

/* Sets when the drawn frame counts as presented: at once if presenting waited for the screen's
 * refresh, else one refresh after the frame before. */
static void set_present_deadline(struct sdl_window *w, uint64_t now)
{
    if (!w->pacing || w->present_due != HOST_FOREVER)
        return;
    w->present_due = w->vsync ? now : MAX(now, w->presented + w->refresh);
}

static void report_presented(struct sdl_window *w, uint64_t now)
{
    if (now < w->present_due)
        return;
    w->present_due = HOST_FOREVER;
    w->presented = now;
    viewer_presented(w->env->viewer, w->head);
}

/* --- events and deadlines --- */

bool sdl_window_hidden(const struct sdl_window *w)
{
    return w->env->sdl.GetWindowFlags(w->window) & (SDL_WINDOW_HIDDEN | SDL_WINDOW_MINIMIZED);
}

void sdl_window_event(struct sdl_window *w, const SDL_WindowEvent *e)
{
    switch (e->event) {
    case SDL_WINDOWEVENT_SIZE_CHANGED:
    case SDL_WINDOWEVENT_DISPLAY_CHANGED:
        size_changed(w);
        w->screen.all = true; /* SDL replaces the surface */
        /* fall through */
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_RESTORED: w->redraw = true; break;
    default: break;
    }
}

void sdl_window_update(struct sdl_window *w, uint64_t now)
{
    bool mode;
    if (now >= w->resize_due) {
        w->resize_due = HOST_FOREVER;
        set_preferred_size(w);
    }
    set_pacing(w, !sdl_window_hidden(w));
    if (!w->pacing)
        return; /* as nothing is taken, the display wakes nobody until then */
    bool changed = sdl_screen_take(&w->screen, now, &mode);
    if (mode)
        apply_first_mode(w);
    if (w->redraw || changed) {
        sdl_screen_draw(&w->screen, w->redraw);
        set_present_deadline(w, host_now_ns());
    }
    w->redraw = false;
    report_presented(w, host_now_ns());
}

uint64_t sdl_window_due(const struct sdl_window *w)
{
    uint64_t seen = w->pacing ? MIN(w->present_due, w->screen.blank_due) : HOST_FOREVER;
    return MIN(w->resize_due, seen);
}

void sdl_window_restore(struct sdl_window *w)
{
    sdl_screen_restore(&w->screen);
    w->redraw = true;
}

void sdl_window_set_title(struct sdl_window *w, const char *title)
{
    if (!strcmp(title, w->title))
        return;
    snprintf(w->title, sizeof(w->title), "%s", title);
    w->env->sdl.SetWindowTitle(w->window, w->title);
}

void sdl_window_toggle_full(struct sdl_window *w)
{
    Uint32 flags = w->full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP;
    if (w->env->sdl.SetWindowFullscreen(w->window, flags))
        log_warn(w->env->ui.log, "full screen is not possible: %s", w->env->sdl.GetError());
    else
        w->full = !w->full;
}

uint32_t sdl_window_id(const struct sdl_window *w)
{
    return w->env->sdl.GetWindowID(w->window);
}

/* --- opening and closing --- */

static SDL_Window *open_window(const struct sdl_env *env, int width, int height)
{
    Uint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;
    SDL_Window *window = env->sdl.CreateWindow(env->ui.name, SDL_WINDOWPOS_UNDEFINED,
                                               SDL_WINDOWPOS_UNDEFINED, width, height, flags);
    if (!window)
        return NULL;
    env->sdl.SetWindowMinimumSize(window, DISPLAY_MODE_MIN, DISPLAY_MODE_MIN);
    sdl_icon_set(&env->sdl, window);
    return window;
}

static bool is_soft(const struct sdl_window *w)
{
    SDL_RendererInfo info;
    return !w->env->sdl.GetRendererInfo(w->renderer, &info) && info.flags & SDL_RENDERER_SOFTWARE;
}

/* True for OpenGL in software, which is slower than SDL's software renderer. */
static bool is_software_gl(const struct sdl_window *w)
{
    const unsigned gl_renderer = 0x1f01; /* GL_RENDERER */
    SDL_RendererInfo info;
    const unsigned char *(*get_string)(unsigned name);
    if (w->env->sdl.GetRendererInfo(w->renderer, &info) || strncmp(info.name, "opengl", 6))
        return false;
    void *function = w->env->sdl.GL_GetProcAddress("glGetString");
    memcpy(&get_string, &function, sizeof(function));
    const char *name = function ? (const char *)get_string(gl_renderer) : NULL;
    return name && (strstr(name, "llvmpipe") || strstr(name, "softpipe"));
}

static bool open_soft(struct sdl_window *w)
{
    if (w->renderer)
        w->env->sdl.DestroyRenderer(w->renderer);
    w->renderer = w->env->sdl.CreateRenderer(w->window, -1, SDL_RENDERER_SOFTWARE);
    return w->renderer;
}

/* On a GPU, presenting waits for the screen's refresh. With the software renderer it does not: SDL
 * would emulate that by sleeping, which blocks the event loop. */
static bool open_renderer(struct sdl_window *w)
{
    w->renderer = w->env->sdl.CreateRenderer(w->window, -1, 0);
    if ((!w->renderer || (w->env->x11 && is_software_gl(w))) && !open_soft(w))
        return false;
    w->vsync = !is_soft(w) && !w->env->sdl.RenderSetVSync(w->renderer, 1);
    return true;
}

struct sdl_window *sdl_window_create(const struct sdl_env *env, unsigned head)
{
    struct head_mode preferred;
    SDL_Rect desk;
    struct sdl_window *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->env = env;
    w->head = head;
    w->resize_due = w->present_due = HOST_FOREVER;
    display_preferred(env->ui.display, head, &preferred);
    w->refresh = NS_PER_SEC * 1000 / MAX(preferred.refresh_mhz, 1000);
    struct viewport size = {0, 0, (int)MAX(preferred.width, 1), (int)MAX(preferred.height, 1)};
    if (!env->sdl.GetDisplayUsableBounds(0, &desk) && (size.w > desk.w || size.h > desk.h))
        size = viewport_fit((uint32_t)size.w, (uint32_t)size.h, desk.w, desk.h);
    w->width = size.w;
    w->height = size.h;
    w->window = open_window(env, size.w, size.h);
    if (!w->window || !open_renderer(w)) {
        sdl_window_destroy(w);
        return NULL;
    }
    sdl_screen_init(&w->screen, &env->sdl, env->ui.display, env->viewer, head, w->renderer);
    w->screen.scale = env->options.scale;
    w->screen.soft = is_soft(w) ? w->window : NULL;
    if (pixel_density(w) != 1)
        set_size(w, preferred.width, preferred.height);
    return w;
}

void sdl_window_destroy(struct sdl_window *w)
{
    if (!w)
        return;
    set_pacing(w, false);
    if (w->screen.sdl)
        sdl_screen_finish(&w->screen);
    if (w->renderer)
        w->env->sdl.DestroyRenderer(w->renderer);
    if (w->window)
        w->env->sdl.DestroyWindow(w->window);
    free(w);
}
