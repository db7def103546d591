/* SPDX-License-Identifier: MIT */
/*
 * System instructions. What a kernel executes at each entry is inline: accesses to CSRs that only
 * hold a value, reads of sstatus and mstatus, writes of their interrupt enables, and cbo.zero. Code
 * is shared by all privileges, so an inline access compares the hart's privilege with the lowest
 * that may execute it. All other cases call jit_sys, with exact state.
 */
#include "cpu/csr_bits.h"
#include "cpu/csr_table.h"
#include "jit/internal.h"

#define ARCH_DISP(field) HART_DISP(arch.field)
#define CBO_LINE         64

enum { KIND_WRITE = 1, KIND_SET, KIND_CLEAR };
enum { CSR_SSTATUS = 0x100, CSR_SEPC = 0x141, CSR_MSTATUS = 0x300, CSR_MEPC = 0x341 };

/* A Zicsr instruction, taken apart. */
struct csr_insn {
    const struct csr_row *row;
    unsigned rd, rs1, kind;
    bool is_imm; /* rs1 is the value */
    bool writes;
};

static struct csr_insn csr_insn_of(uint32_t word)
{
    struct csr_insn c = {csr_row(word >> 20), word >> 7 & 0x1f, word >> 15 & 0x1f,
                         word >> 12 & 3,      word >> 14 & 1,   false};
    c.writes = c.kind == KIND_WRITE || c.rs1;
    return c;
}

/* --- calls --- */

static void call_sys(struct gen *g, uint32_t word, uint32_t id_len, uint32_t place)
{
    x86_mov_imm(&g->x, RAX, word);
    x86_mov_imm(&g->x, RDX, id_len);
    x86_mov_imm(&g->x, RCX, place);
    x86_call(&g->x, g->j->thunks.sys);
}

static uint32_t id_len_of(const struct insn *i)
{
    return i->id | (i->op.len & OP_LENGTH) << 16;
}

/* The whole instruction in C, if cc holds; goes on at what sys_back sets. */
static struct cold *sys_if(struct gen *g, const struct insn *i, uint32_t word, enum x86_cond cc)
{
    struct cold *c = gen_cold(g, COLD_SYS, cc);
    c->value = word | (uint64_t)id_len_of(i) << 32;
    return c;
}

void gen_sys_cold(struct gen *g, const struct cold *c)
{
    gen_call_stub(g, g->spill);
    call_sys(g, (uint32_t)c->value, (uint32_t)(c->value >> 32), c->place);
    gen_call_stub(g, g->fill);
}

/* The whole instruction in C. */
static void sys_always(struct gen *g, const struct insn *i, uint32_t word)
{
    gen_settle(g);
    gen_spill(g);
    call_sys(g, word, id_len_of(i), place_of(i->offset, g->left, 0));
    gen_fill(g);
    g->extended = 0;
}

/* The cold paths that were made since there were `from` of them go on here. */
static void sys_back(struct gen *g, unsigned from)
{
    for (unsigned n = from; n < g->colds; n++)
        g->cold[n].back = g->x.at;
    g->rax_at = NULL; /* they leave something else in rax */
}

/* Leaves to C if the hart's privilege is below `level`; for tests always. */
static void require_privilege(struct gen *g, const struct insn *i, unsigned level)
{
    struct x86 *x = &g->x;
    uint32_t word = (uint32_t)i->op.imm;
    if (g->j->cold) {
        x86_alu_imm(x, ALU_CMP, X86_W, x86_r(RSP), 0);
        sys_if(g, i, word, CC_NE);
    } else if (level) {
        x86_op_imm(x, 0x80, ALU_CMP, x86_m(RBP, ARCH_DISP(priv)), (int32_t)level, 1);
        sys_if(g, i, word, CC_B);
    }
}

/* --- CSRs that only hold a value --- */

static int32_t field_disp(const struct csr_row *row)
{
    return HART_DISP(arch) + row->offset;
}

/* The bits that a write may set, as an immediate of x86; false: it is none, or a write does more. */
static bool stored_bits(const struct gen *g, const struct csr_row *row, int32_t *bits)
{
    uint64_t mask = row->mask;
    if (!(row->flags & CSR_QUIET) || row->write_at)
        return false;
    if (row->number == CSR_SEPC || row->number == CSR_MEPC) /* addresses of instructions */
        mask = g->align4 ? ~UINT64_C(3) : ~UINT64_C(1);
    else if (row->write)
        return false;
    *bits = (int32_t)mask;
    return (uint64_t)(int64_t)*bits == mask;
}

