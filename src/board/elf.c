/* SPDX-License-Identifier: MIT */
#include "board/elf.h"

#include <stdio.h>
#include <string.h>

/* "ELF Header" and "Program Header" of the System V ABI, as offsets: one row for each class. */
enum { EI_CLASS = 4, EI_DATA = 5, E_TYPE = 16, E_MACHINE = 18 };
enum { ET_EXEC = 2, ET_DYN = 3, EM_RISCV = 243, PT_LOAD = 1 };

static const struct layout {
    unsigned xlen, header, word;
    unsigned entry, phoff, phentsize, phnum;
    unsigned p_offset, p_paddr, p_filesz, p_memsz, p_size;
} layouts[] = {
    {32, 52, 4, 24, 28, 42, 44, 4, 12, 16, 20, 32},
    {64, 64, 8, 24, 32, 54, 56, 8, 24, 32, 40, 56},
};

static uint64_t get(const uint8_t *p, unsigned size)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < size; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

bool elf_is(const uint8_t *data, size_t size)
{
    return size >= 4 && !memcmp(data, "\177ELF", 4);
}

static bool fail(char *err, size_t err_size, const char *why)
{
    snprintf(err, err_size, "%s", why);
    return false;
}

static const struct layout *check_header(const uint8_t *data, size_t size, unsigned xlen, char *err,
                                         size_t err_size)
{
    if (size < layouts[0].header || data[EI_CLASS] < 1 || data[EI_CLASS] > 2 ||
        data[EI_DATA] != 1 || get(data + E_MACHINE, 2) != EM_RISCV) {
        fail(err, err_size, "not an ELF file for little-endian RISC-V; build it for riscv");
        return NULL;
    }
    const struct layout *l = &layouts[data[EI_CLASS] - 1];
    unsigned type = (unsigned)get(data + E_TYPE, 2);
    if (l->xlen != xlen) {
        snprintf(err, err_size, "a %u-bit program for a %u-bit machine; use --cpu rv%u", l->xlen,
                 xlen, l->xlen);
        return NULL;
    }
    if (size < l->header || (type != ET_EXEC && type != ET_DYN)) {
        fail(err, err_size, "the ELF file is no executable; link it");
        return NULL;
    }
    return l;
}

static bool add_segment(struct elf *elf, const struct layout *l, const uint8_t *ph,
                        const uint8_t *data, size_t size)
{
    uint64_t offset = get(ph + l->p_offset, l->word), filesz = get(ph + l->p_filesz, l->word);
    uint64_t memsz = get(ph + l->p_memsz, l->word);
    if (get(ph, 4) != PT_LOAD || !memsz)
        return true;
    if (filesz > memsz || !extent_ok(offset, filesz, size) || elf->count == ELF_MAX_SEGMENTS)
        return false;
    elf->segment[elf->count++] =
        (struct elf_segment){get(ph + l->p_paddr, l->word), memsz, data + offset, filesz};
    return true;
}

/* Moves a position-independent program so that its lowest segment begins at `bias`. */
static void move(struct elf *elf, uint64_t bias)
{
    uint64_t lowest = UINT64_MAX;
    for (unsigned i = 0; i < elf->count; i++)
        lowest = MIN(lowest, elf->segment[i].pa);
    uint64_t by = bias - ALIGN_DOWN(lowest, 4096);
    for (unsigned i = 0; i < elf->count; i++)
        elf->segment[i].pa += by;
    elf->entry += by;
}

bool elf_parse(struct elf *elf, const uint8_t *data, size_t size, unsigned xlen, uint64_t bias,
               char *err, size_t err_size)
{
    const struct layout *l = check_header(data, size, xlen, err, err_size);
    if (!l)
        return false;
    uint64_t phoff = get(data + l->phoff, l->word), phnum = get(data + l->phnum, 2);
    unsigned phentsize = (unsigned)get(data + l->phentsize, 2);
    *elf = (struct elf){.entry = get(data + l->entry, l->word)};
    if (phentsize < l->p_size || !extent_ok(phoff, phnum * phentsize, size))
        return fail(err, err_size, "the ELF program headers are damaged; fetch the file again");
    for (uint64_t i = 0; i < phnum; i++)
        if (!add_segment(elf, l, data + phoff + i * phentsize, data, size))
            return fail(err, err_size, "an ELF segment is damaged; fetch the file again");
    if (!elf->count)
        return fail(err, err_size, "the ELF file has nothing to load; link it for this machine");
    if (get(data + E_TYPE, 2) == ET_DYN)
        move(elf, bias);
    return true;
}
