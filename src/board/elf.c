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
    unsigned p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_size;
} layouts[] = {
    {32, 52, 4, 24, 28, 42, 44, 4, 8, 12, 16, 20, 32},
    {64, 64, 8, 24, 32, 54, 56, 8, 16, 24, 32, 40, 56},
};

#define FAR (UINT64_C(1) << 40) /* from where a program is to go: no machine has so much memory */

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

static const struct layout *check_header(const uint8_t *data, size_t size, unsigned xlen,
                                         struct error *err)
{
    if (size < layouts[0].header || data[EI_CLASS] < 1 || data[EI_CLASS] > 2 ||
        data[EI_DATA] != 1 || get(data + E_MACHINE, 2) != EM_RISCV) {
        error_set(err, "not an ELF file for little-endian RISC-V; build it for riscv");
        return NULL;
    }
    const struct layout *l = &layouts[data[EI_CLASS] - 1];
    unsigned type = (unsigned)get(data + E_TYPE, 2);
    if (l->xlen != xlen) {
        error_set(err, "a %u-bit program for a %u-bit machine; use --cpu rv%u", l->xlen, xlen,
                  l->xlen);
        return NULL;
    }
    if (size < l->header || (type != ET_EXEC && type != ET_DYN)) {
        error_set(err, "the ELF file is no executable; link it");
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
    elf->segment[elf->count++] = (struct elf_segment){
        get(ph + l->p_paddr, l->word), get(ph + l->p_vaddr, l->word), memsz, data + offset, filesz};
    return true;
}

/* The segment that takes the lowest address. */
static const struct elf_segment *lowest(const struct elf *elf)
{
    const struct elf_segment *low = &elf->segment[0];
    for (unsigned i = 1; i < elf->count; i++)
        if (elf->segment[i].pa < low->pa)
            low = &elf->segment[i];
    return low;
}

/* Does a segment take a byte that another one takes? */
static bool overlapping(const struct elf *elf)
{
    for (unsigned i = 0; i < elf->count; i++) {
        const struct elf_segment *a = &elf->segment[i];
        for (unsigned j = 0; j < elf->count; j++) {
            const struct elf_segment *b = &elf->segment[j];
            if (i != j && b->pa >= a->pa && b->pa - a->pa < a->memsz)
                return true;
        }
    }
    return false;
}

/* Moves a position-independent program so that its lowest segment begins at `bias`. */
static void move(struct elf *elf, uint64_t bias)
{
    uint64_t by = bias - ALIGN_DOWN(lowest(elf)->pa, 4096);
    for (unsigned i = 0; i < elf->count; i++)
        elf->segment[i].pa += by;
    elf->moved = true;
}

/* A virtual address as a physical one; what is in no segment may be physical already. */
static bool to_physical(const struct elf *elf, uint64_t va, uint64_t *pa)
{
    for (unsigned i = 0; i < elf->count; i++) {
        const struct elf_segment *s = &elf->segment[i];
        *pa = s->pa + (va - s->va);
        if (va - s->va < s->memsz)
            return true;
    }
    *pa = va;
    for (unsigned i = 0; i < elf->count; i++)
        if (va - elf->segment[i].pa < elf->segment[i].memsz)
            return true;
    return false;
}

uint64_t elf_start(const struct elf *elf, uint64_t fixed)
{
    const struct elf_segment *s = lowest(elf);
    bool code = s->filesz >= 2 && get(s->data, 2) != 0 && !elf_is(s->data, s->filesz);
    return code && !elf->moved && (!fixed || fixed == elf->lowest) ? elf->lowest : elf->entry;
}

bool elf_parse(struct elf *elf, const uint8_t *data, size_t size, unsigned xlen, uint64_t bias,
               struct error *err)
{
    const struct layout *l = check_header(data, size, xlen, err);
    if (!l)
        return false;
    uint64_t phoff = get(data + l->phoff, l->word), phnum = get(data + l->phnum, 2);
    unsigned phentsize = (unsigned)get(data + l->phentsize, 2);
    uint64_t entry = get(data + l->entry, l->word);
    *elf = (struct elf){0};
    if (phentsize < l->p_size || !extent_ok(phoff, phnum * phentsize, size))
        return error_set(err, "the ELF program headers are damaged; fetch the file again");
    for (uint64_t i = 0; i < phnum; i++)
        if (!add_segment(elf, l, data + phoff + i * phentsize, data, size))
            return error_set(err, "an ELF segment is damaged; fetch the file again");
    if (!elf->count)
        return error_set(err, "the ELF file has nothing to load; link it for this machine");
    if (overlapping(elf))
        return error_set(err, "segments of the ELF file overlap; link it again");
    if (get(data + E_TYPE, 2) == ET_DYN && lowest(elf)->pa - bias >= FAR)
        move(elf, bias);
    elf->lowest = lowest(elf)->pa;
    if (!to_physical(elf, entry, &elf->entry))
        elf->entry = elf->lowest;
    return true;
}
