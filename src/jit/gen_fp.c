/* SPDX-License-Identifier: MIT */
/*
 * Floating point. MXCSR is the guest's while such a region runs: its rounding mode is frm, and its
 * sticky flags are those of fflags that run.c has not taken yet. Both machines detect tininess after
 * rounding; what differs is NaNs: a NaN result becomes the canonical one, in cold code. f registers
 * stay in the hart.
 */
#include "jit/internal.h"

enum { XMM0, XMM1, XMM2 };

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

/* To the interpreter, at this instruction: nothing was written yet. */
static void leave_if(struct gen *g, enum x86_cond cc)
{
    struct cold *c = gen_cold(g, COLD_EXIT, cc);
    c->exit = EXIT_INTERP;
    c->offset = g->cur->offset;
    c->size = (uint16_t)g->left;
}

/* f[i] is read as a single: it must be boxed. */
static void check_boxed(struct gen *g, unsigned i, unsigned size)
{
    if (size == 8 || g->boxed >> i & 1)
        return;
    x86_alu_imm(&g->x, ALU_CMP, 0, x86_m(RBP, F_DISP(i) + 4), -1);
    leave_if(g, CC_NE);
    g->boxed |= 1u << i;
}

void gen_note_dirty(struct gen *g)
{
    if (g->fp_noted)
        return;
    x86_op_imm(&g->x, 0xc6, 0, x86_m(RBP, HART_DISP(fp_dirty)), 1, 1);
    g->fp_noted = true;
}

static void set_boxed(struct gen *g, unsigned rd, unsigned size)
{
    if (size == 4) {
        x86_op_imm(&g->x, 0xc7, 0, x86_m(RBP, F_DISP(rd) + 4), -1, 4);
        g->boxed |= 1u << rd;
    } else {
        g->boxed &= ~(1u << rd);
    }
    gen_note_dirty(g);
}

static void read_f(struct gen *g, unsigned xmm, unsigned i, unsigned size)
{
    x86_vex(&g->x, scalar(size) | 0x10, xmm, 0, x86_m(RBP, F_DISP(i)));
}

static uint64_t canonical(unsigned size)
{
    return size == 8 ? UINT64_C(0x7ff8000000000000) : 0x7fc00000;
}

/* f[rd] = xmm0, a NaN made canonical. */
static void write_f(struct gen *g, unsigned rd, unsigned size)
{
    struct x86 *x = &g->x;
    x86_vex(x, scalar(size) | 0x11, XMM0, 0, x86_m(RBP, F_DISP(rd)));
    x86_vex(x, packed(size) | 0x2e, XMM0, 0, x86_r(XMM0));
    struct cold *c = gen_cold(g, COLD_NAN, CC_P);
    c->size = (uint8_t)size;
    c->value = canonical(size);
    c->disp = F_DISP(rd);
    c->back = x->at;
    set_boxed(g, rd, size);
}

static void arith(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    check_boxed(g, o->rs1, f->size);
    check_boxed(g, o->rs2, f->size);
    read_f(g, XMM0, o->rs1, f->size);
    x86_vex(&g->x, scalar(f->size) | f->op, XMM0, XMM0, x86_m(RBP, F_DISP(o->rs2)));
    write_f(g, o->rd, f->size);
}

static void square_root(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    check_boxed(g, o->rs1, f->size);
    read_f(g, XMM0, o->rs1, f->size);
    x86_vex(&g->x, scalar(f->size) | f->op, XMM0, XMM0, x86_r(XMM0));
    write_f(g, o->rd, f->size);
}

/* The 231 forms: xmm0 = +-(xmm1 * xmm2) +- xmm0. RISC-V's fnmsub is -(a*b) + c, x86's fnmadd; its
 * fnmadd is -(a*b) - c, x86's fnmsub. inf * 0 + qNaN raises no flag here: NaNs are the
 * interpreter's. */
static void multiply_add(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    unsigned rs3 = (unsigned)o->imm >> 8 & 0x1f;
    check_boxed(g, o->rs1, f->size);
    check_boxed(g, o->rs2, f->size);
    check_boxed(g, rs3, f->size);
    read_f(g, XMM0, rs3, f->size);
    read_f(g, XMM1, o->rs1, f->size);
    x86_vex(x, X86_66 | X86_0F38 | f->op | (f->size == 8 ? X86_W : 0), XMM0, XMM1,
            x86_m(RBP, F_DISP(o->rs2)));
    x86_vex(x, packed(f->size) | 0x2e, XMM0, 0, x86_r(XMM0));
    leave_if(g, CC_P);
    x86_vex(x, scalar(f->size) | 0x11, XMM0, 0, x86_m(RBP, F_DISP(o->rd)));
    set_boxed(g, o->rd, f->size);
}

/* Equal numbers may be zeros of two signs: min takes the union of their bits, max the common ones.
 * NaNs are the interpreter's. */
