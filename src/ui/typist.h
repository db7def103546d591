/* SPDX-License-Identifier: MIT */
/*
 * Types a text into the guest, key by key, as a patient person would: one character at a time, and
 * none while the guest has not read the one before. Whoever runs it calls typist_step when it is
 * due and when the input hub says that the guest has read everything (input_watch). One thread.
 */
#ifndef UI_TYPIST_H
#define UI_TYPIST_H

#include "base/log.h"
#include "display/input.h"
#include "ui/layout.h"

struct typist {
    struct log *log;
    const struct layout *layout;
    struct input_held held;
    char *text;       /* what is being typed; NULL: nothing */
    const char *next; /* where in it */
    uint64_t due;     /* host_now_ns() of the next character; HOST_FOREVER: none */
    unsigned missing; /* characters that could not be typed */
    char missed[64];  /* the first of them, UTF-8 */
};

void typist_init(struct typist *t, struct input_hub *hub, struct log *log,
                 const struct layout *layout);
void typist_finish(struct typist *t); /* stops in the middle; nothing stays pressed */
/* Begins with a UTF-8 text, which is copied; what was being typed is given up. */
void typist_start(struct typist *t, const char *text);
/* Says what could not be typed, when all is done. */
void typist_step(struct typist *t, uint64_t now);

#endif
