/* SPDX-License-Identifier: MIT */
/*
 * Atomics: x86's own, on the host address that the TLB gives. A reservation is what interp_mem.h says.
 */
#include "jit/internal.h"

/* rax = the host address of the aligned access at x[rs1]. */
static void atomic_address(struct gen *g, const struct op *o, unsigned size, enum access access)
{
    gen_address(g, o->rs1, 0);
    struct cold *c = gen_probe(g, access, size, COLD_ATOMIC);
    c->place |= (gen_log2(size) | (access == ACCESS_LOAD ? PLACE_READS : 0)) << 24;
    x86_alu(&g->x, ALU_ADD, X86_W, RAX, x86_r(RCX));
    c->back = g->x.at;
}

static void set_result(struct gen *g, unsigned rd, unsigned from, unsigned size)
{
    if (rd == REG_SINK)
        return;
    if (size == 4)
        gen_write_word(g, rd, from);
    else
        gen_write(g, rd, from);
}

static unsigned width_of(unsigned size)
{
    return size == 8 ? X86_W : 0;
}

/* lock xadd, or xchg, which locks by itself */
static void amo_direct(struct gen *g, const struct op *o, unsigned size, unsigned opcode)
{
    atomic_address(g, o, size, ACCESS_STORE);
    gen_read(g, RDX, o->rs2);
    x86_op(&g->x, width_of(size) | opcode, RDX, x86_m(RAX, 0));
    set_result(g, o->rd, RDX, size);
}

/* rcx: address, rax: old value, rdx: new one, until nobody came between. cc: of min and max, when the
 * old value stays. */
static void amo_loop(struct gen *g, const struct op *o, unsigned size, int alu, enum x86_cond cc)
{
    struct x86 *x = &g->x;
    unsigned w = width_of(size);
    atomic_address(g, o, size, ACCESS_STORE);
    x86_mov(x, X86_W, RCX, x86_r(RAX));
    x86_mov(x, w, RAX, x86_m(RCX, 0));
    const uint8_t *again = x->at;
    gen_read(g, RDX, o->rs2);
    if (alu >= 0) {
        x86_alu(x, (enum x86_alu)alu, w, RDX, x86_r(RAX));
    } else {
        x86_alu(x, ALU_CMP, w, RAX, x86_r(RDX));
        x86_op(x, w | X86_0F | 0x40 | cc, RDX, x86_r(RAX));
    }
    x86_op(x, X86_LOCK | w | X86_0F | 0xb1, RDX, x86_m(RCX, 0));
    x86_jcc(x, CC_NE, x->full ? NULL : again);
    set_result(g, o->rd, RAX, size);
}

/* Add, and, or, xor: one instruction if the old value is not asked for. */
static void amo_alu(struct gen *g, const struct op *o, unsigned size, enum x86_alu alu)
{
    if (o->rd == REG_SINK) {
        atomic_address(g, o, size, ACCESS_STORE);
        gen_read(g, RDX, o->rs2);
        x86_op(&g->x, X86_LOCK | width_of(size) | alu << 3 | 1, RDX, x86_m(RAX, 0));
    } else if (alu == ALU_ADD) {
        amo_direct(g, o, size, X86_LOCK | X86_0F | 0xc1); /* xadd */
    } else {
        amo_loop(g, o, size, (int)alu, CC_E);
    }
}

/* rdx = what names the bytes at host address `at`: see RESERVATION in interp_mem.h. */
static void reservation(struct gen *g, unsigned at, unsigned size)
{
    struct x86 *x = &g->x;
    x86_mov(x, X86_W, RDX, x86_r(at));
    x86_alu(x, ALU_SUB, X86_W, RDX, x86_m(RBP, HART_DISP(ram)));
    x86_alu(x, ALU_ADD, X86_W, RDX, x86_m(RBP, HART_DISP(ram_base)));
    if (size == 8)
        x86_alu_imm(x, ALU_OR, 0, x86_r(RDX), 1);
}

static void load_reserved(struct gen *g, const struct op *o, unsigned size)
{
    struct x86 *x = &g->x;
    atomic_address(g, o, size, ACCESS_LOAD);
    x86_mov(x, X86_W, RCX, x86_r(RAX));
    gen_load_as(g, RAX, size, true, x86_m(RCX, 0));
    reservation(g, RCX, size);
    x86_mov_to(x, X86_W, x86_m(RBP, HART_DISP(arch.res_addr)), RDX);
    x86_mov_to(x, X86_W, x86_m(RBP, HART_DISP(arch.res_value)), RAX);
    gen_write(g, o->rd, RAX);
}

static void store_conditional(struct gen *g, const struct op *o, unsigned size)
{
    struct x86 *x = &g->x;
    atomic_address(g, o, size, ACCESS_STORE);
    x86_mov(x, X86_W, RCX, x86_r(RAX));
    reservation(g, RCX, size);
    x86_alu(x, ALU_CMP, X86_W, RDX, x86_m(RBP, HART_DISP(arch.res_addr)));
    uint8_t *fail = x86_jcc(x, CC_NE, NULL);
    x86_mov(x, X86_W, RAX, x86_m(RBP, HART_DISP(arch.res_value)));
    gen_read(g, RDX, o->rs2);
    x86_op(x, X86_LOCK | width_of(size) | X86_0F | 0xb1, RDX, x86_m(RCX, 0));
    if (!x->full)
        x86_patch(fail, x->at);
    x86_op(x, X86_0F | 0x90 | CC_NE | X86_BYTE, 0, x86_r(RAX));
    x86_op(x, X86_0F | 0xb6 | X86_BYTE, RAX, x86_r(RAX));
    x86_op_imm(x, X86_W | 0xc7, 0, x86_m(RBP, HART_DISP(arch.res_addr)), -1, 4);
    gen_write(g, o->rd, RAX);
}

bool gen_amo(struct gen *g, const struct insn *i)
{
    const struct op *o = &i->op;
    if (o->rs2)
        gen_x(g, o->rs2); /* all of it, before there are branches */
    switch (i->id) {
    case INSN_lr_w: load_reserved(g, o, 4); return true;
    case INSN_lr_d: load_reserved(g, o, 8); return true;
    case INSN_sc_w: store_conditional(g, o, 4); return true;
    case INSN_sc_d: store_conditional(g, o, 8); return true;
#define AMO_SIZE(s, size)                                                                          \
    case INSN_amoswap_##s: amo_direct(g, o, size, 0x87); return true;                              \
    case INSN_amoadd_##s: amo_alu(g, o, size, ALU_ADD); return true;                               \
    case INSN_amoand_##s: amo_alu(g, o, size, ALU_AND); return true;                               \
    case INSN_amoor_##s: amo_alu(g, o, size, ALU_OR); return true;                                 \
    case INSN_amoxor_##s: amo_alu(g, o, size, ALU_XOR); return true;                               \
    case INSN_amomin_##s: amo_loop(g, o, size, -1, CC_L); return true;                             \
    case INSN_amomax_##s: amo_loop(g, o, size, -1, CC_G); return true;                             \
    case INSN_amominu_##s: amo_loop(g, o, size, -1, CC_B); return true;                            \
    case INSN_amomaxu_##s: amo_loop(g, o, size, -1, CC_A); return true;
        AMO_SIZE(w, 4)
        AMO_SIZE(d, 8)
#undef AMO_SIZE
    default: return false;
    }
}
