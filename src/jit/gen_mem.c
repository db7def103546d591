/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores: the TLB is tried inline. Cold code (gen_cold.c) calls run.c where that misses, and
 * goes on behind the access.
 */
#include "jit/internal.h"

void gen_address(struct gen *g, unsigned rs1, int32_t imm)
{
    struct x86 *x = &g->x;
    unsigned w = gen_w(g);
    if (!rs1) {
        x86_mov_imm(x, RAX, g->rv32 ? (uint32_t)imm : (uint64_t)(int64_t)imm);
        return;
    }
    struct x86_rm base = g->rv32 ? gen_x32(g, rs1) : gen_x(g, rs1);
    if (!base.is_mem && imm) {
        x86_lea(x, w, RAX, x86_m(base.reg, imm));
        return;
    }
    if (g->rv32 || !gen_in_rax(g, rs1))
        x86_mov(x, w, RAX, base);
    if (imm)
        x86_alu_imm(x, ALU_ADD, w, x86_r(RAX), imm);
}

#define ENTRY_DISP(field) ((int32_t)offsetof(struct tlb_view, entry[0].field))
#define CELL_DISP(i, field)                                                                        \
    ((int32_t)(offsetof(struct tlb_view, cell[0].field) + sizeof(struct tlb_cell) * (i)))

/* r14 + rcx = the entry for the address in rax, and what to do if it does not hold: see tlb_slot and
 * tlb_hit. */
static struct cold *probe_entry(struct gen *g, enum access access, unsigned size,
                                enum cold_kind kind)
{
    struct x86 *x = &g->x;
    x86_vex_imm(x, X86_W | X86_F2 | X86_0F3A | 0xf0, RCX, 0, x86_r(RAX), 12 - 5); /* rorx */
    x86_vex_imm(x, X86_W | X86_F2 | X86_0F3A | 0xf0, RDX, 0, x86_r(RAX), 19 - 5);
    x86_alu(x, ALU_XOR, 0, RCX, x86_r(RDX));
    x86_alu_imm(x, ALU_AND, 0, x86_r(RCX), (TLB_SIZE - 1) << 5);
    x86_mov(x, X86_W, RDX, x86_r(RAX));
    x86_alu_imm(x, ALU_AND, X86_W, x86_r(RDX), (int32_t)(-4096 | (int32_t)(size - 1)));
    x86_alu(x, ALU_CMP, X86_W, RDX, x86_mx(R14, RCX, 0, ENTRY_DISP(tag[0]) + 8 * (int32_t)access));
    return gen_cold(g, kind, CC_NE);
}

struct cold *gen_probe(struct gen *g, enum access access, unsigned size, enum cold_kind kind)
{
    struct x86 *x = &g->x;
    if (g->j->cold) { /* for tests: no check succeeds */
        x86_alu_imm(x, ALU_CMP, X86_W, x86_r(RSP), 0);
        return gen_cold(g, kind, CC_NE);
    }
    struct cold *c = probe_entry(g, access, size, kind);
    x86_mov(x, X86_W, RCX, x86_mx(R14, RCX, 0, ENTRY_DISP(addend)));
    return c;
}

/* --- cells ---
 * sp, and what is steady in a loop, mostly points into the page that it pointed into before. Such an
 * access compares its address with the register's cell (tlb.h), which needs no index: four
 * instructions less, and the addend does not wait for the address. Cold code looks the TLB up and
 * fills the cell. */

/* In a region, as many registers as there are cells have one each. */
static unsigned cell_of(struct gen *g, unsigned base)
{
    if (base != 2 && !g->cell[base])
        g->cell[base] = (uint8_t)(1 + g->cells++ % (TLB_CELLS - 1));
    return g->cell[base];
}

static struct cold *probe_cell(struct gen *g, unsigned base, enum access access, unsigned size,
                               enum cold_kind kind)
{
    struct x86 *x = &g->x;
    bool steady = base == 2 || (base && g->steady >> base & 1);
    if (!steady || g->single || g->j->cold)
        return gen_probe(g, access, size, kind);
    unsigned cell = cell_of(g, base);
    x86_mov(x, X86_W, RDX, x86_r(RAX));
    x86_alu_imm(x, ALU_AND, X86_W, x86_r(RDX), (int32_t)(-4096 | (int32_t)(size - 1)));
    x86_alu(x, ALU_CMP, X86_W, RDX, x86_m(R14, CELL_DISP(cell, tag[0]) + 8 * (int32_t)access));
    struct cold *c = gen_cold(g, COLD_CELL, CC_NE);
    x86_mov(x, X86_W, RCX, x86_m(R14, CELL_DISP(cell, addend)));
    c->then = (uint8_t)kind;
    c->cell = (uint8_t)cell;
    c->access = (uint8_t)access;
    c->bytes = (uint8_t)size;
    c->hit = x->at;
    return c;
}

