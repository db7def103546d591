/* SPDX-License-Identifier: MIT */
/*
 * Integer instructions. Each computes into the home of rd, or into rax if that is in memory or still
 * needed; on RV32 a result is 32 bits, sign-extended.
 */
#include "jit/internal.h"

void gen_read(struct gen *g, unsigned to, unsigned i)
{
    if (i)
        x86_mov(&g->x, X86_W, to, gen_x(i));
    else
        x86_alu(&g->x, ALU_XOR, 0, to, x86_r(to));
}

unsigned gen_target(unsigned rd, unsigned temp)
{
    return gen_home[rd] != X86_NONE ? gen_home[rd] : temp;
}

void gen_write(struct gen *g, unsigned rd, unsigned from)
{
    if (rd == REG_SINK)
        return;
    if (gen_home[rd] == X86_NONE)
        x86_mov_to(&g->x, X86_W, x86_m(RBP, X_DISP(rd)), from);
    else if (gen_home[rd] != from)
        x86_mov(&g->x, X86_W, gen_home[rd], x86_r(from));
}

/* Where rd may be computed if x[rs] is read after the first write. */
static unsigned target_but(unsigned rd, unsigned rs)
{
    unsigned d = gen_target(rd, RAX);
    return rs && gen_home[rs] == d ? (unsigned)RAX : d;
}

/* Ends an instruction whose result is in d; w: 32 bits of it, to be sign-extended. */
static void finish(struct gen *g, unsigned rd, unsigned d, bool w)
{
    if (w)
        x86_movsxd(&g->x, d, x86_r(d));
    gen_write(g, rd, d);
}

static unsigned width(bool w)
{
    return w ? 0 : X86_W;
}

/* x[i] as the source of an instruction; x0 by way of temp. */
static struct x86_rm source(struct gen *g, unsigned i, unsigned temp)
{
    if (i)
        return gen_x(i);
    x86_alu(&g->x, ALU_XOR, 0, temp, x86_r(temp));
    return x86_r(temp);
}

static void constant(struct gen *g, unsigned rd, uint64_t v)
{
    unsigned d = gen_target(rd, RAX);
    if (gen_home[rd] == X86_NONE && (int64_t)v == (int32_t)v) {
        x86_op_imm(&g->x, X86_W | 0xc7, 0, x86_m(RBP, X_DISP(rd)), (int32_t)v, 4);
        return;
    }
    x86_mov_imm(&g->x, d, v);
    gen_write(g, rd, d);
}

static void add_imm(struct gen *g, unsigned rd, unsigned rs, int32_t imm, bool w)
{
    unsigned d = gen_target(rd, RAX);
    if (!rs) {
        constant(g, rd, (uint64_t)(int64_t)imm);
        return;
    }
    if (rd == rs && gen_home[rd] == X86_NONE && !w) {
        if (imm)
            x86_alu_imm(&g->x, ALU_ADD, X86_W, gen_x(rd), imm);
        return;
    }
    if (w && !imm) {
        x86_movsxd(&g->x, d, gen_x(rs));
        gen_write(g, rd, d);
        return;
    }
    if (gen_home[rs] == d && imm)
        x86_alu_imm(&g->x, ALU_ADD, width(w), x86_r(d), imm);
    else if (gen_home[rs] != X86_NONE && imm)
        x86_lea(&g->x, width(w), d, x86_m(gen_home[rs], imm));
    else {
        if (gen_home[rs] != d)
            gen_read(g, d, rs);
        if (imm)
            x86_alu_imm(&g->x, ALU_ADD, width(w), x86_r(d), imm);
    }
    finish(g, rd, d, w);
}

static void alu_imm(struct gen *g, enum x86_alu op, const struct op *o)
{
    unsigned d = gen_target(o->rd, RAX);
    if (gen_home[o->rs1] != d || !o->rs1)
        gen_read(g, d, o->rs1);
    x86_alu_imm(&g->x, op, X86_W, x86_r(d), o->imm);
    gen_write(g, o->rd, d);
}