static bool is_field(const struct csr_row *row)
{
    return row->ext == CSR_ALWAYS && !row->visible && !row->read && !row->read_at &&
           !(row->flags & (CSR_WIDE | CSR_HIGH | CSR_EVEN | CSR_PENDING | CSR_ENTROPY));
}

/* rdx = the operand of a Zicsr instruction. */
static void read_operand(struct gen *g, const struct csr_insn *c)
{
    if (c->is_imm)
        x86_mov_imm(&g->x, RDX, c->rs1);
    else
        gen_read(g, RDX, c->rs1);
}

/* rax holds the old value, if there is one. */
static void write_field(struct gen *g, const struct csr_insn *c, int32_t bits)
{
    struct x86 *x = &g->x;
    read_operand(g, c);
    if (c->kind == KIND_SET) {
        x86_alu(x, ALU_OR, X86_W, RDX, x86_r(RAX));
    } else if (c->kind == KIND_CLEAR) {
        x86_op(x, X86_W | 0xf7, 2, x86_r(RDX)); /* not */
        x86_alu(x, ALU_AND, X86_W, RDX, x86_r(RAX));
    }
    if (g->rv32)
        x86_mov(x, 0, RDX, x86_r(RDX));
    if (bits != -1)
        x86_alu_imm(x, ALU_AND, X86_W, x86_r(RDX), bits);
    x86_mov_to(x, X86_W, x86_m(RBP, field_disp(c->row)), RDX);
}

static void set_rd(struct gen *g, unsigned rd)
{
    if (!rd)
        return;
    if (g->rv32)
        x86_movsxd(&g->x, RAX, x86_r(RAX));
    gen_write(g, rd, RAX);
}

static bool gen_field(struct gen *g, const struct insn *i, const struct csr_insn *c)
{
    int32_t bits = 0;
    unsigned colds = g->colds;
    if (!is_field(c->row) || (c->writes && !stored_bits(g, c->row, &bits)))
        return false;
    require_privilege(g, i, c->row->number >> 8 & 3);
    if (c->rd || c->kind != KIND_WRITE)
        x86_mov(&g->x, X86_W, RAX, x86_m(RBP, field_disp(c->row)));
    if (c->writes)
        write_field(g, c, bits);
    set_rd(g, c->rd);
    sys_back(g, colds);
    return true;
}

/* --- sstatus and mstatus --- */

/* rax = what status_read in csr_regs.c returns; leaves to C while FS lags behind. */
static void read_status(struct gen *g, const struct insn *i, const struct csr_insn *c)
{
    struct x86 *x = &g->x;
    bool machine = c->row->number == CSR_MSTATUS;
    x86_op_imm(x, 0x80, ALU_CMP, x86_m(RBP, HART_DISP(fp_dirty)), 0, 1);
    sys_if(g, i, (uint32_t)i->op.imm, CC_NE);
    x86_mov(x, X86_W, RAX, x86_m(RBP, ARCH_DISP(mstatus)));
    x86_alu_imm(x, ALU_AND, 0, x86_r(RAX), (int32_t)(machine ? MSTATUS_MASK : SSTATUS_MASK));
    /* SD: FS, plus one in its lowest bit, carries into bit 15, where the mask has a zero */
    x86_lea(x, 0, RCX, x86_m(RAX, 1 << FS_SHIFT));
    x86_alu_imm(x, ALU_AND, 0, x86_r(RCX), 1 << 15);
    x86_shift_imm(x, SHIFT_SHL, X86_W, RCX, g->rv32 ? 31 - 15 : 63 - 15);
    x86_alu(x, ALU_OR, X86_W, RAX, x86_r(RCX));
    if (!g->rv32) { /* UXL, SXL */
        x86_mov_imm(x, RCX, UINT64_C(2) << 32 | (machine ? UINT64_C(2) << 34 : 0));
        x86_alu(x, ALU_OR, X86_W, RAX, x86_r(RCX));
    }
}

/* Leaves to C if an interrupt could be taken once it is enabled. Another thread that raises one
 * later sets limit to 0. */
static void require_no_interrupt(struct gen *g, const struct insn *i)
{
    struct x86 *x = &g->x;
    x86_op(x, X86_0F | 0xb6, RCX, x86_m(RBP, HART_DISP(timer_stip)));
    x86_shift_imm(x, SHIFT_SHL, 0, RCX, __builtin_ctz(MIP_STIP));
    x86_alu(x, ALU_OR, 0, RCX, x86_m(RBP, HART_DISP(irq_lines)));
    x86_alu(x, ALU_OR, 0, RCX, x86_m(RBP, ARCH_DISP(mip_soft)));
    x86_op(x, 0x85, RCX, x86_m(RBP, ARCH_DISP(mie))); /* test */
    sys_if(g, i, (uint32_t)i->op.imm, CC_NE);
}

