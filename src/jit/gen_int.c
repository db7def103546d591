/* SPDX-License-Identifier: MIT */
/*
 * Integer instructions. Each computes into the home of rd, or into rax if that is in memory or still
 * needed; on RV32 a result is 32 bits, sign-extended.
 */
#include "jit/internal.h"

/* Where rd may be computed if x[rs] is read after the first write. */
static unsigned target_but(const struct gen *g, unsigned rd, unsigned rs)
{
    unsigned d = gen_target(g, rd, RAX);
    return rs && g->home[rs] == d ? (unsigned)RAX : d;
}

/* Ends an instruction whose result is in d; word: its low half, to be sign-extended. */
static void finish(struct gen *g, unsigned rd, unsigned d, bool word)
{
    if (word)
        gen_write_word(g, rd, d);
    else
        gen_write(g, rd, d);
}

static unsigned width(bool word)
{
    return word ? 0 : X86_W;
}

static bool in_register(const struct gen *g, unsigned i)
{
    return i && g->home[i] != X86_NONE;
}

/* x[i], or its low half, as the source of an instruction; x0 by way of temp. */
static struct x86_rm source(struct gen *g, unsigned i, unsigned temp, bool word)
{
    if (i)
        return word ? gen_x32(g, i) : gen_x(g, i);
    x86_alu(&g->x, ALU_XOR, 0, temp, x86_r(temp));
    return x86_r(temp);
}

/* The next instruction of the block, or NULL. */
static const struct insn *next_insn(const struct gen *g)
{
    return g->left > 1 ? g->cur + 1 : NULL;
}

static bool next_is(const struct gen *g, unsigned id, unsigned rd, unsigned rs1)
{
    const struct insn *n = next_insn(g);
    return n && n->id == id && n->op.rd == rd && n->op.rs1 == rs1;
}

static void constant(struct gen *g, unsigned rd, uint64_t v)
{
    unsigned d = gen_target(g, rd, RAX);
    if (g->home[rd] == X86_NONE && (int64_t)v == (int32_t)v) {
        x86_op_imm(&g->x, X86_W | 0xc7, 0, x86_m(RBP, X_DISP(rd)), (int32_t)v, 4);
        gen_wrote(g, rd, true);
        return;
    }
    x86_mov_imm(&g->x, d, v);
    if ((int64_t)v == (int32_t)v)
        gen_write_extended(g, rd, d);
    else
        gen_write(g, rd, d);
}

/* lui, with the addi or addiw behind it that completes the constant. */
static void load_upper(struct gen *g, const struct op *o)
{
    uint64_t v = (uint64_t)(int64_t)o->imm;
    if (next_is(g, INSN_addiw, o->rd, o->rd) || (g->rv32 && next_is(g, INSN_addi, o->rd, o->rd))) {
        v = (uint64_t)(int32_t)((uint32_t)v + (uint32_t)next_insn(g)->op.imm);
        g->skip = 1;
    } else if (next_is(g, INSN_addi, o->rd, o->rd)) {
        v += (uint64_t)(int64_t)next_insn(g)->op.imm;
        g->skip = 1;
    }
    constant(g, o->rd, v);
}

static void pc_relative(struct gen *g, const struct op *o)
{
    unsigned d = gen_target(g, o->rd, RAX);
    int64_t offset = o->imm;
    if (next_is(g, INSN_addi, o->rd, o->rd)) {
        int64_t both = offset + next_insn(g)->op.imm;
        if (both == (int32_t)both) {
            offset = both;
            g->skip = 1;
        }
    }
    x86_mov(&g->x, X86_W, d, x86_m(RBP, HART_DISP(vbase)));
    x86_alu_imm(&g->x, ALU_ADD, gen_w(g), x86_r(d), (int32_t)offset);
    gen_write(g, o->rd, d);
}

static void move(struct gen *g, unsigned rd, unsigned rs)
{
    unsigned from = gen_target(g, rd, RAX);
    bool extended = gen_is_word(g, rs);
    if (in_register(g, rs))
        from = gen_x(g, rs).reg;
    else
        gen_into(g, from, rs, g->rv32);
    if (extended)
        gen_write_extended(g, rd, from);
    else
        gen_write(g, rd, from);
}

