/* SPDX-License-Identifier: MIT */
#include "jit/disasm.h"

#include "base/util.h"

#include <capstone/capstone.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_OF(x)  #x
#define VALUE_OF(x) TEXT_OF(x)

/* clang-format off */
#define DISASM_API(X) X(open) X(close) X(disasm) X(free)
/* clang-format on */

struct disasm {
    csh handle;
    void *library;
#define MEMBER(name) __typeof__(cs_##name) *name;
    DISASM_API(MEMBER)
#undef MEMBER
};

static const struct {
    const char *name;
    size_t offset; /* of its pointer in struct disasm */
} functions[] = {
#define ROW(name) {"cs_" #name, offsetof(struct disasm, name)},
    DISASM_API(ROW)
#undef ROW
};

static bool load(struct disasm *d)
{
    d->library = dlopen("libcapstone.so." VALUE_OF(CS_API_MAJOR), RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; d->library && i < ARRAY_SIZE(functions); i++) {
        void *function = dlsym(d->library, functions[i].name);
        if (!function)
            return false;
        memcpy((char *)d + functions[i].offset, &function, sizeof(function));
    }
    return d->library;
}

struct disasm *disasm_open(struct error *err)
{
    struct disasm *d = calloc(1, sizeof(*d));
    if (!d)
        error_no_memory(err);
    else if (!load(d))
        error_set(err, "the library capstone is not installed");
    else if (d->open(CS_ARCH_X86, CS_MODE_64, &d->handle))
        error_set(err, "the library capstone has no x86");
    else
        return d;
    disasm_close(d);
    return NULL;
}

void disasm_close(struct disasm *d)
{
    if (!d)
        return;
    if (d->handle)
        d->close(&d->handle);
    if (d->library)
        dlclose(d->library);
    free(d);
}

size_t disasm_next(struct disasm *d, const uint8_t *code, size_t n, uint64_t address, char *text,
                   size_t size)
{
    cs_insn *insn;
    if (!d->disasm(d->handle, code, n, address, 1, &insn))
        return 0;
    size_t length = insn->size;
    snprintf(text, size, "%-9s %s", insn->mnemonic, insn->op_str);
    d->free(insn, 1);
    return length;
}
