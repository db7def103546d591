/* SPDX-License-Identifier: MIT */
#include "ui/sdl_input.h"

#include "ui/keymap.h"

#include <linux/input-event-codes.h>
#include <string.h>

void sdl_input_init(struct sdl_input *in, const struct sdl_env *env)
{
    memset(in, 0, sizeof(*in));
    in->env = env;
    input_held_init(&in->held, env->ui.input);
    in->touch = input_has(env->ui.input, INPUT_KIND_TOUCH);
}

void sdl_input_release(struct sdl_input *in)
{
    input_held_release(&in->held);
    memset(in->finger, 0, sizeof(in->finger));
}

static void set_window_grab(const struct sdl_input *in, SDL_Window *window, SDL_bool on)
{
    in->env->sdl.SetWindowGrab(window, on);
    in->env->sdl.SetWindowKeyboardGrab(window, on);
}

void sdl_input_grab(struct sdl_input *in, struct sdl_window *w)
{
    if (w == in->grab)
        return;
    sdl_input_release(in);
    if (in->grab)
        set_window_grab(in, in->grab->window, SDL_FALSE);
    in->grab = w && !in->env->sdl.SetRelativeMouseMode(SDL_TRUE) ? w : NULL;
    if (in->grab)
        set_window_grab(in, in->grab->window, SDL_TRUE);
    else
        in->env->sdl.SetRelativeMouseMode(SDL_FALSE);
}

void sdl_input_key(struct sdl_input *in, const SDL_KeyboardEvent *key)
{
    if (!key->repeat)
        input_held_key(&in->held, keymap_from_usb(key->keysym.scancode), key->state == SDL_PRESSED);
}

/* Computes the tablet's position of a physical pixel of the window, clamped to the picture. False:
 * there is no picture or, with `inside`, the point is outside of it. */
static bool point_to_abs(const struct sdl_window *w, int x, int y, bool inside, int32_t at[2])
{
    struct viewport p;
    if (!sdl_screen_viewport(&w->screen, &p) || (inside && !viewport_contains(&p, x, y)))
        return false;
    display_abs(w->env->ui.display, w->head, (uint32_t)MAX(x - p.x, 0), (uint32_t)MAX(y - p.y, 0),
                (uint32_t)p.w, (uint32_t)p.h, &at[0], &at[1]);
    return true;
}

/* True for the pointer events that SDL makes of fingers, if fingers go to a touch screen. */
static bool is_finger(const struct sdl_input *in, Uint32 which)
{
    return in->touch && which == SDL_TOUCH_MOUSEID;
}

void sdl_input_motion(struct sdl_input *in, struct sdl_window *w, const SDL_MouseMotionEvent *m)
{
    int x = m->x, y = m->y;
    int32_t at[2];
    if (is_finger(in, m->which))
        return;
    if (in->grab) {
        input_rel(in->env->ui.input, m->xrel, m->yrel);
        return;
    }
    sdl_window_point(w, &x, &y);
    if (point_to_abs(w, x, y, false, at))
        input_abs(in->env->ui.input, at[0], at[1]);
    sdl_input_host_cursor(in, w, m->x, m->y);
}

void sdl_input_button(struct sdl_input *in, struct sdl_window *w, const SDL_MouseButtonEvent *b)
{
    static const uint16_t codes[] = {
        [SDL_BUTTON_LEFT] = BTN_LEFT,   [SDL_BUTTON_MIDDLE] = BTN_MIDDLE,
        [SDL_BUTTON_RIGHT] = BTN_RIGHT, [SDL_BUTTON_X1] = BTN_SIDE,
        [SDL_BUTTON_X2] = BTN_EXTRA,
    };
    bool down = b->state == SDL_PRESSED;
    if (b->button >= ARRAY_SIZE(codes) || !codes[b->button] || is_finger(in, b->which))
        return;
    if (down && !in->grab) {
        int x = b->x, y = b->y;
        int32_t at[2];
        sdl_window_point(w, &x, &y);
        if (!point_to_abs(w, x, y, true, at))
            return;
        input_abs(in->env->ui.input, at[0], at[1]);
    }
    input_held_button(&in->held, codes[b->button], down, in->grab);
}

void sdl_input_wheel(struct sdl_input *in, const SDL_MouseWheelEvent *wheel)
{
    int sign = wheel->direction == SDL_MOUSEWHEEL_FLIPPED ? -1 : 1;
    input_wheel(in->env->ui.input, sign * wheel->y, sign * wheel->x, in->grab);
}

/* Returns the slot of a finger, or a free one if it is not down yet; INPUT_TOUCHES: none is
 * free. */
static unsigned finger_slot(const struct sdl_input *in, const SDL_TouchFingerEvent *f)
{
    unsigned free_slot = INPUT_TOUCHES;
    for (unsigned i = INPUT_TOUCHES; i-- > 0;) {
        const struct sdl_finger *finger = &in->finger[i];
        if (finger->down && finger->device == f->touchId && finger->id == f->fingerId)
            return i;
        if (!finger->down)
            free_slot = i;
    }
    return free_slot;
}

void sdl_input_finger(struct sdl_input *in, struct sdl_window *w, const SDL_TouchFingerEvent *f)
{
    int width, height;
    int32_t at[2] = {0, 0};
    unsigned slot = finger_slot(in, f);
    if (!in->touch || slot == INPUT_TOUCHES ||
        in->env->sdl.GetRendererOutputSize(w->renderer, &width, &height))
        return;
    struct sdl_finger *finger = &in->finger[slot];
    bool down = f->type != SDL_FINGERUP;
    if (!finger->down && f->type != SDL_FINGERDOWN)
        return; /* it was put down outside of the picture */
    if (down && !point_to_abs(w, (int)(f->x * (float)width), (int)(f->y * (float)height),
                              !finger->down, at))
        return;
    *finger = (struct sdl_finger){down, f->touchId, f->fingerId};
    input_held_touch(&in->held, slot, down, at[0], at[1]);
}

void sdl_input_host_cursor(struct sdl_input *in, const struct sdl_window *w, int x, int y)
{
    struct viewport p;
    sdl_window_point(w, &x, &y);
    bool hide =
        sdl_screen_viewport(&w->screen, &p) && viewport_contains(&p, x, y) && w->screen.cursor;
    if (!in->grab && in->env->sdl.ShowCursor(SDL_QUERY) == hide)
        in->env->sdl.ShowCursor(hide ? SDL_DISABLE : SDL_ENABLE);
}
