/* SPDX-License-Identifier: MIT */
#include "ui/sdl_status.h"

#include "host/clock.h"
#include "host/thread.h"

#include <stdio.h>

void sdl_status_init(struct sdl_status *s, const struct ui_env *env)
{
    *s = (struct sdl_status){.env = env, .due = HOST_FOREVER};
}

static uint64_t ask_env(const struct sdl_status *s, uint64_t (*count)(void *ctx))
{
    return count ? count(s->env->ctx) : 0;
}

/* Computes load, speed and frame rates since the last measurement, and begins the next. */
static void measure(struct sdl_status *s, uint64_t now)
{
    uint64_t passed = MAX(now - s->since, 1);
    uint64_t busy = ask_env(s, s->env->busy), instructions = ask_env(s, s->env->instructions);
    s->percent = (unsigned)((busy - s->busy) * 100 / passed);
    s->mips = (unsigned)((instructions - s->instructions) * 1000 / passed);
    for (unsigned i = 0; i < display_heads(s->env->display); i++) {
        struct head_state state;
        display_state(s->env->display, i, &state);
        uint64_t frames = state.frame_gen - s->frame_gen[i];
        s->frames[i] = (unsigned)((frames * NS_PER_SEC + passed / 2) / passed);
        s->frame_gen[i] = state.frame_gen;
    }
    s->since = now;
    s->busy = busy;
    s->instructions = instructions;
}

void sdl_status_toggle(struct sdl_status *s, uint64_t now)
{
    s->on = !s->on;
    s->due = s->on ? now + NS_PER_SEC : HOST_FOREVER;
    if (!s->on)
        return;
    measure(s, now);
    s->percent = s->mips = 0;
    for (unsigned i = 0; i < DISPLAY_MAX_HEADS; i++)
        s->frames[i] = 0;
}

void sdl_status_step(struct sdl_status *s, uint64_t now)
{
    if (!s->on || now < s->due)
        return;
    measure(s, now);
    s->due = now + NS_PER_SEC;
}

void sdl_status_text(const struct sdl_status *s, unsigned head, char *text, size_t size)
{
    unsigned harts = MAX(s->env->harts, 1);
    snprintf(text, size, "%u%% of %u hart%s, %u MIPS, %u frames/s", s->percent / harts, harts,
             harts > 1 ? "s" : "", s->mips, s->frames[head]);
}
