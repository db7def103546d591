/* SPDX-License-Identifier: MIT */
/*
 * Keys, pointer and fingers of the windows. The pointer is absolute: no grab is needed, and a
 * position in any window is one on the guest's whole desktop. Grabbed, it is a mouse that sends
 * steps, for guests and games that want those. Fingers go to the guest's touch screen, if it has
 * one; otherwise SDL makes the first finger a pointer. Main thread only.
 */
#ifndef UI_SDL_INPUT_H
#define UI_SDL_INPUT_H

#include "ui/sdl_window.h"

struct sdl_finger {
    bool down;
    SDL_TouchID device;
    SDL_FingerID id;
};

struct sdl_input {
    const struct sdl_env *env;
    struct input_held held;
    struct sdl_window *grab; /* the window that has the pointer for itself, or NULL */
    bool touch;              /* the guest has a touch screen */
    struct sdl_finger finger[INPUT_TOUCHES];
};

void sdl_input_init(struct sdl_input *in, const struct sdl_env *env);
/* w NULL: ends a grab. */
void sdl_input_grab(struct sdl_input *in, struct sdl_window *w);
/* Focus lost: everything comes up. */
void sdl_input_release(struct sdl_input *in);

void sdl_input_key(struct sdl_input *in, const SDL_KeyboardEvent *key);
void sdl_input_motion(struct sdl_input *in, struct sdl_window *w, const SDL_MouseMotionEvent *m);
void sdl_input_button(struct sdl_input *in, struct sdl_window *w, const SDL_MouseButtonEvent *b);
void sdl_input_wheel(struct sdl_input *in, const SDL_MouseWheelEvent *wheel);
void sdl_input_finger(struct sdl_input *in, struct sdl_window *w, const SDL_TouchFingerEvent *f);

/* The host's pointer, at x, y of the window, is hidden where the guest draws its own. */
void sdl_input_host_cursor(struct sdl_input *in, const struct sdl_window *w, int x, int y);

#endif
