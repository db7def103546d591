/* SPDX-License-Identifier: MIT */
/* The command line of riscreen-gpu-replay: one table for parsing, --help and the manual page. */
#ifndef REPLAY_OPTIONS_H
#define REPLAY_OPTIONS_H

#include "base/error.h"
#include "base/util.h"

#include <stdio.h>

struct replay_options {
    const char *path;            /* the trace */
    const char *final, *png;     /* pictures to write */
    uint64_t head, resource, at; /* of --final; of --png: its number, after which step */
    uint64_t bench;              /* how often; 0: not at all */
    uint64_t memory;             /* bytes */
    bool list, help, version, man;
};

/* False with one line (what, why, the cure) in err. */
bool replay_options_parse(struct replay_options *o, int argc, char **argv, struct error *err);
void replay_print_help(FILE *f);
void replay_print_man(FILE *f); /* roff, for riscreen-gpu-replay(1) */

#endif
