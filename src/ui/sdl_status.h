/* SPDX-License-Identifier: MIT */
/*
 * The numbers in the windows' titles: the load of the harts, the instructions that they retired and
 * the frames that the guest flushed, in the last second. While it is off, or no window is visible, nothing is measured and no timer
 * runs. Main thread only.
 */
#ifndef UI_SDL_STATUS_H
#define UI_SDL_STATUS_H

#include "ui/ui.h"

struct sdl_status {
    const struct ui_env *env;
    bool on;
    uint64_t due;                /* host_now_ns() of the next step; HOST_FOREVER: off */
    uint64_t since;              /* host_now_ns() at the last measurement */
    uint64_t busy, instructions; /* and ui_env's */
    uint32_t frame_gen[DISPLAY_MAX_HEADS];
    unsigned percent;                   /* of one hart's time */
    unsigned mips;                      /* million instructions a second, of all harts */
    unsigned frames[DISPLAY_MAX_HEADS]; /* of each head, per second */
};

void sdl_status_init(struct sdl_status *s, const struct ui_env *env);
void sdl_status_toggle(struct sdl_status *s, uint64_t now);
void sdl_status_step(struct sdl_status *s, uint64_t now); /* measures if due */
void sdl_status_text(const struct sdl_status *s, unsigned head, char *text, size_t size);

#endif
