/* SPDX-License-Identifier: MIT */
#include "replay/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY (UINT64_C(2) << 30)

enum form { FORM_FLAG, FORM_TEXT, FORM_NUMBER, FORM_SIZE };

static const struct option {
    const char *name, *arg; /* arg NULL: a flag */
    enum form form;
    uint64_t min, max;
    size_t field; /* in struct replay_options */
    const char *help;
} options[] = {
#define FIELD(f) offsetof(struct replay_options, f)
    {"list", NULL, FORM_FLAG, 0, 0, FIELD(list),
     "Print each command in words: its step, the time in the trace, its arguments, its result."},
    {"final", "FILE", FORM_TEXT, 0, 0, FIELD(final),
     "Write what the screen shows at the end, with the pointer, as a PNG (or PPM, by its name)."},
    {"head", "N", FORM_NUMBER, 0, 15, FIELD(head), "The scanout of --final; 0 is the first."},
    {"resource", "ID", FORM_NUMBER, 1, UINT32_MAX, FIELD(resource),
     "Write what a resource holds, flushed or not; --png says where."},
    {"at", "STEP", FORM_NUMBER, 1, UINT64_MAX, FIELD(at),
     "After which step to look at the resource; at the end if it is left out."},
    {"png", "FILE", FORM_TEXT, 0, 0, FIELD(png), "The picture of --resource."},
    {"bench", "N", FORM_NUMBER, 1, 1000000, FIELD(bench),
     "Play the trace N times and compare full-frame transfers and flushes with a memcpy from the "
     "same pages, caches cold."},
    {"memory", "SIZE", FORM_SIZE, 1 << 20, UINT64_C(1) << 40, FIELD(memory),
     "Memory that a trace may make use of, for guest pages and again for resources (default 2G)."},
    {"help", NULL, FORM_FLAG, 0, 0, FIELD(help), "Print this and exit."},
    {"version", NULL, FORM_FLAG, 0, 0, FIELD(version), "Print the version and exit."},
    {"man", NULL, FORM_FLAG, 0, 0, FIELD(man), NULL},
};

static const char usage[] = "riscreen-gpu-replay FILE [option]...";
static const char about[] = "Plays a trace that riscreen --trace-gpu made, without a guest.";
static const char status[] =
    "0 if every checksum and every answer is the trace's, 2 if one differs, 1 if the trace cannot "
    "be played.";

/* A decimal number; of FORM_SIZE with K, M, G or T behind it, MiB without. */
static bool take_number(const struct option *row, const char *text, uint64_t *value)
{
    static const char units[] = "KMGT";
    char *end;
    errno = 0;
    uint64_t v = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno)
        return false;
    if (row->form == FORM_SIZE) {
        const char *unit = *end ? strchr(units, *end) : units + 1;
        if (!unit)
            return false;
        unsigned shift = 10 * (unsigned)(unit - units + 1);
        end += *end != 0;
        if (v > row->max >> shift)
            return false;
        v <<= shift;
    }
    *value = v;
    return !*end && v >= row->min && v <= row->max;
}

static bool take(struct replay_options *o, const struct option *row, const char *value)
{
    void *field = (char *)o + row->field;
    switch (row->form) {
    case FORM_FLAG: *(bool *)field = true; return true;
    case FORM_TEXT: *(const char **)field = value; return true;
    default: return take_number(row, value, field);
    }
}

static const struct option *find(const char *name, size_t n)
{
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (strlen(options[i].name) == n && !memcmp(options[i].name, name, n))
            return &options[i];
    return NULL;
}

static bool check(const struct replay_options *o, struct error *err)
{
    const char *why = NULL;
    if (o->help || o->version || o->man)
        return true;
    if (!o->path)
        why = "no trace; give the file that riscreen --trace-gpu made";
    else if (!o->resource != !o->png)
        why = "--resource ID and --png FILE belong together; give both";
    else if (o->at && !o->resource)
        why = "--at belongs to --resource ID --png FILE; give them";
    if (why)
        error_set(err, "%s", why);
    return !why;
}

/* An option at argv[*at]; steps over its value. */
static bool take_option(struct replay_options *o, int argc, char **argv, int *at, struct error *err)
{
    const char *word = argv[*at], *name = word + 2;
    size_t n = strcspn(name, "=");
    const struct option *row = word[1] == '-' ? find(name, n) : NULL;
    const char *value = "";
    if (!row)
        return error_set(err, "%s: no such option; see riscreen-gpu-replay --help", word);
    if (row->arg) {
        value = name[n] ? name + n + 1 : *at + 1 < argc ? argv[++*at] : "";
        if (*value && take(o, row, value))
            return true;
        return error_set(err, "--%s '%s': not a value; write --%s %s", row->name, value, row->name,
                         row->arg);
    }
    if (name[n])
        return error_set(err, "--%s takes no value; leave it out", row->name);
    return take(o, row, value);
}

bool replay_options_parse(struct replay_options *o, int argc, char **argv, struct error *err)
{
    *o = (struct replay_options){.memory = MEMORY};
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1]) {
            if (!take_option(o, argc, argv, &i, err))
                return false;
        } else if (o->path) {
            return error_set(err, "%s: one trace at a time; %s is given already", argv[i], o->path);
        } else {
            o->path = argv[i];
        }
    }
    return check(o, err);
}

void replay_print_help(FILE *f)
{
    fprintf(f, "%s\n\nUsage: %s\n\n", about, usage);
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (options[i].help)
            fprintf(f, "  --%s%s%s\n        %s\n", options[i].name, options[i].arg ? " " : "",
                    options[i].arg ? options[i].arg : "", options[i].help);
    fprintf(f, "\nExit status: %s\n", status);
}

void replay_print_man(FILE *f)
{
    fprintf(f,
            ".TH RISCREEN-GPU-REPLAY 1 \"\" \"riscreen\" \"User Commands\"\n.SH NAME\n"
            "riscreen-gpu-replay \\- plays a trace of a GPU\n.SH SYNOPSIS\n%s\n"
            ".SH DESCRIPTION\n%s\n.SH OPTIONS\n",
            usage, about);
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (options[i].help)
            fprintf(f, ".TP\n\\fB\\-\\-%s\\fR %s%s%s\n%s\n", options[i].name,
                    options[i].arg ? "\\fI" : "", options[i].arg ? options[i].arg : "",
                    options[i].arg ? "\\fR" : "", options[i].help);
    fprintf(f, ".SH EXIT STATUS\n%s\n.SH SEE ALSO\n\\fBriscreen\\fR(1)\n", status);
}
