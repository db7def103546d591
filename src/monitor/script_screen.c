/* SPDX-License-Identifier: MIT */
#include "monitor/script.h"

#include "display/display.h"
#include "host/clock.h"
#include "host/file.h"
#include "monitor/compare.h"
#include "ui/picture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRIP 64 /* rows: most screens that do not match say so in the first strip looked at */

/* A look at the screen, or a part of it, again and again. */
struct look {
    struct script *s;
    struct step *step;
    struct rect rect;       /* what is looked at, on the screen */
    struct picture *actual; /* of rect's size */
    uint32_t first;         /* row to begin with: where it differed last */
    pixman_region32_t damage;
};

/* --- looking --- */

/* Does the screen have the place that is looked at? */
static bool reference_fits(const struct look *l, struct head_state *state)
{
    display_state(l->s->display, l->step->head, state);
    if (!state->active)
        return false;
    if (l->step->has_region)
        return rect_inside(&l->rect, state->width, state->height);
    return state->width == l->rect.w && state->height == l->rect.h;
}

static bool read_rows(struct look *l, uint32_t first, uint32_t count)
{
    struct rect rect = {l->rect.x, l->rect.y + first, l->rect.w, count};
    return display_read(l->s->display, l->step->head, &rect,
                        l->actual->data + (size_t)first * l->actual->stride, l->actual->stride);
}

/* Reads all of it at one moment. */
static bool read_all(struct look *l)
{
    if (!l->step->cursor)
        return read_rows(l, 0, l->rect.h);
    struct picture *whole = display_snapshot(l->s->display, l->step->head, true);
    struct picture *part = NULL;
    if (whole && rect_inside(&l->rect, whole->width, whole->height))
        part = compare_crop(whole, &l->rect);
    picture_destroy(whole);
    if (!part)
        return false;
    picture_destroy(l->actual);
    l->actual = part;
    return true;
}

/* Strip by strip, from where it differed last time. */
static bool strips_match(struct look *l)
{
    const struct picture *ref = l->step->reference;
    uint32_t at = l->first;
    do {
        uint32_t count = MIN(STRIP, l->rect.h - at);
        if (!read_rows(l, at, count) ||
            !compare_rows(l->actual, ref, at, count, l->step->tolerance, NULL)) {
            l->first = at;
            return false;
        }
        at = at + count == l->rect.h ? 0 : at + count;
    } while (at != l->first);
    return true;
}

/* Strips may be of different moments, so a match is confirmed by one look at all of it. */
static bool reference_matches(struct look *l)
{
    struct head_state state;
    if (!reference_fits(l, &state) || (!l->step->cursor && !strips_match(l)) || !read_all(l))
        return false;
    return compare_rows(l->actual, l->step->reference, 0, l->rect.h, l->step->tolerance, NULL);
}

/* Takes what changed since the last time; true if it touches what is looked at. */
static bool screen_changed(struct look *l)
{
    struct head_state state;
    for (unsigned i = 0; i < display_heads(l->s->display); i++)
        if (i != l->step->head) {
            viewer_take(l->s->viewer, i, &state, &l->damage);
            pixman_region32_clear(&l->damage);
        }
    viewer_take(l->s->viewer, l->step->head, &state, &l->damage);
    pixman_box32_t box = {(int)l->rect.x, (int)l->rect.y, (int)(l->rect.x + l->rect.w),
                          (int)(l->rect.y + l->rect.h)};
    bool touched = pixman_region32_contains_rectangle(&l->damage, &box) != PIXMAN_REGION_OUT;
    pixman_region32_clear(&l->damage);
    return touched || l->step->cursor;
}

/* --- what a failure leaves --- */

char *script_out_path(const struct script *s, const struct step *step, const char *what)
{
    const char *slash = strrchr(s->config.path, '/');
    const char *name = slash ? slash + 1 : s->config.path;
    const char *dot = strrchr(name, '.');
    int len = (int)(dot && dot != name ? (size_t)(dot - name) : strlen(name));
    const char *folder = s->config.out_dir ? s->config.out_dir : s->folder;
    const char *sep = !folder[0] || folder[strlen(folder) - 1] == '/' ? "" : "/";
    char *path;
    return asprintf(&path, "%s%s%.*s-line%u-%s.png", folder, sep, len, name, step->line, what) < 0
               ? NULL
               : path;
}