static void add_imm(struct gen *g, unsigned rd, unsigned rs, int32_t imm, bool word)
{
    unsigned d = gen_target(g, rd, RAX);
    if (!rs) {
        constant(g, rd, (uint64_t)(int64_t)imm);
        return;
    }
    if (!imm && (!word || g->rv32)) {
        move(g, rd, rs);
        return;
    }
    if (rd == rs && g->home[rd] == X86_NONE && !word && !gen_in_rax(g, rs)) {
        x86_alu_imm(&g->x, ALU_ADD, X86_W, gen_x(g, rd), imm);
        gen_wrote(g, rd, false);
        return;
    }
    if (word && !imm && gen_is_word(g, rs) && !g->rv32) { /* sext.w of what is extended */
        if (rd != rs) {
            gen_read(g, d, rs);
            gen_write_extended(g, rd, d);
        }
        return;
    }
    if (word && !imm && !g->rv32) {
        x86_movsxd(&g->x, d, gen_x32(g, rs));
        gen_write_extended(g, rd, d);
        return;
    }
    if (g->home[rs] != d && in_register(g, rs) && imm) {
        struct x86_rm from = source(g, rs, RAX, word);
        x86_lea(&g->x, width(word), d, x86_m(from.reg, imm));
    } else {
        gen_into(g, d, rs, word);
        if (imm)
            x86_alu_imm(&g->x, ALU_ADD, width(word), x86_r(d), imm);
    }
    finish(g, rd, d, word);
}

static void alu_imm(struct gen *g, enum x86_alu op, const struct op *o)
{
    unsigned d = gen_target(g, o->rd, RAX);
    bool known = gen_is_word(g, o->rs1), word = g->rv32 || known;
    gen_into(g, d, o->rs1, word);
    x86_alu_imm(&g->x, op, width(word), x86_r(d), o->imm);
    if (op == ALU_AND && o->imm >= 0 && !g->rv32)
        gen_write_extended(g, o->rd, d);
    else
        finish(g, o->rd, d, word);
}

/* x[rd] = a + (b << by), which x86 does at once. */
static void add_shifted(struct gen *g, unsigned rd, unsigned a, unsigned b, unsigned by, bool word)
{
    unsigned d = gen_target(g, rd, RAX);
    struct x86_rm ra = source(g, a, RAX, word), rb = source(g, b, RDX, word);
    if (ra.is_mem) {
        x86_mov(&g->x, width(word), RAX, ra);
        ra = x86_r(RAX);
    }
    if (rb.is_mem) {
        x86_mov(&g->x, width(word), RDX, rb);
        rb = x86_r(RDX);
    }
    x86_lea(&g->x, width(word), d, x86_mx(ra.reg, rb.reg, by, 0));
    finish(g, rd, d, word);
}

/* and, or, xor, add, sub and their W forms. */
static void alu(struct gen *g, enum x86_alu op, unsigned rd, unsigned rs1, unsigned rs2, bool word)
{
    bool logic = op == ALU_AND || op == ALU_OR || op == ALU_XOR;
    if (!rs1 && op == ALU_ADD && (!word || g->rv32)) { /* c.mv */
        move(g, rd, rs2);
        return;
    }
    word |= g->rv32 || (logic && gen_is_word(g, rs1) && gen_is_word(g, rs2));
    if (op != ALU_SUB && in_register(g, rs2) && g->home[rs2] == g->home[rd]) {
        unsigned t = rs1;
        rs1 = rs2;
        rs2 = t;
    }
    unsigned d = target_but(g, rd, rs2 == rs1 ? 0 : rs2);
    if (op == ALU_ADD && in_register(g, rs1) && in_register(g, rs2) && g->home[rs1] != d) {
        add_shifted(g, rd, rs1, rs2, 0, word);
        return;
    }
    gen_into(g, d, rs1, word);
    if (rs2) {
        struct x86_rm by = rs1 == rs2 ? x86_r(d) : source(g, rs2, RCX, word);
        x86_alu(&g->x, op, width(word), d, by);
    } else if (op == ALU_AND) {
        x86_alu(&g->x, ALU_XOR, 0, d, x86_r(d));
    }
    finish(g, rd, d, word);
}

/* slli that clears the upper half, srli that moves the rest back down: one of 32 bits. */
static bool zero_extension(struct gen *g, const struct op *o)
{
    if (o->imm != 32 || g->rv32 || !next_is(g, INSN_srli, o->rd, o->rd) ||
        next_insn(g)->op.imm > 32)
        return false;
    unsigned d = gen_target(g, o->rd, RAX), up = 32u - (unsigned)next_insn(g)->op.imm;
    g->skip = 1;
    gen_read32(g, d, o->rs1);
    if (up)
        x86_shift_imm(&g->x, SHIFT_SHL, X86_W, d, up);
    gen_write(g, o->rd, d);
    return true;
}

/* slli and the add that uses it up: an index into an array. */
static bool scaled_add(struct gen *g, const struct op *o)
{
    const struct insn *n = next_insn(g);
    unsigned t = o->rd;
    if (!n || o->imm > 3 || !o->rs1 || n->id != INSN_add || n->op.rd != t ||
        (n->op.rs1 == t) == (n->op.rs2 == t))
        return false;
    unsigned base = n->op.rs1 == t ? n->op.rs2 : n->op.rs1;
    if (!base)
        return false;
    g->skip = 1;
    add_shifted(g, t, base, o->rs1, (unsigned)o->imm, g->rv32);
    return true;
}

