/* SPDX-License-Identifier: MIT */
/* What the two halves of the maker of programs share: jit_code.c writes the code, jit_program.c what
 * it runs in. */
#ifndef TESTS_JIT_MAKING_H
#define TESTS_JIT_MAKING_H

#include "cpu/csr_bits.h"
#include "fuzz/jit_program.h"
#include "kit/asm.h"

/* What rows are about, by their opcode. */
enum theme { ALU, WORDS, LOAD, STORE, FP, FP_MEMORY, ATOMIC, CACHE, OTHER, THEMES };

#define FORWARDS  6
#define FUNCTIONS 4

#define CONSTANTS TP /* points to PAGE_CONST; beside T6 of the trap handlers not named elsewhere */

/* In PAGE_CONST. */
enum { POINTERS = 0, CODE_ALIAS = 0x380, TABLE_ALIAS = 0x388, ENTRIES = 0x400, WORDS_AT = 0x600 };

struct making {
    struct program *p;
    struct fuzz_input *in;
    const struct cpu_model *model;
    uint64_t random; /* for what fills pages, and is not worth input */
    uint64_t origin; /* of page 0, as code sees it */
    unsigned at, start;
    uint8_t x[5], base[3], f[5]; /* the registers it prefers */
    struct {
        unsigned at, due; /* an offset, 0: none; the number of the instruction it jumps to */
    } forward[FORWARDS];
    unsigned function[FUNCTIONS], functions;
    uint16_t by_theme[THEMES][INSN_COUNT], in_theme[THEMES]; /* numbers of rows */
};

static inline uint64_t making_filler(struct making *m)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    return m->random ^= m->random << 17;
}

/* Sorts the rows that the model's width has. First. */
void making_sort_rows(struct making *m);
/* An instruction of this theme, with operands. */
uint32_t making_word(struct making *m, enum theme t);
/* The program's code, until the input is used up. */
void making_code(struct making *m);

#endif
