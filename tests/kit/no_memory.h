/* SPDX-License-Identifier: MIT */
/*
 * An allocator that fails on demand. A test that links no_memory.c (dependency `no_memory` of
 * Meson) has its own and the library's malloc, calloc and realloc replaced.
 */
#ifndef KIT_NO_MEMORY_H
#define KIT_NO_MEMORY_H

#include <stdbool.h>

/* While true, allocations of the calling thread return NULL. */
extern _Thread_local bool no_memory;

#endif
