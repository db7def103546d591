/* SPDX-License-Identifier: MIT */
/* Builds without capstone have no disassembler. */
#include "jit/disasm.h"

struct disasm *disasm_open(struct error *err)
{
    error_set(err, "riscreen was built without capstone");
    return NULL;
}

void disasm_close(struct disasm *d)
{
    (void)d;
}

size_t disasm_next(struct disasm *d, const uint8_t *code, size_t n, uint64_t address, char *text,
                   size_t size)
{
    (void)d, (void)code, (void)n, (void)address, (void)text, (void)size;
    return 0;
}
