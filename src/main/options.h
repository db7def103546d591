/* SPDX-License-Identifier: MIT */
/* The option table, for config.c (which parses by it) and help.c (which prints it). */
#ifndef MAIN_OPTIONS_H
#define MAIN_OPTIONS_H

#include "base/error.h"
#include "main/config.h"

struct option_row {
    const char *group; /* begins a group in the help; NULL: still the one before */
    char letter;       /* 0: none */
    const char *name;
    const char *arg; /* how its argument is called; NULL: it takes none */
    const char *def; /* default, taken like a given value; NULL: none */
    /* NULL text: left out of the help. Plain sentences; %s in it becomes `def`. */
    const char *help;
    bool (*take)(struct config *c, const char *value, struct error *err);
};

extern const struct option_row option_rows[];
extern const unsigned option_count;

#endif