static void shift_left(struct gen *g, const struct op *o)
{
    if (zero_extension(g, o) || scaled_add(g, o))
        return;
    unsigned d = gen_target(g, o->rd, RAX);
    bool word = g->rv32;
    gen_into(g, d, o->rs1, word || o->imm >= 32);
    if (o->imm)
        x86_shift_imm(&g->x, SHIFT_SHL, width(word), d, (unsigned)o->imm);
    finish(g, o->rd, d, word);
}

static void shift_imm(struct gen *g, enum x86_shift op, const struct op *o, bool word)
{
    unsigned d = gen_target(g, o->rd, RAX);
    if (op == SHIFT_ROR) {
        x86_vex_imm(&g->x, width(word) | X86_F2 | X86_0F3A | 0xf0, d, 0,
                    source(g, o->rs1, RAX, word), (unsigned)o->imm);
        finish(g, o->rd, d, word);
        return;
    }
    gen_into(g, d, o->rs1, word);
    if (o->imm)
        x86_shift_imm(&g->x, op, width(word), d, (unsigned)o->imm);
    finish(g, o->rd, d, word);
}

/* shlx, shrx, sarx: the count is taken modulo the width, as RISC-V does. */
static void shift(struct gen *g, unsigned opcode, const struct op *o, bool word)
{
    unsigned d = gen_target(g, o->rd, RAX), by = RCX;
    if (in_register(g, o->rs2))
        by = g->home[o->rs2];
    else
        gen_read32(g, RCX, o->rs2);
    x86_vex(&g->x, opcode | width(word), d, by, source(g, o->rs1, RDX, word));
    finish(g, o->rd, d, word);
}

/* flags of x[rs1] compared with x[rs2]. The order of two sign-extended words is that of the words,
 * signed or not. */
static void compare(struct gen *g, unsigned rs1, unsigned rs2)
{
    struct x86 *x = &g->x;
    bool word = g->rv32 || (gen_is_word(g, rs1) && gen_is_word(g, rs2));
    unsigned w = width(word);
    struct x86_rm a = source(g, rs1, RAX, word);
    if (!rs2) {
        if (a.is_mem)
            x86_alu_imm(x, ALU_CMP, w, a, 0);
        else
            x86_op(x, w | 0x85, a.reg, a);
        return;
    }
    if (a.is_mem) {
        x86_mov(x, w, RAX, a);
        a = x86_r(RAX);
    }
    x86_alu(x, ALU_CMP, w, a.reg, source(g, rs2, RCX, word));
}

static void set_cc(struct gen *g, unsigned rd, enum x86_cond cc)
{
    unsigned d = gen_target(g, rd, RAX);
    x86_op(&g->x, X86_0F | 0x90 | cc | X86_BYTE, 0, x86_r(d));
    x86_op(&g->x, X86_0F | 0xb6 | X86_BYTE, d, x86_r(d));
    gen_write_extended(g, rd, d);
}

static void set_imm(struct gen *g, const struct op *o, enum x86_cond cc)
{
    bool word = g->rv32 || gen_is_word(g, o->rs1);
    x86_alu_imm(&g->x, ALU_CMP, width(word), source(g, o->rs1, RAX, word), o->imm);
    set_cc(g, o->rd, cc);
}

static void multiply(struct gen *g, const struct op *o, bool word)
{
    unsigned d = target_but(g, o->rd, o->rs2 == o->rs1 ? 0 : o->rs2);
    gen_into(g, d, o->rs1, word);
    struct x86_rm by = o->rs2 == o->rs1 ? x86_r(d) : source(g, o->rs2, RCX, word);
    x86_op(&g->x, width(word) | X86_0F | 0xaf, d, by);
    finish(g, o->rd, d, word);
}

/* to = the low half of x[i], extended to 64 bits; RV32 */
static void read_extended(struct gen *g, unsigned to, unsigned i, bool is_signed)
{
    if (i && is_signed)
        x86_movsxd(&g->x, to, gen_x32(g, i));
    else
        gen_read32(g, to, i);
}

static void multiply_high_rv32(struct gen *g, const struct op *o, bool signed1, bool signed2)
{
    read_extended(g, RAX, o->rs1, signed1);
    read_extended(g, RCX, o->rs2, signed2);
    x86_op(&g->x, X86_W | X86_0F | 0xaf, RAX, x86_r(RCX));
    x86_shift_imm(&g->x, SHIFT_SHR, X86_W, RAX, 32);
    gen_write(g, o->rd, RAX);
}

