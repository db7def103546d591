/* SPDX-License-Identifier: MIT */
/*
 * A disassembler of x86-64, for dumps: capstone, if riscreen was built with its headers (Meson's
 * feature `capstone`) and the host has the library, which is loaded when it is asked for. disasm_capstone.c, or
 * disasm_none.c.
 */
#ifndef JIT_DISASM_H
#define JIT_DISASM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct disasm;

struct disasm *disasm_open(struct error *err); /* NULL: there is none; the reason in err */
void disasm_close(struct disasm *d);
/* The instruction at `code`, of at most n bytes, that runs at `address`, in words. Its length; 0: it is none. */
size_t disasm_next(struct disasm *d, const uint8_t *code, size_t n, uint64_t address, char *text,
                   size_t size);

#endif
