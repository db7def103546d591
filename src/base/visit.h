/* SPDX-License-Identifier: MIT */
/*
 * Facts as a tree of named values. A device reports what it holds to a visitor, which makes JSON,
 * text or a test's expectation of it, so neither includes the other.
 *
 * An implementation embeds struct visitor at its start. Members of a list have no name: NULL.
 * Strings are only valid during the call.
 */
#ifndef BASE_VISIT_H
#define BASE_VISIT_H

#include "base/util.h"

struct visitor {
    void (*number)(struct visitor *v, const char *name, uint64_t value);
    void (*real)(struct visitor *v, const char *name, double value); /* finite */
    void (*flag)(struct visitor *v, const char *name, bool value);
    void (*text)(struct visitor *v, const char *name, const char *value);
    /* An object or a list opens; what comes until its end() is inside. */
    void (*begin_object)(struct visitor *v, const char *name);
    void (*begin_list)(struct visitor *v, const char *name);
    void (*end)(struct visitor *v);
};

#endif
