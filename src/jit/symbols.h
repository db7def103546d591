/* SPDX-License-Identifier: MIT */
/* A table of a guest's symbols, from text that the user gives: `ADDRESS TYPE NAME` in each line. */
#ifndef JIT_SYMBOLS_H
#define JIT_SYMBOLS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct symbols;

/* Reads a file of at most 32 MiB. NULL with one line, without the file's name, in err. */
struct symbols *symbols_read(const char *path, struct error *err);
/* The same, of n bytes that the caller has and a NUL behind them; they are kept and changed, and freed with the table,
 * also when NULL is returned. */
struct symbols *symbols_parse(char *text, size_t n, struct error *err);
void symbols_free(struct symbols *s);
/* The function that holds an address: the last symbol at or before it, if that is code; else NULL. Lives as long as s. */
const char *symbols_find(const struct symbols *s, uint64_t address);

#endif
