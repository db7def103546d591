/* SPDX-License-Identifier: MIT */
/*
 * Floating point. MXCSR is the guest's while such a region runs: its rounding mode is frm, and its
 * sticky flags are those of fflags that run.c has not taken yet. Both machines detect tininess after
 * rounding; what differs is NaNs: a NaN result becomes the canonical one, in cold code. f registers
 * stay in the hart.
 */
#include "jit/internal.h"

/* What an FP instruction is made of: tells knows() and the generator alike. */
enum fp_kind {
    FP_NONE,
    FP_MOVE,  /* loads, stores, moves, sign injection: no arithmetic */
    FP_ARITH, /* rounds by frm: rm must be dynamic */
    FP_FMA,
    FP_SQRT,
    FP_MIN_MAX,
    FP_COMPARE,
    FP_FROM_INT,
    FP_TO_INT,
    FP_CONVERT,
};

struct fp_insn {
    uint8_t kind, size, op; /* op: the opcode's last byte, or which of its kind */
    bool exact;             /* the rounding mode has no effect */
    uint8_t int_size;
    bool is_unsigned;
};

enum { SGNJ, SGNJN, SGNJX, MV_TO_X, MV_FROM_X, MEMORY };
enum { FEQ, FLT, FLE };

static struct fp_insn describe(unsigned id)
{
    switch (id) {
    case INSN_flw:
    case INSN_fsw:
    case INSN_fld:
    case INSN_fsd: return (struct fp_insn){.kind = FP_MOVE, .op = MEMORY, .exact = true};
#define BOTH(s, bytes)                                                                             \
    case INSN_fadd_##s: return (struct fp_insn){FP_ARITH, bytes, 0x58, false, 0, false};           \
    case INSN_fmul_##s: return (struct fp_insn){FP_ARITH, bytes, 0x59, false, 0, false};           \
    case INSN_fsub_##s: return (struct fp_insn){FP_ARITH, bytes, 0x5c, false, 0, false};           \
    case INSN_fdiv_##s: return (struct fp_insn){FP_ARITH, bytes, 0x5e, false, 0, false};           \
    case INSN_fsqrt_##s: return (struct fp_insn){FP_SQRT, bytes, 0x51, false, 0, false};           \
    case INSN_fmadd_##s: return (struct fp_insn){FP_FMA, bytes, 0xb9, false, 0, false};            \
    case INSN_fmsub_##s: return (struct fp_insn){FP_FMA, bytes, 0xbb, false, 0, false};            \
    case INSN_fnmsub_##s: return (struct fp_insn){FP_FMA, bytes, 0xbd, false, 0, false};           \
    case INSN_fnmadd_##s: return (struct fp_insn){FP_FMA, bytes, 0xbf, false, 0, false};           \
    case INSN_fmin_##s: return (struct fp_insn){FP_MIN_MAX, bytes, 0x5d, true, 0, false};          \
    case INSN_fmax_##s: return (struct fp_insn){FP_MIN_MAX, bytes, 0x5f, true, 0, false};          \
    case INSN_feq_##s: return (struct fp_insn){FP_COMPARE, bytes, FEQ, true, 0, false};            \
    case INSN_flt_##s: return (struct fp_insn){FP_COMPARE, bytes, FLT, true, 0, false};            \
    case INSN_fle_##s: return (struct fp_insn){FP_COMPARE, bytes, FLE, true, 0, false};            \
    case INSN_fsgnj_##s: return (struct fp_insn){FP_MOVE, bytes, SGNJ, true, 0, false};            \
    case INSN_fsgnjn_##s: return (struct fp_insn){FP_MOVE, bytes, SGNJN, true, 0, false};          \
    case INSN_fsgnjx_##s: return (struct fp_insn){FP_MOVE, bytes, SGNJX, true, 0, false};          \
    case INSN_fcvt_##s##_w: return (struct fp_insn){FP_FROM_INT, bytes, 0, bytes == 8, 4, false};  \
    case INSN_fcvt_##s##_wu: return (struct fp_insn){FP_FROM_INT, bytes, 0, bytes == 8, 4, true};  \
    case INSN_fcvt_##s##_l: return (struct fp_insn){FP_FROM_INT, bytes, 0, false, 8, false};       \
    case INSN_fcvt_w_##s: return (struct fp_insn){FP_TO_INT, bytes, 0, false, 4, false};           \
    case INSN_fcvt_l_##s: return (struct fp_insn){FP_TO_INT, bytes, 0, false, 8, false};
        BOTH(s, 4)
        BOTH(d, 8)
#undef BOTH
    case INSN_fmv_x_w: return (struct fp_insn){FP_MOVE, 4, MV_TO_X, true, 0, false};
    case INSN_fmv_w_x: return (struct fp_insn){FP_MOVE, 4, MV_FROM_X, true, 0, false};
    case INSN_fmv_x_d: return (struct fp_insn){FP_MOVE, 8, MV_TO_X, true, 0, false};
    case INSN_fmv_d_x: return (struct fp_insn){FP_MOVE, 8, MV_FROM_X, true, 0, false};
    case INSN_fcvt_d_s: return (struct fp_insn){FP_CONVERT, 4, 0, true, 0, false};
    case INSN_fcvt_s_d: return (struct fp_insn){FP_CONVERT, 8, 0, false, 0, false};
    default: return (struct fp_insn){.kind = FP_NONE};
    }
}