static void save_failure(const struct look *l, const struct picture *pic, const char *what)
{
    char *path = script_out_path(l->s, l->step, what);
    int error = pic && path ? ui_save_until(pic, path, UI_PICTURE_PNG, &l->s->save_until) : ENOMEM;
    if (error)
        log_warn(l->s->config.log, "%s: %s", path ? path : what, host_file_why(error));
    free(path);
}

static bool fail_mismatch(struct look *l, const char *after)
{
    struct comparison c;
    struct step *step = l->step;
    bool same = compare_rows(l->actual, step->reference, 0, l->rect.h, step->tolerance, &c);
    struct picture *diff = compare_difference(l->actual, step->reference, step->tolerance);
    save_failure(l, step->reference, "expected");
    save_failure(l, l->actual, "actual");
    save_failure(l, diff, "difference");
    picture_destroy(diff);
    char *path = script_out_path(l->s, step, "difference");
    if (same)
        script_fail(step, "%s; the screen matched just too late", after);
    else
        script_fail(step,
                    "%s: %llu of %llu pixels differ, by at most %u, within %ux%u+%u+%u; see %s",
                    after, (unsigned long long)c.different, (unsigned long long)c.compared, c.worst,
                    c.x2 - c.x1, c.y2 - c.y1, c.x1, c.y1, path ? path : "the pictures");
    free(path);
    return false;
}

static bool fail_wait(struct look *l)
{
    struct head_state state;
    char after[64];
    snprintf(after, sizeof(after), "no match within %.3g s", (double)l->step->time_ns / 1e9);
    if (script_ended(l->s))
        snprintf(after, sizeof(after), "the machine ended before it matched");
    if (reference_fits(l, &state) && read_all(l))
        return fail_mismatch(l, after);
    struct picture *whole = display_snapshot(l->s->display, l->step->head, l->step->cursor);
    save_failure(l, l->step->reference, "expected");
    save_failure(l, whole, "actual");
    picture_destroy(whole);
    if (!state.active)
        return script_fail(l->step, "%s: the screen shows nothing", after);
    return script_fail(l->step, "%s: the screen is %ux%u, but %ux%u+%u+%u is looked for", after,
                       state.width, state.height, l->rect.w, l->rect.h, l->rect.x, l->rect.y);
}

/* --- the steps --- */

static bool has_screen(struct script *s, struct step *step)
{
    return (s->display && step->head < display_heads(s->display)) ||
           script_fail(step, "the machine has no screen %u", step->head);
}

static bool wait_for_match(struct look *l)
{
    uint64_t deadline = host_now_ns() + l->step->time_ns;
    screen_changed(l);
    while (!reference_matches(l)) {
        do
            if (!script_wait(l->s, &l->s->screen_changed, deadline))
                return fail_wait(l);
        while (!screen_changed(l));
    }
    return true;
}

bool step_wait_screen(struct script *s, struct step *step)
{
    if (!has_screen(s, step))
        return false;
    struct look l = {.s = s, .step = step, .rect = step->region};
    if (!step->has_region)
        l.rect = (struct rect){0, 0, step->reference->width, step->reference->height};
    l.actual = picture_create(l.rect.w, l.rect.h);
    if (!l.actual)
        return script_fail(step, ERROR_NO_MEMORY);
    pixman_region32_init(&l.damage);
    bool ok = wait_for_match(&l);
    pixman_region32_fini(&l.damage);
    picture_destroy(l.actual);
    return ok;
}

bool step_snap(struct script *s, struct step *step)
{
    if (!has_screen(s, step))
        return false;
    struct picture *pic = display_snapshot(s->display, step->head, step->cursor);
    int error = pic ? ui_save_until(pic, step->string, UI_PICTURE_BY_NAME, &s->save_until) : ENOMEM;
    picture_destroy(pic);
    return !error ||
           script_fail(step, "'%s' cannot be written: %s", step->string, host_file_why(error));
}
