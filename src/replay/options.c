/* SPDX-License-Identifier: MIT */
#include "replay/options.h"

#include "base/parse.h"

#include <string.h>

#define MEMORY "2G"

static const struct option {
    struct parse_key key; /* into struct replay_options */
    const char *help;     /* NULL: left out of it */
} options[] = {
#define OPTIONS struct replay_options
    {{"list", NULL, NULL, PARSE_FLAG(OPTIONS, list)},
     "Print each command in words: its step, the time in the trace, its arguments, its result."},
    {{"final", "FILE", NULL, PARSE_TEXT(OPTIONS, final)},
     "Write what the screen shows at the end, with the pointer, as a PNG (or PPM, by its name)."},
    {{"head", "N", NULL, PARSE_NUMBER(OPTIONS, head, 0, 15)},
     "The scanout of --final; 0 is the first."},
    {{"resource", "ID", NULL, PARSE_NUMBER(OPTIONS, resource, 1, UINT32_MAX)},
     "Write what a resource holds, flushed or not; --png says where."},
    {{"at", "STEP", NULL, PARSE_NUMBER(OPTIONS, at, 1, UINT64_MAX)},
     "After which step to look at the resource; at the end if it is left out."},
    {{"png", "FILE", NULL, PARSE_TEXT(OPTIONS, png)}, "The picture of --resource."},
    {{"bench", "N", NULL, PARSE_NUMBER(OPTIONS, bench, 1, 1000000)},
     "Play the trace N times and compare full-frame transfers and flushes with a memcpy from the "
     "same pages, caches cold."},
    {{"memory", "SIZE", MEMORY, PARSE_SIZE(OPTIONS, memory, 1 << 20, UINT64_C(1) << 40)},
     "Memory that a trace may make use of, for guest pages and again for resources (default " MEMORY
     ")."},
    {{"help", NULL, NULL, PARSE_FLAG(OPTIONS, help)}, "Print this and exit."},
    {{"version", NULL, NULL, PARSE_FLAG(OPTIONS, version)}, "Print the version and exit."},
    {{"man", NULL, NULL, PARSE_FLAG(OPTIONS, man)}, NULL},
};

static const char usage[] = "riscreen-gpu-replay FILE [option]...";
static const char about[] = "Plays a trace that riscreen --trace-gpu made, without a guest.";
static const char status[] =
    "0 if every checksum and every answer is the trace's, 2 if one differs, 1 if the trace cannot "
    "be played.";

static const struct option *find(const char *name, size_t n)
{
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (strlen(options[i].key.name) == n && !memcmp(options[i].key.name, name, n))
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
    if (row->key.syntax) {
        value = name[n] ? name + n + 1 : *at + 1 < argc ? argv[++*at] : "";
        if (!*value)
            return error_set(err, "--%s needs a value; write --%s %s", row->key.name, row->key.name,
                             row->key.syntax);
        return parse_value(&row->key, o, value, err) ||
               error_set(err, "--%s %s: %s", row->key.name, value, err->text);
    }
    if (name[n])
        return error_set(err, "--%s takes no value; leave it out", row->key.name);
    return parse_value(&row->key, o, value, err);
}

bool replay_options_parse(struct replay_options *o, int argc, char **argv, struct error *err)
{
    *o = (struct replay_options){0};
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        parse_defaults(&options[i].key, 1, o);
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
            fprintf(f, "  --%s%s%s\n        %s\n", options[i].key.name,
                    options[i].key.syntax ? " " : "",
                    options[i].key.syntax ? options[i].key.syntax : "", options[i].help);
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
            fprintf(f, ".TP\n\\fB\\-\\-%s\\fR %s%s%s\n%s\n", options[i].key.name,
                    options[i].key.syntax ? "\\fI" : "",
                    options[i].key.syntax ? options[i].key.syntax : "",
                    options[i].key.syntax ? "\\fR" : "", options[i].help);
    fprintf(f, ".SH EXIT STATUS\n%s\n.SH SEE ALSO\n\\fBriscreen\\fR(1)\n", status);
}