/* Leaves to C if the operand has other bits than those in `may`. */
static void require_bits(struct gen *g, const struct insn *i, const struct csr_insn *c,
                         unsigned may)
{
    if (c->is_imm)
        return;
    gen_read(g, RDX, c->rs1);
    x86_op_imm(&g->x, X86_W | 0xf7, 0, x86_r(RDX), (int32_t)~may, 4); /* test */
    sys_if(g, i, (uint32_t)i->op.imm, CC_NE);
}

static void write_enables(struct gen *g, const struct csr_insn *c)
{
    struct x86 *x = &g->x;
    read_operand(g, c);
    if (c->kind == KIND_CLEAR)
        x86_op(x, X86_W | 0xf7, 2, x86_r(RDX)); /* not */
    x86_op(x, X86_W | (c->kind == KIND_CLEAR ? 0x21 : 0x09), RDX, x86_m(RBP, ARCH_DISP(mstatus)));
}

static bool gen_status(struct gen *g, const struct insn *i, const struct csr_insn *c)
{
    unsigned number = c->row->number, colds = g->colds;
    if ((number != CSR_SSTATUS && number != CSR_MSTATUS) || (c->writes && c->kind == KIND_WRITE))
        return false;
    unsigned may = MSTATUS_SIE | (number == CSR_MSTATUS ? MSTATUS_MIE : 0);
    if (c->writes && c->is_imm && c->rs1 & ~may)
        return false;
    require_privilege(g, i, number >> 8 & 3);
    if (c->writes)
        require_bits(g, i, c, may);
    if (c->writes && c->kind == KIND_SET)
        require_no_interrupt(g, i);
    if (c->rd)
        read_status(g, i, c);
    if (c->writes)
        write_enables(g, c);
    set_rd(g, c->rd);
    sys_back(g, colds);
    return true;
}

static bool gen_csr(struct gen *g, const struct insn *i)
{
    if (i->id < INSN_csrrw || i->id > INSN_csrrci)
        return false;
    struct csr_insn c = csr_insn_of((uint32_t)i->op.imm);
    return gen_field(g, i, &c) || gen_status(g, i, &c);
}

/* --- cbo --- */

static uint32_t cbo_word(const struct insn *i)
{
    return 0x200f | (uint32_t)i->op.rs1 << 15 | (uint32_t)i->op.imm << 20;
}

/* In S-mode, if menvcfg allows it there, and the line is in the TLB; else in C. */
static void cbo_zero(struct gen *g, const struct insn *i)
{
    struct x86 *x = &g->x;
    unsigned colds = g->colds;
    uint32_t word = cbo_word(i);
    x86_op_imm(x, 0x80, ALU_CMP, x86_m(RBP, ARCH_DISP(priv)), PRIV_S, 1);
    sys_if(g, i, word, CC_NE);
    x86_op_imm(x, 0xf6, 0, x86_m(RBP, ARCH_DISP(menvcfg)), (int32_t)ENVCFG_CBZE, 1); /* test */
    sys_if(g, i, word, CC_E);
    gen_address(g, i->op.rs1, 0);
    x86_alu_imm(x, ALU_AND, X86_W, x86_r(RAX), -CBO_LINE);
    struct cold *c = gen_probe(g, ACCESS_STORE, 1, COLD_SYS);
    c->value = word | (uint64_t)id_len_of(i) << 32;
    x86_vex(x, X86_0F | 0x57, 0, 0, x86_r(0)); /* vxorps: ymm0 = 0 */
    for (int32_t at = 0; at < CBO_LINE; at += 32)
        x86_vex(x, X86_0F | X86_L | 0x11, 0, 0, x86_mx(RAX, RCX, 0, at)); /* vmovups */
    sys_back(g, colds);
}

bool gen_sys(struct gen *g, const struct insn *i)
{
    switch (i->id) {
    case INSN_cbo_zero: cbo_zero(g, i); return true;
    case INSN_cbo_inval:
    case INSN_cbo_clean:
    case INSN_cbo_flush: sys_always(g, i, cbo_word(i)); return true;
    default: break;
    }
    if (!insn_is_system(i->id))
        return false;
    if (!gen_csr(g, i))
        sys_always(g, i, (uint32_t)i->op.imm);
    g->fp_noted = false; /* FS may not be Dirty any more */
    return true;
}