/* and, or, xor, add, sub and their W forms. */
static void alu(struct gen *g, enum x86_alu op, unsigned rd, unsigned rs1, unsigned rs2, bool w)
{
    if (op != ALU_SUB && rs2 && gen_home[rd] != X86_NONE && gen_home[rs2] == gen_home[rd]) {
        unsigned t = rs1;
        rs1 = rs2;
        rs2 = t;
    }
    unsigned d = target_but(rd, rs2 == rs1 ? 0 : rs2);
    if (op == ALU_ADD && rs1 && rs2 && gen_home[rs1] != X86_NONE && gen_home[rs2] != X86_NONE &&
        gen_home[rs1] != d) {
        x86_lea(&g->x, width(w), d, x86_mx(gen_home[rs1], gen_home[rs2], 0, 0));
        finish(g, rd, d, w);
        return;
    }
    if (!rs1 || gen_home[rs1] != d)
        gen_read(g, d, rs1);
    if (rs2)
        x86_alu(&g->x, op, width(w), d, rs1 == rs2 ? x86_r(d) : gen_x(rs2));
    else if (op == ALU_AND)
        x86_alu(&g->x, ALU_XOR, 0, d, x86_r(d));
    finish(g, rd, d, w);
}

static void shift_imm(struct gen *g, enum x86_shift op, const struct op *o, bool w)
{
    unsigned d = gen_target(o->rd, RAX);
    if (!o->rs1 || gen_home[o->rs1] != d)
        gen_read(g, d, o->rs1);
    if (o->imm)
        x86_shift_imm(&g->x, op, width(w), d, (unsigned)o->imm);
    finish(g, o->rd, d, w);
}

/* shlx, shrx, sarx: the count is taken modulo the width, as RISC-V does. */
static void shift(struct gen *g, unsigned opcode, const struct op *o, bool w)
{
    unsigned d = gen_target(o->rd, RAX), by = RCX;
    if (o->rs2 && gen_home[o->rs2] != X86_NONE)
        by = gen_home[o->rs2];
    else
        gen_read(g, RCX, o->rs2);
    x86_vex(&g->x, opcode | width(w), d, by, source(g, o->rs1, RDX));
    finish(g, o->rd, d, w);
}

static void rotate(struct gen *g, enum x86_shift op, const struct op *o, bool w)
{
    gen_read(g, RCX, o->rs2);
    gen_read(g, RAX, o->rs1);
    x86_op(&g->x, width(w) | 0xd3, op, x86_r(RAX));
    finish(g, o->rd, RAX, w);
}

/* flags of x[rs1] compared with x[rs2] */
static void compare(struct gen *g, unsigned rs1, unsigned rs2)
{
    struct x86 *x = &g->x;
    if (!rs2) {
        if (rs1 && gen_home[rs1] != X86_NONE)
            x86_op(x, X86_W | 0x85, gen_home[rs1], gen_x(rs1));
        else if (rs1)
            x86_alu_imm(x, ALU_CMP, X86_W, gen_x(rs1), 0);
        else
            x86_alu(x, ALU_CMP, 0, RAX, x86_r(RAX));
        return;
    }
    unsigned a = RAX;
    if (rs1 && gen_home[rs1] != X86_NONE)
        a = gen_home[rs1];
    else
        gen_read(g, RAX, rs1);
    x86_alu(x, ALU_CMP, X86_W, a, gen_x(rs2));
}

static void set_cc(struct gen *g, unsigned rd, enum x86_cond cc)
{
    unsigned d = gen_target(rd, RAX);
    x86_op(&g->x, X86_0F | 0x90 | cc | X86_BYTE, 0, x86_r(d));
    x86_op(&g->x, X86_0F | 0xb6 | X86_BYTE, d, x86_r(d));
    gen_write(g, rd, d);
}

static void set_imm(struct gen *g, const struct op *o, enum x86_cond cc)
{
    if (o->rs1)
        x86_alu_imm(&g->x, ALU_CMP, X86_W, gen_x(o->rs1), o->imm);
    else {
        gen_read(g, RAX, 0);
        x86_alu_imm(&g->x, ALU_CMP, X86_W, x86_r(RAX), o->imm);
    }
    set_cc(g, o->rd, cc);
}

