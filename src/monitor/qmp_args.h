/* SPDX-License-Identifier: MIT */
/* Arguments of QMP commands: their shape is a table, checked before the command runs. */
#ifndef MONITOR_QMP_ARGS_H
#define MONITOR_QMP_ARGS_H

#include "monitor/qmp.h"

/* One member of an object. */
struct qmp_arg {
    const char *name;
    json_type type;
    bool optional;
};

/* Has obj (NULL: empty) the members of args, and no others? `path`: its place, "" or "keys[0].". */
bool qmp_check(struct json_object *obj, const struct qmp_arg *args, const char *path,
               struct qmp_error *err);

/* Of checked objects; the default if the member is missing. */
const char *qmp_string(struct json_object *obj, const char *name, const char *otherwise);
int64_t qmp_int(struct json_object *obj, const char *name, int64_t otherwise);
bool qmp_bool(struct json_object *obj, const char *name, bool otherwise);
struct json_object *qmp_member(struct json_object *obj, const char *name);

#endif
