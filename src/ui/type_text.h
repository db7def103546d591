/* SPDX-License-Identifier: MIT */
/*
 * Types a text into the guest, key by key, as a patient person would: one character at a time, and
 * none while the guest has not read the one before. Whoever runs it calls type_text_step when it is
 * due and when the input hub says that the guest has read everything (input_watch). One thread.
 */
#ifndef UI_TYPE_TEXT_H
#define UI_TYPE_TEXT_H

#include "base/log.h"
#include "display/input.h"
#include "ui/keyboard_layout.h"

struct type_text {
    struct log *log;
    const struct keyboard_layout *layout;
    struct input_held held;
    char *text;       /* what is being typed; NULL: nothing */
    const char *next; /* where in it */
    uint64_t due;     /* host_now_ns() of the next character; HOST_FOREVER: none */
    unsigned missing; /* characters that could not be typed */
    char missed[64];  /* the first of them, UTF-8 */
};

void type_text_init(struct type_text *t, struct input_hub *hub, struct log *log,
                    const struct keyboard_layout *layout);
void type_text_finish(struct type_text *t); /* stops in the middle; nothing stays pressed */
/* Begins with a UTF-8 text, which is copied; what was being typed is given up. */
void type_text_start(struct type_text *t, const char *text);
/* Says what could not be typed, when all is done. */
void type_text_step(struct type_text *t, uint64_t now);

#endif
