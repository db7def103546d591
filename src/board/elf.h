/* SPDX-License-Identifier: MIT */
/*
 * ELF executables of both classes, little-endian RISC-V, checked and reduced to what a loader
 * needs: segments at physical addresses and an entry point. A file is data: nothing in it is
 * believed before its extent was checked.
 */
#ifndef BOARD_ELF_H
#define BOARD_ELF_H

#include "base/util.h"

#define ELF_MAX_SEGMENTS 32

struct elf_segment {
    uint64_t pa;    /* where it goes */
    uint64_t memsz; /* bytes it takes there; what is beyond filesz is zero */
    const uint8_t *data;
    uint64_t filesz;
};

struct elf {
    uint64_t entry;
    unsigned count;
    struct elf_segment segment[ELF_MAX_SEGMENTS];
};

bool elf_is(const uint8_t *data, size_t size); /* does it begin as an ELF file? */
/* bias: where a position-independent executable goes; others keep their addresses. The result
 * points into data. False with the reason in err. */
bool elf_parse(struct elf *elf, const uint8_t *data, size_t size, unsigned xlen, uint64_t bias,
               char *err, size_t err_size);

#endif
