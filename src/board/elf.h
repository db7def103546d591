/* SPDX-License-Identifier: MIT */
/*
 * ELF executables of both classes, little-endian RISC-V, checked and reduced to what a loader
 * needs: segments at physical addresses and an entry point. A file is data: nothing in it is
 * believed before its extent was checked.
 */
#ifndef BOARD_ELF_H
#define BOARD_ELF_H

#include "base/error.h"
#include "base/util.h"

#define ELF_MAX_SEGMENTS 32

struct elf_segment {
    uint64_t pa;    /* where it goes */
    uint64_t va;    /* what the program calls that place */
    uint64_t memsz; /* bytes it takes there; what is beyond filesz is zero */
    const uint8_t *data;
    uint64_t filesz;
};

struct elf {
    uint64_t entry;  /* e_entry as a physical address; the lowest one if it lies in no segment */
    uint64_t lowest; /* physical address */
    bool moved;      /* it was position-independent and went to `bias` */
    unsigned count;
    struct elf_segment segment[ELF_MAX_SEGMENTS];
};

bool elf_is(const uint8_t *data, size_t size); /* does it begin as an ELF file? */
/* bias: where a position-independent executable goes that is linked below it; others keep their
 * addresses. The result points into data. False with the reason in err. */
bool elf_parse(struct elf *elf, const uint8_t *data, size_t size, unsigned xlen, uint64_t bias,
               struct error *err);
/*
 * Where QEMU's virt starts this program: at its lowest address, whatever the file's entry says; in
 * M-mode (`fixed` not 0) always at `fixed`. Where QEMU would find no code there, at the entry.
 */
uint64_t elf_start(const struct elf *elf, uint64_t fixed);

#endif