static void multiply(struct gen *g, const struct op *o, bool w)
{
    unsigned d = target_but(o->rd, o->rs2 == o->rs1 ? 0 : o->rs2);
    if (!o->rs1 || gen_home[o->rs1] != d)
        gen_read(g, d, o->rs1);
    struct x86_rm by = o->rs2 == o->rs1 ? x86_r(d) : source(g, o->rs2, RCX);
    x86_op(&g->x, width(w) | X86_0F | 0xaf, d, by);
    finish(g, o->rd, d, w);
}

/* mulh, mulhu: rdx of rax * x[rs2]. RV32: the product of two extended words, shifted. */
static void multiply_high(struct gen *g, const struct op *o, bool is_signed)
{
    if (g->rv32) {
        if (is_signed) {
            gen_read(g, RAX, o->rs1);
            gen_read(g, RCX, o->rs2);
        } else {
            x86_mov(&g->x, 0, RAX, source(g, o->rs1, RAX));
            x86_mov(&g->x, 0, RCX, source(g, o->rs2, RCX));
        }
        x86_op(&g->x, X86_W | X86_0F | 0xaf, RAX, x86_r(RCX));
        x86_shift_imm(&g->x, SHIFT_SHR, X86_W, RAX, 32);
        finish(g, o->rd, RAX, true);
        return;
    }
    gen_read(g, RAX, o->rs1);
    x86_op(&g->x, X86_W | 0xf7, is_signed ? 5 : 4, source(g, o->rs2, RCX));
    gen_write(g, o->rd, RDX);
}

static void multiply_high_su(struct gen *g, const struct op *o)
{
    if (g->rv32) {
        gen_read(g, RAX, o->rs1);
        x86_mov(&g->x, 0, RCX, source(g, o->rs2, RCX));
        x86_op(&g->x, X86_W | X86_0F | 0xaf, RAX, x86_r(RCX));
        x86_shift_imm(&g->x, SHIFT_SHR, X86_W, RAX, 32);
        finish(g, o->rd, RAX, true);
        return;
    }
    gen_read(g, RAX, o->rs1);
    x86_mov(&g->x, X86_W, RCX, x86_r(RAX));
    x86_shift_imm(&g->x, SHIFT_SAR, X86_W, RCX, 63);
    if (o->rs2)
        x86_alu(&g->x, ALU_AND, X86_W, RCX, gen_x(o->rs2));
    else
        x86_alu(&g->x, ALU_XOR, 0, RCX, x86_r(RCX));
    if (o->rs2)
        x86_op(&g->x, X86_W | 0xf7, 4, gen_x(o->rs2));
    else
        x86_alu(&g->x, ALU_XOR, 0, RDX, x86_r(RDX));
    x86_alu(&g->x, ALU_SUB, X86_W, RDX, x86_r(RCX));
    gen_write(g, o->rd, RDX);
}

/* By zero and overflow have results of their own; the divisor goes to rcx, the dividend to rax. */
static void divide(struct gen *g, const struct op *o, bool w, bool is_signed, bool rem)
{
    struct x86 *x = &g->x;
    unsigned ww = width(w);
    gen_read(g, RCX, o->rs2);
    gen_read(g, RAX, o->rs1);
    x86_op(x, ww | 0x85, RCX, x86_r(RCX));
    uint8_t *zero = x86_jcc(x, CC_E, NULL), *minus = NULL, *done2 = NULL;
    if (is_signed) {
        x86_alu_imm(x, ALU_CMP, ww, x86_r(RCX), -1);
        minus = x86_jcc(x, CC_E, NULL);
        x86_op(x, ww | 0x99, 0, (struct x86_rm){0, X86_NONE, 0, false, 0});
        x->at--; /* cqo has no ModRM */
        x86_op(x, ww | 0xf7, 7, x86_r(RCX));
    } else {
        x86_alu(x, ALU_XOR, 0, RDX, x86_r(RDX));
        x86_op(x, ww | 0xf7, 6, x86_r(RCX));
    }
    if (rem)
        x86_mov(x, ww, RAX, x86_r(RDX));
    uint8_t *done = x86_jmp(x, NULL);
    if (is_signed) { /* -x, without the trap that x86 raises for the smallest */
        if (!x->full)
            x86_patch(minus, x->at);
        if (rem)
            x86_alu(x, ALU_XOR, 0, RAX, x86_r(RAX));
        else
            x86_op(x, ww | 0xf7, 3, x86_r(RAX));
        done2 = x86_jmp(x, NULL);
    }
    if (!x->full)
        x86_patch(zero, x->at);
    if (!rem)
        x86_mov_imm(x, RAX, UINT64_MAX);
    if (!x->full) {
        x86_patch(done, x->at);
        if (done2)
            x86_patch(done2, x->at);
    }
    finish(g, o->rd, RAX, w);
}

