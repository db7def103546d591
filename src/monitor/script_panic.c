/* SPDX-License-Identifier: MIT */
/* A panic of the guest: the step that runs fails, with what the console and the screen show. */
#include "monitor/script.h"

#include "display/display.h"
#include "ui/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LAST_LINES 40
#define LAST_BYTES 4096

static void on_machine(void *ctx, enum machine_event event, enum machine_cause cause)
{
    struct script *s = ctx;
    (void)cause;
    if (event != MACHINE_EVENT_PANIC || machine_on_panic(s->machine) == ON_PANIC_GO_ON)
        return;
    pthread_mutex_lock(&s->lock);
    s->panicked = s->ending = true;
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
}

void script_watch_panic(struct script *s)
{
    machine_on_event(s->machine, &s->events, on_machine, s);
}

bool script_panicked(struct script *s)
{
    pthread_mutex_lock(&s->lock);
    bool panicked = s->panicked;
    pthread_mutex_unlock(&s->lock);
    return panicked;
}

/* The console's last lines, malloc'd. */
static char *last_lines(struct script *s)
{
    pthread_mutex_lock(&s->lock);
    const char *end = s->console + (s->console_to - s->console_from), *p = end;
    for (unsigned lines = 0; p > s->console && end - p < LAST_BYTES; p--)
        if (p[-1] == '\n' && p != end && ++lines == LAST_LINES)
            break;
    size_t n = (size_t)(end - p);
    char *text = malloc(n + 1);
    for (size_t i = 0; text && i < n; i++)
        text[i] = p[i] ? p[i] : '?';
    if (text)
        text[n] = 0;
    pthread_mutex_unlock(&s->lock);
    return text;
}

/* The screen, beside the pictures of other failures; its path, malloc'd, or NULL. */
static char *save_screen(struct script *s, const struct step *step)
{
    unsigned head = s->display && step->head < display_heads(s->display) ? step->head : 0;
    struct picture *pic = s->display ? display_snapshot(s->display, head, false) : NULL;
    char *path = pic ? script_out_path(s, step, "panic") : NULL;
    int error = path ? ui_save_until(pic, path, UI_PICTURE_PNG, &s->save_until) : 0;
    picture_destroy(pic);
    if (error) {
        log_warn(s->config.log, "%s: %s", path, strerror(error));
        free(path);
        return NULL;
    }
    return path;
}

bool script_fail_panicked(struct script *s, struct step *step)
{
    char *path = save_screen(s, step);
    script_fail(step, "the guest panicked%s%s", path ? "; see " : "", path ? path : "");
    free(path);
    free(step->detail);
    step->detail = last_lines(s);
    return false;
}

void script_say_detail(struct script *s, const struct step *step)
{
    for (const char *p = step->detail; p && *p;) {
        int n = (int)strcspn(p, "\n");
        log_warn(s->config.log, "| %.*s", n, p);
        p += n + (p[n] == '\n');
    }
}
