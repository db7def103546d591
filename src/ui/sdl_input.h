/* SPDX-License-Identifier: MIT */
/*
 * Keys, pointer and fingers of the windows. The pointer is absolute: no grab is needed, and a
 * position in any window becomes one on the guest's whole desktop. While it is grabbed, it is a
 * mouse that sends steps, for guests and games that need those. Fingers go to the guest's touch
 * screen, if it has one; otherwise SDL makes the first finger a pointer. Main thread only.
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
    struct sdl_window *grab; /* the window that grabs the pointer, or NULL */
    bool touch;              /* the guest has a touch screen */
    struct sdl_finger finger[INPUT_TOUCHES];
};

void sdl_input_init(struct sdl_input *in, const struct sdl_env *env);
/* Grabs the pointer and the keyboard for a window; w NULL ends the grab. */
void sdl_input_grab(struct sdl_input *in, struct sdl_window *w);
/* Releases all keys, buttons and fingers: the focus was lost. */
void sdl_input_release(struct sdl_input *in);

void sdl_input_key(struct sdl_input *in, const SDL_KeyboardEvent *key);
void sdl_input_motion(struct sdl_input *in, struct sdl_window *w, const SDL_MouseMotionEvent *m);
void sdl_input_button(struct sdl_input *in, struct sdl_window *w, const SDL_MouseButtonEvent *b);
void sdl_input_wheel(struct sdl_input *in, const SDL_MouseWheelEvent *wheel);
void sdl_input_finger(struct sdl_input *in, struct sdl_window *w, const SDL_TouchFingerEvent *f);

/* Hides the host's pointer, which is at x, y of the window, if the guest draws its own there. */
void sdl_input_host_cursor(struct sdl_input *in, const struct sdl_window *w, int x, int y);

#endif