static void shift_add(struct gen *g, const struct op *o, unsigned by, bool uw)
{
    if (uw)
        x86_mov(&g->x, 0, RAX, source(g, o->rs1, RAX));
    else
        gen_read(g, RAX, o->rs1);
    gen_read(g, RCX, o->rs2);
    unsigned d = gen_target(o->rd, RAX);
    x86_lea(&g->x, width(g->rv32), d, x86_mx(RCX, RAX, by, 0));
    finish(g, o->rd, d, g->rv32);
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
    x86_alu(&g->x, ALU_CMP, X86_W, RCX, x86_r(RAX));
    x86_op(&g->x, X86_W | X86_0F | 0x40 | take_first, RAX, x86_r(RCX));
    gen_write(g, o->rd, RAX);
}

static void count_bits(struct gen *g, const struct op *o, unsigned opcode, bool w)
{
    unsigned d = gen_target(o->rd, RAX);
    x86_op(&g->x, X86_F3 | X86_0F | opcode | width(w), d, source(g, o->rs1, RDX));
    gen_write(g, o->rd, d); /* at most 64: no extension */
}

static void extend(struct gen *g, const struct op *o, unsigned opcode)
{
    unsigned d = gen_target(o->rd, RAX);
    struct x86_rm from = source(g, o->rs1, RDX);
    x86_op(&g->x, opcode | (from.is_mem ? 0 : X86_BYTE), d, from);
    gen_write(g, o->rd, d);
}

static void zero_if(struct gen *g, const struct op *o, enum x86_cond cc)
{
    gen_read(g, RAX, o->rs1);
    x86_mov_imm(&g->x, RCX, 0);
    compare(g, o->rs2, 0);
    x86_op(&g->x, X86_W | X86_0F | 0x40 | cc, RAX, x86_r(RCX));
    gen_write(g, o->rd, RAX);
}

/* bt 4, bts 5, btr 6, btc 7 */
static void bit_op(struct gen *g, const struct op *o, unsigned which, bool imm)
{
    bool w = g->rv32;
    gen_read(g, RAX, o->rs1);
    if (imm) {
        x86_op_imm(&g->x, width(w) | X86_0F | 0xba, which, x86_r(RAX), o->imm, 1);
    } else {
        gen_read(g, RCX, o->rs2);
        x86_op(&g->x, width(w) | X86_0F | (0x83 + 8 * which), RCX, x86_r(RAX));
    }
    if (which == 4)
        set_cc(g, o->rd, CC_B);
    else
        finish(g, o->rd, RAX, w);
}

