/* SPDX-License-Identifier: MIT */
/* What the lines of a script do, except waiting for the screen and the console. */
#include "monitor/script.h"

#include "display/display.h"
#include "display/input.h"
#include "host/clock.h"
#include "host/thread.h"
#include "ui/viewport.h"
#include "ui/keymap.h"

#include <linux/input-event-codes.h>

/* A person's pace, so that a guest with a short event queue keeps up. */
#define KEY_HOLD_NS   (15 * NS_PER_SEC / 1000)
#define KEY_GAP_NS    (15 * NS_PER_SEC / 1000)
#define CLICK_HOLD_NS (50 * NS_PER_SEC / 1000)

/* --- keys --- */

static void chord(struct script *s, const unsigned *keys, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        input_key(s->input, keys[i], true);
    script_sleep(s, KEY_HOLD_NS);
    for (unsigned i = n; i-- > 0;)
        input_key(s->input, keys[i], false);
    script_sleep(s, KEY_GAP_NS);
}

static bool step_key(struct script *s, struct step *step)
{
    chord(s, step->keys, step->key_count);
    return true;
}

static bool step_type(struct script *s, struct step *step)
{
    for (size_t i = 0; i < step->string_len; i++) {
        bool shift;
        unsigned code = keymap_from_char(step->string[i], &shift);
        const unsigned keys[2] = {shift ? KEY_LEFTSHIFT : code, code};
        chord(s, keys, shift ? 2 : 1);
        if (script_ended(s))
            return script_fail(step, "the machine ended while this was typed");
    }
    return true;
}

static bool step_type_serial(struct script *s, struct step *step)
{
    machine_console_type(s->machine, step->string, step->string_len);
    return true;
}

/* --- the pointer --- */

static bool step_move(struct script *s, struct step *step)
{
    struct head_state state = {0};
    if (!s->display || step->head >= display_heads(s->display))
        return script_fail(step, "the machine has no screen %u", step->head);
    display_state(s->display, step->head, &state);
    if (!state.active)
        return script_fail(step, "the screen shows nothing to point at");
    if (step->x >= state.width || step->y >= state.height)
        return script_fail(step, "%d,%d is outside the screen, which is %ux%u", (int)step->x,
                           (int)step->y, state.width, state.height);
    input_abs(s->input, viewport_to_abs(step->x, state.width),
              viewport_to_abs(step->y, state.height));
    script_sleep(s, KEY_GAP_NS);
    return true;
}

static bool step_click(struct script *s, struct step *step)
{
    if (!step_move(s, step))
        return false;
    input_button(s->input, step->button, true, false);
    script_sleep(s, CLICK_HOLD_NS);
    input_button(s->input, step->button, false, false);
    script_sleep(s, KEY_GAP_NS);
    return true;
}

static bool step_wheel(struct script *s, struct step *step)
{
    for (int64_t n = step->y; n; n += n > 0 ? -1 : 1) {
        input_wheel(s->input, n > 0 ? 1 : -1, 0, false);
        script_sleep(s, KEY_GAP_NS);
    }
    return true;
}

/* --- time and power --- */

static bool step_sleep(struct script *s, struct step *step)
{
    script_sleep(s, step->time_ns);
    return true;
}

static bool step_wait_shutdown(struct script *s, struct step *step)
{
    bool in_time = script_sleep(s, step->time_ns);
    return !in_time ||
           script_fail(step, "the machine still runs after %.3g s", (double)step->time_ns / 1e9);
}

static bool step_powerdown(struct script *s, struct step *step)
{
    (void)step;
    machine_powerdown(s->machine);
    return true;
}

static bool step_reset(struct script *s, struct step *step)
{
    (void)step;
    machine_reset(s->machine, CAUSE_HOST_UI);
    return true;
}

static bool step_quit(struct script *s, struct step *step)
{
    s->quit_status = (int)step->status;
    machine_quit(s->machine, s->quit_status, CAUSE_HOST_UI);
    return true;
}

const struct step_type script_step_types[] = {
    {"wait-screen",
     {ARG_REFERENCE},
     false,
     OPTION_TOLERANCE | OPTION_REGION | OPTION_TIMEOUT | OPTION_HEAD | OPTION_CURSOR,
     false,
     step_wait_screen},
    {"wait-serial", {ARG_REGEX}, false, OPTION_TIMEOUT, true, step_wait_serial},
    {"wait-shutdown", {ARG_NONE}, false, OPTION_TIMEOUT, true, step_wait_shutdown},
    {"type", {ARG_TYPED_TEXT}, false, 0, false, step_type},
    {"type-serial", {ARG_SERIAL_TEXT}, false, 0, false, step_type_serial},
    {"key", {ARG_CHORD}, false, 0, false, step_key},
    {"move", {ARG_X, ARG_Y}, false, OPTION_HEAD, false, step_move},
    {"click", {ARG_X, ARG_Y}, false, OPTION_HEAD | OPTION_BUTTON, false, step_click},
    {"wheel", {ARG_WHEEL}, false, 0, false, step_wheel},
    {"snap", {ARG_OUTPUT}, false, OPTION_CURSOR | OPTION_HEAD, true, step_snap},
    {"sleep", {ARG_DURATION}, false, 0, true, step_sleep},
    {"powerdown", {ARG_NONE}, false, 0, false, step_powerdown},
    {"reset", {ARG_NONE}, false, 0, false, step_reset},
    {"quit", {ARG_STATUS}, true, 0, true, step_quit},
    {0},
};