bool gen_fp_knows(const struct insn *i)
{
    struct fp_insn f = describe(i->id);
    unsigned rm = (unsigned)i->op.imm & 7;
    return f.kind && (f.exact || rm == 7 || (f.kind == FP_TO_INT && rm == 1));
}

bool gen_fp_computes(const struct insn *i)
{
    return describe(i->id).kind > FP_MOVE;
}

static unsigned scalar(unsigned size)
{
    return X86_0F | (size == 8 ? X86_F2 : X86_F3);
}

static unsigned packed(unsigned size)
{
    return X86_0F | (size == 8 ? X86_66 : 0);
}

/* Operands that are read as singles must be boxed. */
static void check_boxed(struct gen *g, unsigned i, unsigned size)
{
    if (size == 4)
        gen_f_check_boxed(g, i);
}

static void arith(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    check_boxed(g, o->rs1, f->size);
    check_boxed(g, o->rs2, f->size);
    unsigned a = gen_f_read(g, XMM0, o->rs1), d = gen_f_target(g, o->rd, XMM0);
    x86_vex(&g->x, scalar(f->size) | f->op, d, a, gen_f(g, o->rs2));
    gen_f_write(g, o->rd, d, f->size, true);
}

static void square_root(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    check_boxed(g, o->rs1, f->size);
    unsigned a = gen_f_read(g, XMM0, o->rs1), d = gen_f_target(g, o->rd, XMM0);
    x86_vex(&g->x, scalar(f->size) | f->op, d, a, x86_r(a));
    gen_f_write(g, o->rd, d, f->size, true);
}

/* The 231 forms: xmm0 = +-(a * b) +- xmm0. RISC-V's fnmsub is -(a*b) + c, x86's fnmadd; its
 * fnmadd is -(a*b) - c, x86's fnmsub. inf * 0 + qNaN raises no flag here: NaNs are the
 * interpreter's. */
static void multiply_add(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    unsigned rs3 = (unsigned)o->imm >> 8 & 0x1f;
    check_boxed(g, o->rs1, f->size);
    check_boxed(g, o->rs2, f->size);
    check_boxed(g, rs3, f->size);
    gen_f_copy(g, XMM0, gen_f_read(g, XMM0, rs3));
    unsigned a = gen_f_read(g, XMM1, o->rs1);
    x86_vex(x, X86_66 | X86_0F38 | f->op | (f->size == 8 ? X86_W : 0), XMM0, a, gen_f(g, o->rs2));
    x86_vex(x, packed(f->size) | 0x2e, XMM0, 0, x86_r(XMM0));
    gen_leave_if(g, CC_P);
    gen_f_write(g, o->rd, XMM0, f->size, false);
}

/* Equal numbers may be zeros of two signs: min takes the union of their bits, max the common ones.
 * NaNs are the interpreter's. */
static void min_max(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    check_boxed(g, o->rs1, f->size);
    check_boxed(g, o->rs2, f->size);
    unsigned a = gen_f_read(g, XMM0, o->rs1), b = gen_f_read(g, XMM1, o->rs2);
    x86_vex(x, packed(f->size) | 0x2e, a, 0, x86_r(b));
    gen_leave_if(g, CC_P);
    x86_vex(x, packed(f->size) | (f->op == 0x5d ? 0x56 : 0x54), XMM2, a, x86_r(b));
    uint8_t *equal = x86_jcc(x, CC_E, NULL);
    x86_vex(x, scalar(f->size) | f->op, XMM2, a, x86_r(b));
    if (!x->full)
        x86_patch(equal, x->at);
    gen_f_write(g, o->rd, XMM2, f->size, false);
}