bool gen_int(struct gen *g, const struct insn *i)
{
    const struct op *o = &i->op;
    bool w = g->rv32;
    /* what only writes x0 does nothing */
    if (o->rd == REG_SINK && !(insn_flags(i->id) & (I_TRAPS | I_ENDS | I_READS_F | I_WRITES_F)) &&
        !insn_is_system(i->id) && i->id != INSN_fence && i->id != INSN_illegal)
        return true;
    switch (i->id) {
    case INSN_lui: constant(g, o->rd, (uint64_t)(int64_t)o->imm); return true;
    case INSN_auipc: {
        unsigned d = gen_target(o->rd, RAX);
        x86_mov(&g->x, X86_W, d, x86_m(RBP, HART_DISP(vbase)));
        x86_alu_imm(&g->x, ALU_ADD, width(w), x86_r(d), o->imm);
        finish(g, o->rd, d, w);
        return true;
    }
    case INSN_addi: add_imm(g, o->rd, o->rs1, o->imm, w); return true;
    case INSN_addiw: add_imm(g, o->rd, o->rs1, o->imm, true); return true;
    case INSN_slti: set_imm(g, o, CC_L); return true;
    case INSN_sltiu: set_imm(g, o, CC_B); return true;
    case INSN_xori: alu_imm(g, ALU_XOR, o); return true;
    case INSN_ori: alu_imm(g, ALU_OR, o); return true;
    case INSN_andi: alu_imm(g, ALU_AND, o); return true;
    case INSN_slli:
    case INSN_slli_rv32: shift_imm(g, SHIFT_SHL, o, w); return true;
    case INSN_srli:
    case INSN_srli_rv32: shift_imm(g, SHIFT_SHR, o, w); return true;
    case INSN_srai:
    case INSN_srai_rv32: shift_imm(g, SHIFT_SAR, o, w); return true;
    case INSN_slliw: shift_imm(g, SHIFT_SHL, o, true); return true;
    case INSN_srliw: shift_imm(g, SHIFT_SHR, o, true); return true;
    case INSN_sraiw: shift_imm(g, SHIFT_SAR, o, true); return true;
    case INSN_add: alu(g, ALU_ADD, o->rd, o->rs1, o->rs2, w); return true;
    case INSN_sub: alu(g, ALU_SUB, o->rd, o->rs1, o->rs2, w); return true;
    case INSN_addw: alu(g, ALU_ADD, o->rd, o->rs1, o->rs2, true); return true;
    case INSN_subw: alu(g, ALU_SUB, o->rd, o->rs1, o->rs2, true); return true;
    case INSN_and: alu(g, ALU_AND, o->rd, o->rs1, o->rs2, false); return true;
    case INSN_or: alu(g, ALU_OR, o->rd, o->rs1, o->rs2, false); return true;
    case INSN_xor: alu(g, ALU_XOR, o->rd, o->rs1, o->rs2, false); return true;
    case INSN_sll: shift(g, X86_66 | X86_0F38 | 0xf7, o, w); return true;
    case INSN_srl: shift(g, X86_F2 | X86_0F38 | 0xf7, o, w); return true;
    case INSN_sra: shift(g, X86_F3 | X86_0F38 | 0xf7, o, w); return true;
    case INSN_sllw: shift(g, X86_66 | X86_0F38 | 0xf7, o, true); return true;
    case INSN_srlw: shift(g, X86_F2 | X86_0F38 | 0xf7, o, true); return true;
    case INSN_sraw: shift(g, X86_F3 | X86_0F38 | 0xf7, o, true); return true;
    case INSN_slt:
        compare(g, o->rs1, o->rs2);
        set_cc(g, o->rd, CC_L);
        return true;
    case INSN_sltu:
        compare(g, o->rs1, o->rs2);
        set_cc(g, o->rd, CC_B);
        return true;
    case INSN_mul: multiply(g, o, w); return true;
    case INSN_mulw: multiply(g, o, true); return true;
    case INSN_mulh: multiply_high(g, o, true); return true;
    case INSN_mulhu: multiply_high(g, o, false); return true;
    case INSN_mulhsu: multiply_high_su(g, o); return true;
    case INSN_div: divide(g, o, w, true, false); return true;
    case INSN_divu: divide(g, o, w, false, false); return true;
    case INSN_rem: divide(g, o, w, true, true); return true;
    case INSN_remu: divide(g, o, w, false, true); return true;
    case INSN_divw: divide(g, o, true, true, false); return true;
    case INSN_divuw: divide(g, o, true, false, false); return true;
    case INSN_remw: divide(g, o, true, true, true); return true;
    case INSN_remuw: divide(g, o, true, false, true); return true;
    case INSN_sh1add: shift_add(g, o, 1, false); return true;
    case INSN_sh2add: shift_add(g, o, 2, false); return true;
    case INSN_sh3add: shift_add(g, o, 3, false); return true;
    case INSN_add_uw: shift_add(g, o, 0, true); return true;
    case INSN_sh1add_uw: shift_add(g, o, 1, true); return true;
    case INSN_sh2add_uw: shift_add(g, o, 2, true); return true;
    case INSN_sh3add_uw: shift_add(g, o, 3, true); return true;
    case INSN_slli_uw:
        x86_mov(&g->x, 0, RAX, source(g, o->rs1, RAX));
        x86_shift_imm(&g->x, SHIFT_SHL, X86_W, RAX, (unsigned)o->imm);
        gen_write(g, o->rd, RAX);
        return true;
    case INSN_andn: logic_not(g, o, ALU_AND); return true;
    case INSN_orn: logic_not(g, o, ALU_OR); return true;
    case INSN_xnor: logic_not(g, o, ALU_XOR); return true;
    case INSN_min: min_max(g, o, CC_L); return true;
    case INSN_max: min_max(g, o, CC_G); return true;
    case INSN_minu: min_max(g, o, CC_B); return true;
    case INSN_maxu: min_max(g, o, CC_A); return true;
    case INSN_clz: count_bits(g, o, 0xbd, w); return true;
    case INSN_clzw: count_bits(g, o, 0xbd, true); return true;
    case INSN_ctz: count_bits(g, o, 0xbc, w); return true;
    case INSN_ctzw: count_bits(g, o, 0xbc, true); return true;
    case INSN_cpop: count_bits(g, o, 0xb8, w); return true;
    case INSN_cpopw: count_bits(g, o, 0xb8, true); return true;
    case INSN_sext_b: extend(g, o, X86_W | X86_0F | 0xbe); return true;
    case INSN_sext_h: extend(g, o, X86_W | X86_0F | 0xbf); return true;
    case INSN_zext_h:
    case INSN_zext_h_rv32: extend(g, o, X86_0F | 0xb7); return true;
    case INSN_rol: rotate(g, SHIFT_ROL, o, w); return true;
    case INSN_ror: rotate(g, SHIFT_ROR, o, w); return true;
    case INSN_rolw: rotate(g, SHIFT_ROL, o, true); return true;
    case INSN_rorw: rotate(g, SHIFT_ROR, o, true); return true;
    case INSN_rori:
    case INSN_rori_rv32: shift_imm(g, SHIFT_ROR, o, w); return true;
    case INSN_roriw: shift_imm(g, SHIFT_ROR, o, true); return true;
    case INSN_rev8:
    case INSN_rev8_rv32:
        gen_read(g, RAX, o->rs1);
        x86_op(&g->x, width(w) | X86_0F | 0xc8, 0, x86_r(RAX));
        g->x.at--; /* bswap eax: the register is in the opcode, which 0xc8 | 0 is */
        finish(g, o->rd, RAX, w);
        return true;
    case INSN_czero_eqz: zero_if(g, o, CC_E); return true;
    case INSN_czero_nez: zero_if(g, o, CC_NE); return true;
    case INSN_bset: bit_op(g, o, 5, false); return true;
    case INSN_bclr: bit_op(g, o, 6, false); return true;
    case INSN_binv: bit_op(g, o, 7, false); return true;
    case INSN_bext: bit_op(g, o, 4, false); return true;
    case INSN_bseti:
    case INSN_bseti_rv32: bit_op(g, o, 5, true); return true;
    case INSN_bclri:
    case INSN_bclri_rv32: bit_op(g, o, 6, true); return true;
    case INSN_binvi:
    case INSN_binvi_rv32: bit_op(g, o, 7, true); return true;
    case INSN_bexti:
    case INSN_bexti_rv32: bit_op(g, o, 4, true); return true;
    case INSN_fence: /* x86 orders all but a store before a load */
        if ((o->imm >> 4 & 1) && (o->imm >> 1 & 1))
            x86_op_imm(&g->x, X86_LOCK | 0x83, ALU_OR, x86_m(RSP, 0), 0, 1);
        return true;
    default: return false;
    }
}

bool gen_branch_cc(struct gen *g, const struct insn *i, enum x86_cond *cc)
{
    switch (i->id) {
    case INSN_beq: *cc = CC_E; break;
    case INSN_bne: *cc = CC_NE; break;
    case INSN_blt: *cc = CC_L; break;
    case INSN_bge: *cc = CC_GE; break;
    case INSN_bltu: *cc = CC_B; break;
    case INSN_bgeu: *cc = CC_AE; break;
    default: return false;
    }
    compare(g, i->op.rs1, i->op.rs2);
    return true;
}
