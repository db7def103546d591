/* SPDX-License-Identifier: MIT */
/*
 * Types a text into the guest: presses the keys of one character at a time, and none while the
 * guest has not read the one before. The front-end calls type_text_step when it is due and when the
 * input hub reports that the guest has read everything (input_watch). One thread.
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
    char *text;       /* the text being typed; NULL: none */
    const char *next; /* the next character */
    uint64_t due;     /* host_now_ns() of the next character; HOST_FOREVER: none */
    unsigned missing; /* characters that could not be typed */
    char missed[64];  /* the first of them, UTF-8 */
};

void type_text_init(struct type_text *t, struct input_hub *hub, struct log *log,
                    const struct keyboard_layout *layout);
void type_text_finish(struct type_text *t); /* stops typing; no key stays pressed */
/* Begins to type a UTF-8 text, which is copied, instead of the text before. */
void type_text_start(struct type_text *t, const char *text);
/* Types the next character if it is due. After the last, logs those that could not be typed. */
void type_text_step(struct type_text *t, uint64_t now);

#endif