/* mulh, mulhu: rdx of rax * x[rs2]. RV32: the product of two extended words, shifted. */
static void multiply_high(struct gen *g, const struct op *o, bool is_signed)
{
    if (g->rv32) {
        multiply_high_rv32(g, o, is_signed, is_signed);
        return;
    }
    gen_read(g, RAX, o->rs1);
    x86_op(&g->x, X86_W | 0xf7, is_signed ? 5 : 4, source(g, o->rs2, RCX, false));
    gen_write(g, o->rd, RDX);
}

static void multiply_high_su(struct gen *g, const struct op *o)
{
    if (g->rv32) {
        multiply_high_rv32(g, o, true, false);
        return;
    }
    gen_read(g, RAX, o->rs1);
    x86_mov(&g->x, X86_W, RCX, x86_r(RAX));
    x86_shift_imm(&g->x, SHIFT_SAR, X86_W, RCX, 63);
    struct x86_rm by = source(g, o->rs2, RDX, false);
    x86_alu(&g->x, ALU_AND, X86_W, RCX, by);
    x86_op(&g->x, X86_W | 0xf7, 4, by);
    x86_alu(&g->x, ALU_SUB, X86_W, RDX, x86_r(RCX));
    gen_write(g, o->rd, RDX);
}

/* By zero and overflow have results of their own; the divisor goes to rcx, the dividend to rax. */
static void divide(struct gen *g, const struct op *o, bool word, bool is_signed, bool rem)
{
    struct x86 *x = &g->x;
    unsigned ww = width(word);
    gen_into(g, RCX, o->rs2, word);
    gen_into(g, RAX, o->rs1, word);
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
    finish(g, o->rd, RAX, word);
}

/* x[rs2] + (x[rs1] << by); uw: of the low half, zero-extended */
static void shift_add(struct gen *g, const struct op *o, unsigned by, bool uw)
{
    if (!uw) {
        add_shifted(g, o->rd, o->rs2, o->rs1, by, g->rv32);
        return;
    }
    unsigned d = gen_target(g, o->rd, RAX);
    gen_read32(g, RAX, o->rs1);
    gen_read(g, RCX, o->rs2);
    x86_lea(&g->x, X86_W, d, x86_mx(RCX, RAX, by, 0));
    gen_write(g, o->rd, d);
}

static void count_bits(struct gen *g, const struct op *o, unsigned opcode, bool w)
{
    unsigned d = gen_target(g, o->rd, RAX);
    x86_op(&g->x, X86_F3 | X86_0F | opcode | width(w), d, source(g, o->rs1, RDX, w));
    gen_write_extended(g, o->rd, d); /* at most 64 */
}

static void extend(struct gen *g, const struct op *o, unsigned opcode)
{
    unsigned d = gen_target(g, o->rd, RAX);
    struct x86_rm from = source(g, o->rs1, RDX, true);
    x86_op(&g->x, opcode | (from.is_mem ? 0 : X86_BYTE), d, from);
    gen_write_extended(g, o->rd, d);
}

static void zero_if(struct gen *g, const struct op *o, enum x86_cond cc)
{
    gen_read(g, RDX, o->rs1);
    x86_mov_imm(&g->x, RCX, 0);
    compare(g, o->rs2, 0);
    x86_op(&g->x, X86_W | X86_0F | 0x40 | cc, RDX, x86_r(RCX));
    gen_write(g, o->rd, RDX);
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
    case INSN_lui: load_upper(g, o); return true;
    case INSN_auipc: pc_relative(g, o); return true;
    case INSN_addi: add_imm(g, o->rd, o->rs1, o->imm, w); return true;
    case INSN_addiw: add_imm(g, o->rd, o->rs1, o->imm, true); return true;
    case INSN_slti: set_imm(g, o, CC_L); return true;
    case INSN_sltiu: set_imm(g, o, CC_B); return true;
    case INSN_xori: alu_imm(g, ALU_XOR, o); return true;
    case INSN_ori: alu_imm(g, ALU_OR, o); return true;
    case INSN_andi: alu_imm(g, ALU_AND, o); return true;
    case INSN_slli:
    case INSN_slli_rv32: shift_left(g, o); return true;
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
        gen_read32(g, RAX, o->rs1);
        x86_shift_imm(&g->x, SHIFT_SHL, X86_W, RAX, (unsigned)o->imm);
        gen_write(g, o->rd, RAX);
        return true;
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
    case INSN_rori:
    case INSN_rori_rv32: shift_imm(g, SHIFT_ROR, o, w); return true;
    case INSN_roriw: shift_imm(g, SHIFT_ROR, o, true); return true;
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
    default: return gen_bit(g, i);
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
