/* SPDX-License-Identifier: MIT */
/* The table of extensions: names, what they need, how the device tree calls them. */
#ifndef CPU_EXT_H
#define CPU_EXT_H

#include "cpu/cpu.h"

/*
 * Writes the extensions of a model: as riscv,isa's string ("rv64imafdc_zba...") into isa, and as
 * riscv,isa-extensions' NUL-separated list into list; returns the list's length.
 */
size_t ext_strings(const struct cpu_model *m, bool firmware, char *isa, size_t isa_size, char *list,
                   size_t list_size);

#endif
