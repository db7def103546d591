/* SPDX-License-Identifier: MIT */
/* Integer instructions of the B extension that x86 has no equal to: several instructions each. */
#include "jit/internal.h"

/* Ends an instruction whose result is in rax; word: its low half, to be sign-extended. */
static void finish(struct gen *g, unsigned rd, bool word)
{
    if (word)
        gen_write_word(g, rd, RAX);
    else
        gen_write(g, rd, RAX);
}

/* andn: a & ~b is x86's own; orn and xnor by not. */
static void logic_not(struct gen *g, const struct op *o, enum x86_alu op)
{
    gen_read(g, RAX, o->rs2);
    x86_op(&g->x, X86_W | 0xf7, 2, x86_r(RAX));
    gen_read(g, RCX, o->rs1);
    x86_alu(&g->x, op, X86_W, RAX, x86_r(RCX));
    gen_write(g, o->rd, RAX);
}

static void min_max(struct gen *g, const struct op *o, enum x86_cond take_first)
{
    gen_read(g, RCX, o->rs1);
    gen_read(g, RAX, o->rs2);
    x86_alu(&g->x, ALU_CMP, gen_w(g), RCX, x86_r(RAX));
    x86_op(&g->x, X86_W | X86_0F | 0x40 | take_first, RAX, x86_r(RCX));
    gen_write(g, o->rd, RAX);
}

static void rotate(struct gen *g, enum x86_shift op, const struct op *o, bool word)
{
    gen_read32(g, RCX, o->rs2);
    gen_into(g, RAX, o->rs1, word);
    x86_op(&g->x, (word ? 0 : X86_W) | 0xd3, op, x86_r(RAX));
    finish(g, o->rd, word);
}

static void reverse_bytes(struct gen *g, const struct op *o)
{
    gen_read(g, RAX, o->rs1);
    x86_op(&g->x, gen_w(g) | X86_0F | 0xc8, 0, x86_r(RAX));
    g->x.at--; /* bswap eax: the register is in the opcode, which 0xc8 | 0 is */
    finish(g, o->rd, g->rv32);
}

/* orc.b: the bytes that are not equal to zero, by a vector's compare. */
static void or_combine(struct gen *g, const struct op *o)
{
    enum { XMM0, XMM1 };
    struct x86 *x = &g->x;
    const unsigned op = X86_66 | X86_0F;
    gen_read(g, RAX, o->rs1);
    x86_vex(x, op | 0x6e | gen_w(g), XMM0, 0, x86_r(RAX)); /* vmovq xmm0, rax */
    x86_vex(x, op | 0xef, XMM1, XMM1, x86_r(XMM1));        /* vpxor */
    x86_vex(x, op | 0x74, XMM0, XMM0, x86_r(XMM1));        /* vpcmpeqb */
    x86_vex(x, op | 0x7e | gen_w(g), XMM0, 0, x86_r(RAX)); /* vmovq rax, xmm0 */
    x86_op(x, gen_w(g) | 0xf7, 2, x86_r(RAX));             /* not */
    finish(g, o->rd, g->rv32);
}

bool gen_bit(struct gen *g, const struct insn *i)
{
    const struct op *o = &i->op;
    switch (i->id) {
    case INSN_andn: logic_not(g, o, ALU_AND); return true;
    case INSN_orn: logic_not(g, o, ALU_OR); return true;
    case INSN_xnor: logic_not(g, o, ALU_XOR); return true;
    case INSN_min: min_max(g, o, CC_L); return true;
    case INSN_max: min_max(g, o, CC_G); return true;
    case INSN_minu: min_max(g, o, CC_B); return true;
    case INSN_maxu: min_max(g, o, CC_A); return true;
    case INSN_rol: rotate(g, SHIFT_ROL, o, g->rv32); return true;
    case INSN_ror: rotate(g, SHIFT_ROR, o, g->rv32); return true;
    case INSN_rolw: rotate(g, SHIFT_ROL, o, true); return true;
    case INSN_rorw: rotate(g, SHIFT_ROR, o, true); return true;
    case INSN_orc_b: or_combine(g, o); return true;
    case INSN_rev8:
    case INSN_rev8_rv32: reverse_bytes(g, o); return true;
    default: return false;
    }
}
