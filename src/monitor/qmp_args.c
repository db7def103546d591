/* SPDX-License-Identifier: MIT */
#include "monitor/qmp_args.h"

#include <string.h>

static const char *type_name(json_type type)
{
    switch (type) {
    case json_type_boolean: return "boolean";
    case json_type_int: return "integer";
    case json_type_double: return "number";
    case json_type_string: return "string";
    case json_type_array: return "array";
    default: return "object";
    }
}

static const struct qmp_arg *arg_find(const struct qmp_arg *args, const char *name)
{
    for (; args->name; args++)
        if (!strcmp(args->name, name))
            return args;
    return NULL;
}

bool qmp_check(struct json_object *obj, const struct qmp_arg *args, const char *path,
               struct qmp_error *err)
{
    struct json_object *value;
    for (const struct qmp_arg *a = args; a->name; a++) {
        if (!obj || !json_object_object_get_ex(obj, a->name, &value)) {
            if (a->optional)
                continue;
            return qmp_fail(err, "Parameter '%s%s' is missing", path, a->name);
        }
        if (json_object_get_type(value) != a->type)
            return qmp_fail(err, "Invalid parameter type for '%s%s', expected: %s", path, a->name,
                            type_name(a->type));
    }
    if (!obj)
        return true;
    json_object_object_foreach(obj, name, member)
    {
        (void)member;
        if (!arg_find(args, name))
            return qmp_fail(err, "Parameter '%s%.64s' is unexpected", path, name);
    }
    return true;
}

struct json_object *qmp_member(struct json_object *obj, const char *name)
{
    struct json_object *value = NULL;
    return obj && json_object_object_get_ex(obj, name, &value) ? value : NULL;
}

const char *qmp_string(struct json_object *obj, const char *name, const char *otherwise)
{
    struct json_object *value = qmp_member(obj, name);
    return value ? json_object_get_string(value) : otherwise;
}

int64_t qmp_int(struct json_object *obj, const char *name, int64_t otherwise)
{
    struct json_object *value = qmp_member(obj, name);
    return value ? json_object_get_int64(value) : otherwise;
}

bool qmp_bool(struct json_object *obj, const char *name, bool otherwise)
{
    struct json_object *value = qmp_member(obj, name);
    return value ? json_object_get_boolean(value) : otherwise;
}
