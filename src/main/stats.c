/* SPDX-License-Identifier: MIT */
/* --stats: what the machine reports, as lines of text. */
#include "main/stats.h"

#include "base/visit.h"
#include "board/machine.h"

#include <inttypes.h>
#include <stdio.h>

#define MAX_DEPTH 4
#define MAX_NAME  32

struct text_visitor {
    struct visitor visitor;
    struct log *log;
    unsigned depth;
    struct {
        char name[MAX_NAME]; /* of the object or list that is open */
        unsigned members;    /* of a list: how many it had */
    } open[MAX_DEPTH];
};

/* name, or the next index of a list. */
static void text_name(struct text_visitor *t, const char *name, char *out)
{
    if (name)
        snprintf(out, MAX_NAME, "%s", name);
    else
        snprintf(out, MAX_NAME, "%u", t->open[t->depth - 1].members++);
}

static void text_line(struct visitor *v, const char *name, const char *value)
{
    struct text_visitor *t = container_of(v, struct text_visitor, visitor);
    char path[MAX_NAME * (MAX_DEPTH + 1)] = "", last[MAX_NAME];
    size_t n = 0;
    for (unsigned i = 0; i < t->depth; i++)
        n += (size_t)snprintf(path + n, sizeof(path) - n, "%s ", t->open[i].name);
    text_name(t, name, last);
    log_warn(t->log, "stats: %s%s %s", path, last, value);
}

static void text_number(struct visitor *v, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    text_line(v, name, text);
}

static void text_real(struct visitor *v, const char *name, double value)
{
    char text[32];
    snprintf(text, sizeof(text), "%.6g", value);
    text_line(v, name, text);
}

static void text_flag(struct visitor *v, const char *name, bool value)
{
    text_line(v, name, value ? "yes" : "no");
}

static void text_open(struct visitor *v, const char *name)
{
    struct text_visitor *t = container_of(v, struct text_visitor, visitor);
    text_name(t, name, t->open[t->depth].name);
    t->open[t->depth++].members = 0;
}

static void text_end(struct visitor *v)
{
    container_of(v, struct text_visitor, visitor)->depth--;
}

void stats_print(struct machine *m, struct log *log)
{
    struct text_visitor t = {
        .visitor = {.number = text_number,
                    .real = text_real,
                    .flag = text_flag,
                    .text = text_line,
                    .begin_object = text_open,
                    .begin_list = text_open,
                    .end = text_end},
        .log = log,
    };
    machine_report(m, &t.visitor);
}
