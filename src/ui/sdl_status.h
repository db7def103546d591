/* SPDX-License-Identifier: MIT */
/*
 * What the windows' titles tell: how busy the harts are and how many frames a second the guest
 * flushes, over the last second. Off, or with no window to be seen, it asks nobody for anything and
 * has no timer. Main thread only.
 */
#ifndef UI_SDL_STATUS_H
#define UI_SDL_STATUS_H

#include "ui/ui.h"

struct sdl_status {
    const struct ui_env *env;
    bool on;
    uint64_t due;         /* of the next step, host_now_ns(); HOST_FOREVER while off */
    uint64_t since, busy; /* when it counted last, and what ui_env.busy said then */
    uint32_t frame_gen[DISPLAY_MAX_HEADS];
    unsigned percent, frames[DISPLAY_MAX_HEADS]; /* what there is to tell */
};

void sdl_status_init(struct sdl_status *s, const struct ui_env *env);
void sdl_status_toggle(struct sdl_status *s, uint64_t now);
void sdl_status_step(struct sdl_status *s, uint64_t now); /* does nothing before it is due */
void sdl_status_text(const struct sdl_status *s, unsigned head, char *text, size_t size);

#endif
