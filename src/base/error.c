/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *err, const char *fmt, ...)
{
    struct error made;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(made.text, sizeof(made.text), fmt, ap);
    va_end(ap);
    *err = made;
    return false;
}

bool error_no_memory(struct error *err)
{
    return error_set(err, "%s", ERROR_NO_MEMORY);
}