void gen_cold_cell(struct gen *g, const struct cold *c)
{
    struct x86 *x = &g->x;
    struct cold *miss = probe_entry(g, (enum access)c->access, c->bytes, (enum cold_kind)c->then);
    uint8_t *from = miss->from;
    *miss = *c;
    miss->kind = c->then;
    miss->from = from;
    for (int32_t i = 0; i < 2; i++) {
        x86_mov(x, X86_W, RDX, x86_mx(R14, RCX, 0, ENTRY_DISP(tag[0]) + 8 * i));
        x86_mov_to(x, X86_W, x86_m(R14, CELL_DISP(c->cell, tag[0]) + 8 * i), RDX);
    }
    x86_mov(x, X86_W, RCX, x86_mx(R14, RCX, 0, ENTRY_DISP(addend)));
    x86_mov_to(x, X86_W, x86_m(R14, CELL_DISP(c->cell, addend)), RCX);
    if (!x->full)
        x86_jmp(x, c->hit);
}

/* --- groups ---
 * Accesses off one base register, with nothing between them that writes the base or uses rcx, look
 * the TLB up once: for the first byte, aligned as the largest access, writable if one of them
 * stores. If all lie in that page, rcx + base + offset is where each of them goes. Else cold code
 * does the whole group by single look-ups. */

#define GROUP_SPAN 2032

static unsigned access_size(unsigned id)
{
    switch (id) {
    case INSN_lb:
    case INSN_lbu:
    case INSN_sb: return 1;
    case INSN_lh:
    case INSN_lhu:
    case INSN_sh: return 2;
    case INSN_lw:
    case INSN_lwu:
    case INSN_sw:
    case INSN_flw:
    case INSN_fsw: return 4;
    case INSN_ld:
    case INSN_sd:
    case INSN_fld:
    case INSN_fsd: return 8;
    default: return 0;
    }
}

static bool is_store(unsigned id)
{
    switch (id) {
    case INSN_sb:
    case INSN_sh:
    case INSN_sw:
    case INSN_sd:
    case INSN_fsw:
    case INSN_fsd: return true;
    default: return false;
    }
}

/* Instructions whose code leaves rcx alone. */
static bool keeps_rcx(unsigned id)
{
    switch (id) {
    case INSN_lui:
    case INSN_auipc:
    case INSN_addi:
    case INSN_addiw:
    case INSN_andi:
    case INSN_ori:
    case INSN_xori:
    case INSN_slli:
    case INSN_slli_rv32:
    case INSN_srli:
    case INSN_srli_rv32:
    case INSN_srai:
    case INSN_srai_rv32:
    case INSN_slliw:
    case INSN_srliw:
    case INSN_sraiw:
    case INSN_add:
    case INSN_sub:
    case INSN_addw:
    case INSN_subw:
    case INSN_and:
    case INSN_or:
    case INSN_xor:
    case INSN_fadd_d:
    case INSN_fsub_d:
    case INSN_fmul_d:
    case INSN_fadd_s:
    case INSN_fsub_s:
    case INSN_fmul_s:
    case INSN_fmadd_d:
    case INSN_fmadd_s: return true;
    default: return false;
    }
}

/* Takes the access into the group; false: it would reach too far, or lie askew. */
static bool join(struct group *m, const struct op *o, unsigned size, bool stores)
{
    int32_t low = o->imm < m->low ? o->imm : m->low, high = o->imm + (int32_t)size;
    high = high > m->high ? high : m->high;
    unsigned largest = size > m->size ? size : m->size;
    if (high - low > GROUP_SPAN)
        return false;
    *m = (struct group){m->first,
                        m->last,
                        (uint16_t)(m->members + 1),
                        m->base,
                        (uint8_t)largest,
                        m->stores || stores,
                        low,
                        high,
                        {NULL, NULL}};
    return true;
}