static void compare(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    bool swap = f->op != FEQ;
    unsigned a = swap ? o->rs2 : o->rs1, b = swap ? o->rs1 : o->rs2;
    check_boxed(g, a, f->size);
    check_boxed(g, b, f->size);
    x86_vex(x, packed(f->size) | (swap ? 0x2f : 0x2e), gen_f_read(g, XMM0, a), 0, gen_f(g, b));
    unsigned cc = f->op == FEQ ? CC_E : f->op == FLT ? CC_A : CC_AE;
    x86_op(x, X86_0F | 0x90 | cc, 0, x86_r(RAX));
    if (f->op == FEQ) {
        x86_op(x, X86_0F | 0x90 | CC_NP, 0, x86_r(RCX));
        x86_op(x, 0x22, RAX, x86_r(RCX)); /* and al, cl */
    }
    x86_op(x, X86_0F | 0xb6, RAX, x86_r(RAX));
    gen_note_dirty(g);
    gen_write_extended(g, o->rd, RAX);
}

/* The upper half of a single's first source boxes it; any will do for a double. */
static void from_int(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    unsigned d = gen_f_target(g, o->rd, XMM0);
    if (f->int_size == 4)
        gen_read32(g, RAX, o->rs1);
    else
        gen_read(g, RAX, o->rs1);
    x86_vex(x, X86_66 | X86_0F | 0x76, XMM2, XMM2, x86_r(XMM2)); /* all ones */
    x86_vex(x, scalar(f->size) | 0x2a | (f->int_size == 8 || f->is_unsigned ? X86_W : 0), d, XMM2,
            x86_r(RAX));
    gen_f_write(g, o->rd, d, f->size, false);
}

/* What does not fit gives 0x80...0 and the invalid flag, as RISC-V raises it. */
static void to_int(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    unsigned w = f->int_size == 8 ? X86_W : 0;
    check_boxed(g, o->rs1, f->size);
    x86_vex(x, scalar(f->size) | (((unsigned)o->imm & 7) == 1 ? 0x2c : 0x2d) | w, RAX, 0,
            gen_f(g, o->rs1));
    if (w) {
        x86_mov_imm(x, RCX, UINT64_C(1) << 63);
        x86_alu(x, ALU_CMP, w, RAX, x86_r(RCX));
    } else {
        x86_alu_imm(x, ALU_CMP, 0, x86_r(RAX), INT32_MIN);
    }
    gen_leave_if(g, CC_E);
    gen_note_dirty(g);
    if (w)
        gen_write(g, o->rd, RAX);
    else
        gen_write_word(g, o->rd, RAX);
}

static void convert(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    unsigned d = gen_f_target(g, o->rd, XMM0);
    check_boxed(g, o->rs1, f->size);
    x86_vex(&g->x, X86_66 | X86_0F | 0x76, XMM2, XMM2, x86_r(XMM2)); /* boxes a single */
    x86_vex(&g->x, scalar(f->size) | 0x5a, d, XMM2, gen_f(g, o->rs1));
    gen_f_write(g, o->rd, d, f->size == 8 ? 4 : 8, true);
}

static void move_to_x(struct gen *g, const struct op *o, unsigned size)
{
    struct x86 *x = &g->x;
    unsigned d = gen_target(g, o->rd, RAX);
    gen_f_settle(g, o->rs1);
    struct x86_rm from = gen_f(g, o->rs1);
    if (from.is_mem)
        x86_op(x, size == 8 ? X86_W | 0x8b : 0x8b, d, from);
    else
        x86_vex(x, (size == 8 ? X86_W : 0) | X86_66 | X86_0F | 0x7e, from.reg, 0, x86_r(d));
    if (size == 8)
        gen_write(g, o->rd, d);
    else
        gen_write_word(g, o->rd, d);
}

static void move_from_x(struct gen *g, const struct op *o, unsigned size)
{
    unsigned d = gen_f_target(g, o->rd, XMM0), raw = size == 8 ? d : (unsigned)XMM1;
    if (size == 4)
        gen_read32(g, RAX, o->rs1);
    else
        gen_read(g, RAX, o->rs1);
    x86_vex(&g->x, (size == 8 ? X86_W : 0) | X86_66 | X86_0F | 0x6e, raw, 0, x86_r(RAX));
    if (size == 4)
        gen_f_box(g, d, XMM1, XMM2);
    gen_f_write(g, o->rd, d, size, false);
}

