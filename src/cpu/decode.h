/* SPDX-License-Identifier: MIT */
/*
 * Decoding: an instruction word becomes an id (which instruction it is) and an op (its operands, in
 * the form that the interpreter runs). An op has 16 bytes: a handler, registers, a constant.
 * Register numbers are indices into the hart's register file; an integer destination x0 becomes
 * REG_SINK, so that no handler tests for it. What else is known of an instruction, its flags, is in
 * insns.def.
 */
#ifndef CPU_DECODE_H
#define CPU_DECODE_H

#include "cpu/cpu.h"

#define REG_SINK 32 /* where writes to x0 go; never read */

enum insn_id {
#define INSN(name, match, mask, format, ext, xlen, flags) INSN_##name,
#include "cpu/insns.def"
#undef INSN
    INSN_illegal, /* imm: the word */
    INSN_exit,    /* end of a block without a jump: go to page offset imm; a link follows */
    INSN_COUNT
};

/* The last column of insns.def. */
enum insn_flags {
    I_ENDS = 1,      /* ends its block: the next instruction is not reached by falling through */
    I_BRANCH = 2,    /* a conditional jump */
    I_LINK = 4,      /* jumps: its op is followed by a link slot (block.h) */
    I_TRAPS = 8,     /* may raise an exception when it is executed */
    I_READS_F = 16,  /* has a floating-point source */
    I_WRITES_F = 32, /* has a floating-point destination */
};

struct op {
    const void *handler; /* a label of the interpreter */
    int32_t imm; /* constant; for SYS the word; for FP rm | rs3 << 8; for jumps the target's offset
                    from the page's start */
    union {
        struct {
            uint8_t rd, rs1, rs2;
            uint8_t len; /* bytes in memory, 0 for INSN_exit; OP_LINKED: a link slot follows */
        };
        struct {
            uint16_t half; /* offset in the page / 2 */
            uint8_t index; /* in the block: how many instructions precede it */
            uint8_t len;   /* as above */
        } sys;             /* format SYS */
    };
};
#define OP_LENGTH 7 /* mask: 2 or 4 bytes, or 0 */
#define OP_LINKED 0x80
_Static_assert(sizeof(struct op) == 16, "ops are 16 bytes");

struct decoder; /* the table of one cpu model; const after creation, shared by its harts */

struct decoder *decoder_create(const struct cpu_model *model);
void decoder_destroy(struct decoder *d);

/*
 * Decodes one instruction into *op (all but its handler, and sys.index). word: its 4 bytes (only 2
 * matter if compressed). offset: its place in its page, 0..4094, added to the constants of
 * pc-relative ops. fp_on: FS is not Off. Never fails: what is not known is INSN_illegal. Any
 * thread.
 */
enum insn_id decode(const struct decoder *d, uint32_t word, unsigned offset, bool fp_on,
                    struct op *op);

static inline unsigned insn_length(uint32_t word)
{
    return (word & 3) == 3 ? 4 : 2;
}

/* A compressed instruction as the 32-bit one it stands for; 0: illegal. */
uint32_t rvc_expand(uint16_t word, const struct cpu_model *model);

static inline bool model_has(const struct cpu_model *m, enum cpu_ext e)
{
    return m->ext >> e & 1;
}

unsigned insn_flags(enum insn_id id); /* enum insn_flags; any id below INSN_COUNT */
bool insn_is_system(enum insn_id id); /* of format SYS: executed by sys_execute */
const char *insn_name(enum insn_id id);
/* The op in words, as `addi      x10, x10, 4`, for people: all registers of its format, used or not. */
void insn_text(enum insn_id id, const struct op *op, char *text, size_t size);

#endif
