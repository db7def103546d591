/* SPDX-License-Identifier: MIT */
/*
 * Guest programs for fuzz_jit.c, made from a fuzzer's input: code from the rows of cpu/insns.def, the
 * state that a hart starts it in, page tables and data. Page i of the image lies at image_pa(i).
 *
 * A program never executes code that was written and not fenced, and never uses a translation that
 * was changed and not fenced: there the interpreter and the translator may differ, as harts may. So
 * code and page tables are written only by sequences that end in their fence, through aliases that no
 * other instruction of the program has the address of.
 */
#ifndef TESTS_JIT_PROGRAM_H
#define TESTS_JIT_PROGRAM_H

#include "cpu/hart.h"
#include "fuzz/fuzz.h"

#define RAM      UINT64_C(0x80000000)
#define RAM_SIZE ((UINT64_C(4) << 20) + (64 << 10))
#define DEVICE   UINT64_C(0x20000000) /* a page of registers */
#define VIRTUAL  UINT64_C(0x10000000) /* where page 0 is mapped */
#define ALIASES  UINT64_C(0x35655000) /* far from all that a program has, or easily computes */

enum {
    PAGE_CODE = 0,
    CODE_PAGES = 3,
    PAGE_CONST = 3, /* what code loads: pointers, words and page table entries to write */
    PAGE_TRAP = 4,
    PAGE_DATA = 6,
    DATA_PAGES = 8,
    PAGE_TABLES = 16,
    PAGE_BIG = 20, /* two pages that are mapped by a superpage */
    IMAGE_PAGES = 22,
    /* from ALIASES on */
    ALIAS_CODE = 0,
    ALIAS_TABLE = 4,
};

#define PROGRAM_LEGS  8
#define PROGRAM_INSNS 400

struct program {
    bool rv32;
    bool cold;    /* translated with `cold` */
    bool afresh;  /* all decoded code is dropped first */
    bool paged;   /* loads and stores are translated */
    bool patches; /* writes code, or page tables if it is paged */
    uint16_t hot;
    uint16_t legs, leg[PROGRAM_LEGS]; /* how many steps it runs, between two comparisons */
    struct hart_arch arch;
    uint16_t insns;
    struct {
        uint16_t at; /* in the image */
        uint8_t len;
    } insn[PROGRAM_INSNS];
    uint8_t image[IMAGE_PAGES * 4096];
};

static inline uint64_t image_pa(unsigned page)
{
    return page >= PAGE_BIG ? RAM + (4 << 20) + (page - PAGE_BIG) * 4096ull : RAM + page * 4096ull;
}

/* Makes a program for a hart whose state after a reset is `reset`. */
void program_make(struct program *p, struct fuzz_input *in, const struct hart_arch *reset,
                  const struct cpu_model *model);
/* Replaces one instruction by one that does nothing. */
void program_drop(struct program *p, unsigned insn);

#endif