static void min_max(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    check_boxed(g, o->rs1, f->size);
    check_boxed(g, o->rs2, f->size);
    read_f(g, XMM0, o->rs1, f->size);
    read_f(g, XMM1, o->rs2, f->size);
    x86_vex(x, packed(f->size) | 0x2e, XMM0, 0, x86_r(XMM1));
    leave_if(g, CC_P);
    x86_vex(x, packed(f->size) | (f->op == 0x5d ? 0x56 : 0x54), XMM2, XMM0, x86_r(XMM1));
    uint8_t *equal = x86_jcc(x, CC_E, NULL);
    x86_vex(x, scalar(f->size) | f->op, XMM2, XMM0, x86_r(XMM1));
    if (!x->full)
        x86_patch(equal, x->at);
    x86_vex(x, scalar(f->size) | 0x11, XMM2, 0, x86_m(RBP, F_DISP(o->rd)));
    set_boxed(g, o->rd, f->size);
}

static void compare(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    bool swap = f->op != FEQ;
    unsigned a = swap ? o->rs2 : o->rs1, b = swap ? o->rs1 : o->rs2;
    check_boxed(g, a, f->size);
    check_boxed(g, b, f->size);
    read_f(g, XMM0, a, f->size);
    x86_vex(x, packed(f->size) | (swap ? 0x2f : 0x2e), XMM0, 0, x86_m(RBP, F_DISP(b)));
    unsigned cc = f->op == FEQ ? CC_E : f->op == FLT ? CC_A : CC_AE;
    x86_op(x, X86_0F | 0x90 | cc, 0, x86_r(RAX));
    if (f->op == FEQ) {
        x86_op(x, X86_0F | 0x90 | CC_NP, 0, x86_r(RCX));
        x86_op(x, 0x22, RAX, x86_r(RCX)); /* and al, cl */
    }
    x86_op(x, X86_0F | 0xb6, RAX, x86_r(RAX));
    gen_write_extended(g, o->rd, RAX);
    gen_note_dirty(g);
}

static void from_int(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    if (f->int_size == 4)
        gen_read32(g, RAX, o->rs1);
    else
        gen_read(g, RAX, o->rs1);
    x86_vex(x, X86_0F | 0x57, XMM0, XMM0, x86_r(XMM0)); /* no dependency on its old value */
    x86_vex(x, scalar(f->size) | 0x2a | (f->int_size == 8 || f->is_unsigned ? X86_W : 0), XMM0,
            XMM0, x86_r(RAX));
    x86_vex(x, scalar(f->size) | 0x11, XMM0, 0, x86_m(RBP, F_DISP(o->rd)));
    set_boxed(g, o->rd, f->size);
}

/* What does not fit gives 0x80...0 and the invalid flag, as RISC-V raises it. */
static void to_int(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    unsigned w = f->int_size == 8 ? X86_W : 0;
    check_boxed(g, o->rs1, f->size);
    x86_vex(x, scalar(f->size) | (((unsigned)o->imm & 7) == 1 ? 0x2c : 0x2d) | w, RAX, 0,
            x86_m(RBP, F_DISP(o->rs1)));
    if (w) {
        x86_mov_imm(x, RCX, UINT64_C(1) << 63);
        x86_alu(x, ALU_CMP, w, RAX, x86_r(RCX));
    } else {
        x86_alu_imm(x, ALU_CMP, 0, x86_r(RAX), INT32_MIN);
    }
    leave_if(g, CC_E);
    if (w)
        gen_write(g, o->rd, RAX);
    else
        gen_write_word(g, o->rd, RAX);
    gen_note_dirty(g);
}

static void convert(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    check_boxed(g, o->rs1, f->size);
    read_f(g, XMM0, o->rs1, f->size);
    x86_vex(&g->x, scalar(f->size) | 0x5a, XMM0, XMM0, x86_r(XMM0));
    write_f(g, o->rd, f->size == 8 ? 4 : 8);
}

static void move(struct gen *g, const struct op *o, const struct fp_insn *f)
{
    struct x86 *x = &g->x;
    unsigned w = f->size == 8 ? X86_W : 0, top = f->size * 8 - 1;
    if (f->op == MV_TO_X) {
        unsigned d = gen_target(g, o->rd, RAX);
        x86_op(x, f->size == 8 ? X86_W | 0x8b : X86_W | 0x63, d, x86_m(RBP, F_DISP(o->rs1)));
        gen_write(g, o->rd, d);
        gen_wrote(g, o->rd, f->size == 4);
        return;
    }
    if (f->op == MV_FROM_X) {
        if (f->size == 4)
            gen_read32(g, RAX, o->rs1);
        else
            gen_read(g, RAX, o->rs1);
    } else {
        check_boxed(g, o->rs1, f->size);
        check_boxed(g, o->rs2, f->size);
        x86_mov(x, w, RAX, x86_m(RBP, F_DISP(o->rs1)));
    }
    if (f->op <= SGNJX && (f->op != SGNJ || o->rs1 != o->rs2)) {
        x86_mov(x, w, RCX, x86_m(RBP, F_DISP(o->rs2)));
        if (f->op == SGNJN)
            x86_op(x, w | 0xf7, 2, x86_r(RCX));
        x86_shift_imm(x, SHIFT_SHR, w, RCX, top);
        x86_shift_imm(x, SHIFT_SHL, w, RCX, top);
        if (f->op != SGNJX)
            x86_op_imm(x, w | X86_0F | 0xba, 6, x86_r(RAX), (int32_t)top, 1);
        x86_alu(x, ALU_XOR, w, RAX, x86_r(RCX));
    }
    x86_mov_to(x, w, x86_m(RBP, F_DISP(o->rd)), RAX);
    set_boxed(g, o->rd, f->size);
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