/* Do all accesses lie at multiples of their sizes, if the first byte lies at one of the largest? */
static bool aligned(const struct gen *g, const struct group *m)
{
    for (unsigned n = m->first; n <= m->last; n++) {
        unsigned size = access_size(g->insn[n].id);
        if (size && ((uint32_t)(g->insn[n].op.imm - m->low) & (size - 1)))
            return false;
    }
    return true;
}

/* The group that begins at the present instruction. */
static struct group find_group(const struct gen *g)
{
    unsigned first = (unsigned)(g->cur - g->insn), base = g->cur->op.rs1;
    struct group m = {.first = (uint16_t)first,
                      .base = (uint8_t)base,
                      .low = g->cur->op.imm,
                      .high = g->cur->op.imm};
    for (unsigned n = first; n < g->end; n++) {
        const struct insn *i = &g->insn[n];
        unsigned size = access_size(i->id);
        struct group longer = m;
        longer.last = (uint16_t)n;
        if (size) {
            if (i->op.rs1 != base || !join(&longer, &i->op, size, is_store(i->id)) ||
                !aligned(g, &longer))
                break;
            m = longer;
        } else if (!keeps_rcx(i->id)) {
            break;
        }
        if (!(insn_flags(i->id) & I_WRITES_F) && !is_store(i->id) && i->op.rd == base)
            break;
    }
    return m;
}

static void cold_group(struct gen *g, struct cold *c, unsigned which)
{
    c->insn = g->group.first;
    c->last = g->group.last;
    c->end = (uint16_t)g->end;
    g->group.cold[which] = c;
}

/* If the present access begins a group: looks it up. */
static void begin_group(struct gen *g)
{
    struct x86 *x = &g->x;
    const struct group *m = &g->group;
    if (g->single || !g->cur->op.rs1)
        return;
    g->group = find_group(g);
    if (m->members < 2) {
        g->group = (struct group){.first = 1};
        return;
    }
    gen_address(g, m->base, m->low);
    int32_t span = m->high - m->low;
    if (span > m->size) {
        x86_mov(x, 0, RDX, x86_r(RAX));
        x86_alu_imm(x, ALU_AND, 0, x86_r(RDX), 4095);
        x86_alu_imm(x, ALU_CMP, 0, x86_r(RDX), 4096 - span);
        cold_group(g, gen_cold(g, COLD_GROUP, CC_A), 0);
    }
    enum access access = m->stores ? ACCESS_STORE : ACCESS_LOAD;
    cold_group(g, probe_cell(g, m->base, access, m->size, COLD_GROUP), 1);
}

void gen_end_group(struct gen *g)
{
    const struct group *m = &g->group;
    if (g->single || (unsigned)(g->cur - g->insn) != m->last || m->first > m->last)
        return;
    for (unsigned i = 0; i < 2; i++)
        if (m->cold[i])
            m->cold[i]->back = g->x.at;
}

static bool in_group(const struct gen *g)
{
    unsigned n = (unsigned)(g->cur - g->insn);
    return !g->single && n >= g->group.first && n <= g->group.last;
}

/* The access of the present instruction in host memory, and the cold code where it is not in the
 * TLB (NULL in a group). */
static struct x86_rm locate(struct gen *g, const struct op *o, enum access access, unsigned size,
                            enum cold_kind kind, struct cold **c)
{
    *c = NULL;
    if (!in_group(g))
        begin_group(g);
    if (in_group(g) && !g->rv32 && g->home[o->rs1] != X86_NONE)
        return x86_mx(g->home[o->rs1], RCX, 0, o->imm);
    gen_address(g, o->rs1, o->imm);
    if (!in_group(g))
        *c = probe_cell(g, o->rs1, access, size, kind);
    return x86_mx(RAX, RCX, 0, 0);
}

/* Loads into reg, extended to 64 bits. */
void gen_load_as(struct gen *g, unsigned reg, unsigned size, bool is_signed, struct x86_rm from)
{
    static const unsigned opcode[4][2] = {
        {X86_0F | 0xb6, X86_W | X86_0F | 0xbe},
        {X86_0F | 0xb7, X86_W | X86_0F | 0xbf},
        {0x8b, X86_W | 0x63},
        {X86_W | 0x8b, X86_W | 0x8b},
    };
    x86_op(&g->x, opcode[gen_log2(size)][is_signed], reg, from);
}

