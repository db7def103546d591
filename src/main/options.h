/* SPDX-License-Identifier: MIT */
/* The option table, for config.c (which parses by it) and help.c (which prints it). */
#ifndef MAIN_OPTIONS_H
#define MAIN_OPTIONS_H

#include "base/parse.h"
#include "main/config.h"

struct option_row {
    const char *group;    /* begins a group in the help; NULL: still the one before */
    char letter;          /* 0: none */
    struct parse_key key; /* into struct config; without a syntax it takes no value */
    /* NULL: left out of the help. Plain sentences; %s in it becomes the default. */
    const char *help;
};

extern const struct option_row option_rows[];
extern const unsigned option_count;

#endif