/* xmm2 = the sign bit alone */
static void sign_mask(struct x86 *x, unsigned size)
{
    x86_vex(x, X86_66 | X86_0F | 0x76, XMM2, XMM2, x86_r(XMM2));
    if (size == 4)
        x86_vex_imm(x, X86_66 | X86_0F | 0x73, 2, XMM2, x86_r(XMM2), 63);              /* psrlq */
    x86_vex_imm(x, X86_66 | X86_0F | 0x73, 6, XMM2, x86_r(XMM2), size == 8 ? 63 : 31); /* psllq */
}

enum { AND = X86_0F | 0x54, ANDN = X86_0F | 0x55, OR = X86_0F | 0x56, XOR = X86_0F | 0x57 };

static void inject_sign(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    check_boxed(g, o->rs1, f->size);
    check_boxed(g, o->rs2, f->size);
    if (f->op == SGNJ && o->rs1 == o->rs2) {
        if (f->size == 8 && g->boxed >> o->rs1 & 1) /* a single's NaN is another one */
            gen_f_settle(g, o->rs1);
        bool computed = g->nan >> o->rs1 & 1;
        gen_f_write(g, o->rd, gen_f_read(g, XMM0, o->rs1), f->size, computed);
        return;
    }
    gen_f_settle(g, o->rs1);
    gen_f_settle(g, o->rs2);
    unsigned a = gen_f_read(g, XMM0, o->rs1), b = gen_f_read(g, XMM1, o->rs2);
    sign_mask(x, f->size);
    if (f->op == SGNJN)
        x86_vex(x, ANDN, XMM1, b, x86_r(XMM2));
    else
        x86_vex(x, AND, XMM1, b, x86_r(XMM2));
    if (f->op == SGNJX) {
        x86_vex(x, XOR, XMM0, a, x86_r(XMM1));
    } else {
        x86_vex(x, ANDN, XMM0, XMM2, x86_r(a));
        x86_vex(x, OR, XMM0, XMM0, x86_r(XMM1));
    }
    gen_f_write(g, o->rd, XMM0, f->size, false);
}

static void move(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    if (f->op == MV_TO_X)
        move_to_x(g, o, f->size);
    else if (f->op == MV_FROM_X)
        move_from_x(g, o, f->size);
    else
        inject_sign(g, o, f);
}

struct fp_use gen_fp_use(const struct insn *i)
{
    struct fp_insn f = describe(i->id);
    const struct op *o = &i->op;
    unsigned flags = insn_flags(i->id);
    struct fp_use u = {0};
    if (!f.kind)
        return u;
    bool memory = f.kind == FP_MOVE && f.op == MEMORY;
    if (flags & I_READS_F)
        u.reads = memory ? 1u << o->rs2 : 1u << o->rs1;
    if (f.kind == FP_ARITH || f.kind == FP_FMA || f.kind == FP_MIN_MAX || f.kind == FP_COMPARE ||
        (f.kind == FP_MOVE && f.op <= SGNJX))
        u.reads |= 1u << o->rs2;
    if (f.kind == FP_FMA)
        u.reads |= 1u << ((unsigned)o->imm >> 8 & 0x1f);
    if (f.size == 4 && !memory && !(f.kind == FP_MOVE && f.op == MV_TO_X))
        u.singles = u.reads;
    if (flags & I_WRITES_F) {
        u.writes = 1u << o->rd;
        u.is_double = (f.size == 8) != (f.kind == FP_CONVERT);
        if (memory)
            u.is_double = i->id == INSN_fld;
    }
    return u;
}

bool gen_fp(struct gen *g, const struct insn *i)
{
    struct fp_insn f = describe(i->id);
    const struct op *o = &i->op;
    switch (f.kind) {
    case FP_MOVE: move(g, o, &f); return true;
    case FP_ARITH: arith(g, o, &f); return true;
    case FP_FMA: multiply_add(g, o, &f); return true;
    case FP_SQRT: square_root(g, o, &f); return true;
    case FP_MIN_MAX: min_max(g, o, &f); return true;
    case FP_COMPARE: compare(g, o, &f); return true;
    case FP_FROM_INT: from_int(g, o, &f); return true;
    case FP_TO_INT: to_int(g, o, &f); return true;
    case FP_CONVERT: convert(g, o, &f); return true;
    default: return false;
    }
}