static void load(struct gen *g, const struct op *o, unsigned size, bool is_signed)
{
    unsigned d = gen_target(g, o->rd, RAX);
    struct cold *c;
    struct x86_rm from = locate(g, o, ACCESS_LOAD, size, COLD_LOAD, &c);
    gen_load_as(g, d, size, is_signed, from);
    if (c) {
        c->place |= (gen_log2(size) | (is_signed ? PLACE_SIGNED : 0)) << 24;
        c->reg = (uint8_t)d;
        c->back = g->x.at;
    }
    gen_write(g, o->rd, d);
    gen_wrote(g, o->rd, size < 4 || (size == 4 && is_signed));
}

static void store_from(struct gen *g, unsigned reg, unsigned size, struct x86_rm to)
{
    static const unsigned opcode[4] = {0x88 | X86_BYTE, X86_66 | 0x89, 0x89, X86_W | 0x89};
    x86_op(&g->x, opcode[gen_log2(size)], reg, to);
}

static void store(struct gen *g, const struct op *o, unsigned size)
{
    unsigned s = o->rs2 ? g->home[o->rs2] : X86_NONE;
    int32_t disp = X_DISP(o->rs2);
    if (s != X86_NONE && size == 8)
        gen_x(g, o->rs2);
    struct cold *c;
    struct x86_rm to = locate(g, o, ACCESS_STORE, size, COLD_STORE, &c);
    unsigned from = s;
    if (s == X86_NONE) {
        x86_mov(&g->x, X86_W, RDX, x86_m(RBP, disp));
        from = RDX;
    }
    store_from(g, from, size, to);
    if (c) {
        c->place |= gen_log2(size) << 24;
        c->reg = (uint8_t)s;
        c->disp = disp;
        c->back = g->x.at;
    }
}

static void fp_load(struct gen *g, const struct op *o, unsigned size)
{
    struct cold *c;
    unsigned d = gen_f_target(g, o->rd, XMM0), to = size == 8 ? d : (unsigned)XMM0;
    struct x86_rm from = locate(g, o, ACCESS_LOAD, size, COLD_LOAD, &c);
    x86_vex(&g->x, X86_0F | (size == 8 ? X86_F2 : X86_F3) | 0x10, to, 0, from);
    if (c) {
        c->place |= gen_log2(size) << 24;
        c->reg = RAX;
        c->xmm = (uint8_t)to;
        c->back = g->x.at;
    }
    if (size == 4)
        gen_f_box(g, d, to, XMM2);
    gen_f_write(g, o->rd, d, size, false);
}

/* The bits of a single are stored whether it is boxed or not. */
static void fp_store(struct gen *g, const struct op *o, unsigned size)
{
    struct cold *c;
    gen_f_settle(g, o->rs2);
    struct x86_rm to = locate(g, o, ACCESS_STORE, size, COLD_STORE, &c);
    unsigned from = gen_f_read(g, XMM0, o->rs2);
    x86_vex(&g->x, X86_0F | (size == 8 ? X86_F2 : X86_F3) | 0x11, from, 0, to);
    if (c) {
        c->place |= gen_log2(size) << 24;
        c->reg = X86_NONE;
        c->disp = F_DISP(o->rs2);
        c->xmm = g->fhome[o->rs2];
        c->back = g->x.at;
    }
}

bool gen_mem(struct gen *g, const struct insn *i)
{
    const struct op *o = &i->op;
    switch (i->id) {
    case INSN_lb: load(g, o, 1, true); return true;
    case INSN_lh: load(g, o, 2, true); return true;
    case INSN_lw: load(g, o, 4, true); return true;
    case INSN_ld: load(g, o, 8, false); return true;
    case INSN_lbu: load(g, o, 1, false); return true;
    case INSN_lhu: load(g, o, 2, false); return true;
    case INSN_lwu: load(g, o, 4, false); return true;
    case INSN_sb: store(g, o, 1); return true;
    case INSN_sh: store(g, o, 2); return true;
    case INSN_sw: store(g, o, 4); return true;
    case INSN_sd: store(g, o, 8); return true;
    case INSN_flw: fp_load(g, o, 4); return true;
    case INSN_fld: fp_load(g, o, 8); return true;
    case INSN_fsw: fp_store(g, o, 4); return true;
    case INSN_fsd: fp_store(g, o, 8); return true;
    default: return false;
    }
}
