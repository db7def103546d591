/* SPDX-License-Identifier: MIT */
#include "ui/type_text.h"

#include "host/clock.h"
#include "host/thread.h"

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Between characters. The guest's programs have a buffer of some ten keys, which a busy guest may
 * not read for a few tenths of a second. */
#define INTERVAL (NS_PER_SEC / 50)

void type_text_init(struct type_text *t, struct input_hub *hub, struct log *log,
                    const struct keyboard_layout *layout)
{
    *t = (struct type_text){.log = log, .layout = layout, .due = HOST_FOREVER};
    input_held_init(&t->held, hub);
}

void type_text_finish(struct type_text *t)
{
    input_held_release(&t->held);
    free(t->text);
    t->text = NULL;
    t->due = HOST_FOREVER;
}

void type_text_start(struct type_text *t, const char *text)
{
    type_text_finish(t);
    t->text = strdup(text);
    t->next = t->text;
    t->missing = 0;
    t->missed[0] = 0;
    t->due = t->text ? 0 : HOST_FOREVER;
}

/* Records a character without a key; from..to are its bytes. */
static void note_missing(struct type_text *t, uint32_t c, const char *from, const char *to)
{
    size_t used = strlen(t->missed), left = sizeof(t->missed) - used;
    t->missing++;
    if (left < sizeof(" U+10FFFF"))
        return;
    if (c > 0xa0 && c != 0xfffd)
        snprintf(t->missed + used, left, " %.*s", (int)(to - from), from);
    else
        snprintf(t->missed + used, left, " U+%04X", (unsigned)c);
}

static void send_stroke(struct type_text *t, const struct key_stroke *s)
{
    bool caps = input_leds(t->held.hub) >> LED_CAPSL & 1;
    unsigned modifiers = s->modifiers ^ (s->letter && caps ? KEYBOARD_SHIFT : 0);
    if (modifiers & KEYBOARD_SHIFT)
        input_held_key(&t->held, KEY_LEFTSHIFT, true);
    if (modifiers & KEYBOARD_ALTGR)
        input_held_key(&t->held, KEY_RIGHTALT, true);
    input_held_key(&t->held, s->code, true);
    input_held_key(&t->held, s->code, false);
    input_held_key(&t->held, KEY_RIGHTALT, false);
    input_held_key(&t->held, KEY_LEFTSHIFT, false);
}

/* Types the next character; CR and CR LF are Enter. */
static void type_next(struct type_text *t)
{
    struct key_stroke strokes[KEYBOARD_MAX_STROKES];
    const char *from = t->next;
    uint32_t c = utf8_next(&t->next);
    if (c == '\r') {
        if (*t->next == '\n')
            t->next++;
        c = '\n';
    }
    unsigned n = keyboard_layout_strokes(t->layout, c, strokes);
    for (unsigned i = 0; i < n; i++)
        send_stroke(t, &strokes[i]);
    if (!n)
        note_missing(t, c, from, t->next);
}

void type_text_step(struct type_text *t, uint64_t now)
{
    if (!t->text || (t->due != HOST_FOREVER && now < t->due))
        return;
    if (input_waiting(t->held.hub, INPUT_KIND_KEYBOARD)) {
        t->due = HOST_FOREVER; /* until the hub's watch calls this again */
        return;
    }
    if (*t->next) {
        type_next(t);
        t->due = now + INTERVAL;
        return;
    }
    type_text_finish(t);
    if (t->missing)
        log_warn(t->log,
                 "typing left out %u that the guest's keyboard does not have:%s; another keymap "
                 "may (--display sdl,keymap=us|uk|de|fr)",
                 t->missing, t->missed);
}
