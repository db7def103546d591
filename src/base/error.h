/* SPDX-License-Identifier: MIT */
/*
 * Why something failed, for the person who runs the program: one line without a newline, in the form
 * "what: why; the cure". The caller owns the struct and need not initialise it. A function that takes a
 * `struct error *` sets it before it returns failure and leaves it alone when it succeeds.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/util.h"

#define ERROR_NO_MEMORY "not enough host memory; end other programs"

struct error {
    char text[512]; /* ends with a NUL; a longer text is cut */
};

/* Sets the text and returns false. The arguments may point into err->text: that is how a caller adds to
 * the error of a function it called. */
bool error_set(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Sets the one text for an allocation that failed, and returns false. */
bool error_no_memory(struct error *err);

#endif
