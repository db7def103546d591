/* SPDX-License-Identifier: MIT */
/* query-gpu and query-stats: what the GPU and the harts report, as JSON. */
#include "monitor/qmp.h"

#include "base/visit.h"

#include <stdio.h>

#define MAX_DEPTH 8

/* Objects and lists, from the answer itself to the innermost that is open. */
struct json_visitor {
    struct visitor visitor;
    struct json_object *open[MAX_DEPTH];
    unsigned depth;
};

static void add(struct visitor *v, const char *name, struct json_object *value)
{
    struct json_visitor *j = container_of(v, struct json_visitor, visitor);
    struct json_object *in = j->open[MIN(j->depth, MAX_DEPTH - 1)];
    if (name)
        json_object_object_add(in, name, value);
    else
        json_object_array_add(in, value);
}

static void add_number(struct visitor *v, const char *name, uint64_t value)
{
    add(v, name, json_object_new_int64((int64_t)value));
}

static void add_real(struct visitor *v, const char *name, double value)
{
    char text[32];
    snprintf(text, sizeof(text), "%.6g", value);
    add(v, name, json_object_new_double_s(value, text));
}

static void add_flag(struct visitor *v, const char *name, bool value)
{
    add(v, name, json_object_new_boolean(value));
}

static void add_text(struct visitor *v, const char *name, const char *value)
{
    add(v, name, json_object_new_string(value));
}

static void open_value(struct visitor *v, const char *name, struct json_object *value)
{
    struct json_visitor *j = container_of(v, struct json_visitor, visitor);
    add(v, name, value);
    if (++j->depth < MAX_DEPTH)
        j->open[j->depth] = value;
}

static void begin_object(struct visitor *v, const char *name)
{
    open_value(v, name, json_object_new_object());
}

static void begin_list(struct visitor *v, const char *name)
{
    open_value(v, name, json_object_new_array());
}

static void end(struct visitor *v)
{
    container_of(v, struct json_visitor, visitor)->depth--;
}

static const struct visitor json_ops = {
    .number = add_number,
    .real = add_real,
    .flag = add_flag,
    .text = add_text,
    .begin_object = begin_object,
    .begin_list = begin_list,
    .end = end,
};

struct json_object *qmp_query_gpu(struct qmp *q, struct json_object *args, struct qmp_error *err)
{
    (void)args;
    struct json_visitor j = {json_ops, {json_object_new_object()}, 0};
    enum machine_query outcome = machine_query(q->target->machine, "gpu", &j.visitor);
    if (outcome == QUERY_DONE)
        return j.open[0];
    qmp_fail(err, "%s", outcome == QUERY_NO_DEVICE ? "There is no GPU" : "not enough memory");
    json_object_put(j.open[0]);
    return NULL;
}

struct json_object *qmp_query_stats(struct qmp *q, struct json_object *args, struct qmp_error *err)
{
    (void)args, (void)err;
    struct json_visitor j = {json_ops, {json_object_new_object()}, 0};
    machine_report(q->target->machine, &j.visitor);
    return j.open[0];
}
