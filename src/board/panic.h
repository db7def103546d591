/* SPDX-License-Identifier: MIT */
/*
 * Finds a kernel's last words in what a guest writes to its console. Linux's are
 *
 *     [    1.234567] Kernel panic - not syncing: Attempted to kill init!
 *     [    1.234567] ---[ end Kernel panic - not syncing: ... ]---
 *
 * and others' begin with "Kernel panic", too. They stand
 * at the start of a line, behind times and callers in brackets if there are any, or behind a time
 * in the middle of a line, which a program had begun. What is typed and echoed behind a prompt is
 * no panic. Output may come in any pieces; each byte is looked at once.
 */
#ifndef BOARD_PANIC_H
#define BOARD_PANIC_H

#include "base/blob.h"

struct panic_watch {
    enum {
        PANIC_LINE_START, /* also behind a bracket: the words may come */
        PANIC_BRACKET,    /* inside one, of `at` bytes so far */
        PANIC_WORDS,      /* `at` of them were matched */
        PANIC_FOUND,      /* all of the first line's */
        PANIC_REST        /* of a line without */
    } state;
    unsigned at;
    bool line;    /* nothing but brackets stands before this on its line */
    bool dot;     /* the bracket has one, as times have */
    bool bracket; /* a time was the last thing before this */
    bool begun;   /* the first line was found; the other one is looked for */
    bool ending;  /* this is the other one */
};

enum panic_event { PANIC_NONE, PANIC_BEGUN, PANIC_SAID };

/* To the state at the start of a machine; all zeros is that state, too. */
void panic_watch_reset(struct panic_watch *w);
/* The next bytes; the last event in them. */
enum panic_event panic_watch_feed(struct panic_watch *w, const uint8_t *bytes, size_t n);

/* The watch's state, in the middle of a line. False: w is as before. */
void panic_watch_save(const struct panic_watch *w, struct blob_out *out);
bool panic_watch_load(struct panic_watch *w, struct blob_in *in);

#endif
