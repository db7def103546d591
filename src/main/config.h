/* SPDX-License-Identifier: MIT */
/*
 * The command line. One const table (options.c) has a row for each option: its names, argument,
 * default, help text and the form of its value (base/parse.h). Parsing, the defaults, --help and the
 * manual page all come from that table, so they cannot disagree.
 */
#ifndef MAIN_CONFIG_H
#define MAIN_CONFIG_H

#include "base/error.h"
#include "board/machine.h"
#include "ui/ui.h"

#include <stdio.h>

#define CONFIG_MAX_COPIES 32

struct config {
    struct machine_config machine; /* complete but for log and the console's tap */
    struct config_display {
        const char *name;
        const char *args; /* what followed the name, or "" */
    } display[FRONT_ENDS_MAX];
    unsigned displays; /* in display */
    bool shown;        /* one of them was asked for by --display; else there is also the default */
    const char *monitor, *script, *script_out, *junit, *dumpdtb, *log;
    uint64_t timeout;              /* seconds; 0: none */
    bool on_panic;                 /* chosen by --on-panic; else --script decides */
    bool stats;                    /* print statistics at the end */
    bool help, version, man;       /* print that, and nothing else */
    char *copy[CONFIG_MAX_COPIES]; /* split arguments, freed by config_finish */
    unsigned copies;
};

/*
 * Defaults, then the arguments; strings point into argv or into copies. False with one line (what,
 * why, the cure) in err; config_finish is due all the same.
 */
bool config_parse(struct config *c, int argc, char **argv, struct error *err);
void config_finish(struct config *c);

void config_print_help(FILE *f);
void config_print_man(FILE *f); /* roff, for riscreen(1) */

#endif
