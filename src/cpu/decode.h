/* SPDX-License-Identifier: MIT */
/*
 * Decoding: from instruction words to ops, the form that the interpreter runs. An op is 16 bytes:
 * what to do, on which registers, with which constant. Register numbers are indices into the
 * hart's register file; an integer destination x0 becomes REG_SINK, so that no handler tests it.
 */
#ifndef CPU_DECODE_H
#define CPU_DECODE_H

#include "cpu/cpu.h"

#define REG_SINK 32 /* where writes to x0 go; never read */

enum insn_id {
#define INSN(name, match, mask, format, ext, xlen) INSN_##name,
#include "cpu/insns.def"
#undef INSN
    INSN_illegal, /* imm: the word */
    INSN_exit,    /* end of a block without a jump: go to page offset imm; a link follows */
    INSN_COUNT
};

/* Two ops in one handler: handlers that follow those of enum insn_id. */
enum insn_pair {
    PAIR_NONE = INSN_COUNT - 1,
#define PAIR(first, second, xlen) PAIR_##first##__##second,
#include "cpu/pairs.def"
#undef PAIR
};

struct op {
    union {
        const void *handler; /* a label of the interpreter */
        uintptr_t id;        /* before binding: enum insn_id */
    };
    int32_t imm; /* constant; for SYS the word; for FP rm | rs3 << 8; for jumps the target's offset
                    from the page's start */
    uint8_t rd, rs1, rs2; /* for SYS: page offset / 2 in rd and rs1, place in the block in rs2 */
    uint8_t len; /* bytes in memory: 2 or 4, 0 for INSN_exit; OP_LINKED: a link slot follows */
};
#define OP_LENGTH 7
#define OP_LINKED 0x80
_Static_assert(sizeof(struct op) == 16, "ops are 16 bytes");

struct decoder; /* the table of one cpu model; const after creation, shared by its harts */

struct decoder *decoder_create(const struct cpu_model *model);
void decoder_destroy(struct decoder *d);

/*
 * Decodes one instruction. word: its 4 bytes (only 2 matter if compressed). offset: its place in
 * its page, 0..4094, added to the constants of pc-relative ops. fp_on: FS is not Off. Never fails:
 * what is not known becomes INSN_illegal.
 */
void decode(const struct decoder *d, uint32_t word, unsigned offset, bool fp_on, struct op *op);

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

/* Does this id end a block: nothing after it is reached by falling through? */
bool insn_ends_block(enum insn_id id);
bool insn_is_branch(enum insn_id id); /* conditional */
bool insn_is_system(enum insn_id id); /* of format SYS */
const char *insn_name(enum insn_id id);

#endif
