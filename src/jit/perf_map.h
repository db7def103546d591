/* SPDX-License-Identifier: MIT */
/*
 * /tmp/perf-PID.map, in which Linux's perf looks up code that no file holds: a line for each piece of
 * translated code, with its address, its size (both in hex) and a name (tools/perf/Documentation/jit-interface.txt).
 * The name is a function of the guest's, where a table of its symbols was given and has one for the
 * piece's virtual address, and else `rv:PC+n`, the address of the guest's first instruction and how
 * many there are.
 *
 * The virtual address is the one at which the hart ran when the code was translated; code that is
 * mapped elsewhere, too, is found under that name. When the code cache has been full and is used
 * anew, the file has several names for one address.
 */
#ifndef JIT_PERF_MAP_H
#define JIT_PERF_MAP_H

#include "base/error.h"

#include <stdint.h>

struct perf_map;

/*
 * Opens the file; one that an ended process of this number left is replaced. symbols: a file of lines
 * `ADDRESS TYPE NAME`, as the kernel's System.map, a guest's /proc/kallsyms or nm's output; NULL: none. NULL
 * with one line (what, why, the cure) in err, which begins with a file's name.
 */
struct perf_map *perf_map_create(const char *symbols, struct error *err);
void perf_map_destroy(struct perf_map *map); /* leaves the file */

#endif
