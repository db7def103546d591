/* SPDX-License-Identifier: MIT */
/*
 * Where guest registers are while a region runs.
 *
 * Between regions, nine of them are in host registers, always the same (gen_canonical). A region with
 * a loop that calls nothing may put others there (gen_choose_homes): it exchanges them when it is
 * entered (gen_fill) and gives them back before it is left or calls C (gen_spill).
 *
 * The sign extension of a 32-bit result is deferred while the result is in a host register: until an
 * instruction reads all its bits, or the block ends. Cold code makes up for it before it leaves, so
 * all that C sees is exact. On RV32 nothing in translated code reads more than 32 bits of a host
 * register: there the extension waits until the register is stored.
 */
#include "jit/internal.h"

#include <string.h>

const uint8_t gen_canonical[33] = {
    X86_NONE, X86_NONE, RBX,      X86_NONE, X86_NONE, X86_NONE, X86_NONE, X86_NONE, R12,
    R13,      RDI,      RSI,      R8,       R9,       R10,      R11,      X86_NONE, X86_NONE,
    X86_NONE, X86_NONE, X86_NONE, X86_NONE, X86_NONE, X86_NONE, X86_NONE, X86_NONE, X86_NONE,
    X86_NONE, X86_NONE, X86_NONE, X86_NONE, X86_NONE, X86_NONE};

/* --- reading and writing --- */

/* Does rax still hold x[i], since the instruction before this one computed it there? */
bool gen_in_rax(const struct gen *g, unsigned i)
{
    return g->rax_at == g->x.at && g->rax_holds == i;
}

/*
 * A result whose home is the hart lies in rax. If the next instruction does nothing but read it as
 * its first operand and replace it, the hart never sees it.
 */
static bool is_passed_on(const struct gen *g, unsigned rd)
{
    const struct insn *next = g->cur + 1 + g->skip;
    if (insn_is_system(g->cur->id) || g->left <= 1u + g->skip || next->op.rd != rd ||
        next->op.rs1 != rd)
        return false;
    switch (next->id) {
    case INSN_addi:
    case INSN_addiw: return next->op.imm != 0;
    case INSN_andi:
    case INSN_ori:
    case INSN_xori:
    case INSN_srli:
    case INSN_srai:
    case INSN_slliw:
    case INSN_srliw:
    case INSN_sraiw: return true;
    case INSN_add:
    case INSN_sub:
    case INSN_addw:
    case INSN_subw:
    case INSN_and:
    case INSN_or:
    case INSN_xor:
    case INSN_mul:
    case INSN_mulw: return next->op.rs2 != rd;
    default: return false;
    }
}

static void note_rax(struct gen *g, unsigned rd, bool narrow)
{
    g->rax_at = g->x.at;
    g->rax_holds = (uint8_t)rd;
    g->rax_narrow = narrow;
}

static void widen(struct gen *g, unsigned i)
{
    if (!(g->narrow >> i & 1))
        return;
    x86_movsxd(&g->x, g->home[i], x86_r(g->home[i]));
    g->narrow &= ~(1u << i);
    g->extended |= 1u << i;
}

struct x86_rm gen_x32(const struct gen *g, unsigned i)
{
    return g->home[i] != X86_NONE ? x86_r(g->home[i]) : x86_m(RBP, X_DISP(i));
}

struct x86_rm gen_x(struct gen *g, unsigned i)
{
    widen(g, i);
    return gen_x32(g, i);
}

void gen_read32(struct gen *g, unsigned to, unsigned i)
{
    if (i)
        x86_mov(&g->x, 0, to, gen_x32(g, i));
    else
        x86_alu(&g->x, ALU_XOR, 0, to, x86_r(to));
}

void gen_read(struct gen *g, unsigned to, unsigned i)
{
    if (i && !g->rv32)
        x86_mov(&g->x, X86_W, to, gen_x(g, i));
    else
        gen_read32(g, to, i);
}

void gen_into(struct gen *g, unsigned host, unsigned i, bool word)
{
    if (i && host == RAX && gen_in_rax(g, i)) {
        if (!word && g->rax_narrow)
            x86_movsxd(&g->x, RAX, x86_r(RAX));
        return;
    }
    if (i && g->home[i] == host && !word)
        widen(g, i);
    else if ((!i || g->home[i] != host) && word)
        gen_read32(g, host, i);
    else if (!i || g->home[i] != host)
        gen_read(g, host, i);
}

unsigned gen_target(const struct gen *g, unsigned rd, unsigned temp)
{
    return g->home[rd] != X86_NONE ? g->home[rd] : temp;
}

bool gen_is_word(const struct gen *g, unsigned i)
{
    return !i || (g->narrow | g->extended) >> i & 1;
}

void gen_wrote(struct gen *g, unsigned rd, bool extended)
{
    if (rd == REG_SINK)
        return;
    g->narrow &= ~(1u << rd);
    g->extended &= ~(1u << rd);
    if (extended)
        g->extended |= 1u << rd;
}

void gen_write_word(struct gen *g, unsigned rd, unsigned from)
{
    if (rd == REG_SINK)
        return;
    gen_wrote(g, rd, false);
    if (g->home[rd] == X86_NONE) {
        bool passed = from == RAX && is_passed_on(g, rd);
        if (!passed) {
            x86_movsxd(&g->x, from, x86_r(from));
            x86_mov_to(&g->x, X86_W, x86_m(RBP, X_DISP(rd)), from);
        }
        g->extended |= 1u << rd;
        if (from == RAX)
            note_rax(g, rd, passed);
        return;
    }
    if (g->home[rd] != from)
        x86_mov(&g->x, 0, g->home[rd], x86_r(from));
    if (!g->rv32)
        g->narrow |= 1u << rd;
}

void gen_write(struct gen *g, unsigned rd, unsigned from)
{
    if (rd == REG_SINK)
        return;
    if (g->rv32) {
        gen_write_word(g, rd, from);
        return;
    }
    if (g->home[rd] == X86_NONE) {
        if (from != RAX || !is_passed_on(g, rd))
            x86_mov_to(&g->x, X86_W, x86_m(RBP, X_DISP(rd)), from);
        if (from == RAX)
            note_rax(g, rd, false);
    } else if (g->home[rd] != from)
        x86_mov(&g->x, X86_W, g->home[rd], x86_r(from));
    gen_wrote(g, rd, false);
}

void gen_write_extended(struct gen *g, unsigned rd, unsigned from)
{
    gen_write(g, rd, from);
    gen_wrote(g, rd, true);
}

/* --- what was deferred --- */

void gen_settle(struct gen *g)
{
    gen_f_settle_all(g);
    while (g->narrow)
        widen(g, (unsigned)__builtin_ctz(g->narrow));
}

void gen_settle_cold(struct gen *g, const struct cold *c)
{
    gen_f_settle_cold(g, c);
    for (uint32_t left = c->narrow; left; left &= left - 1) {
        unsigned host = g->home[__builtin_ctz(left)];
        x86_movsxd(&g->x, host, x86_r(host));
    }
}

/* --- a mapping of the region's own --- */

static void store_home(struct gen *g, unsigned i, unsigned host)
{
    if (g->rv32)
        x86_movsxd(&g->x, host, x86_r(host));
    x86_mov_to(&g->x, X86_W, x86_m(RBP, X_DISP(i)), host);
}

void gen_spill(struct gen *g)
{
    for (unsigned n = 0; n < g->swaps; n++) {
        const struct swap *s = &g->swap[n];
        if (g->written >> s->own & 1)
            store_home(g, s->own, s->host);
        x86_mov(&g->x, X86_W, s->host, x86_m(RBP, X_DISP(s->canonical)));
    }
    gen_f_spill(g);
}

void gen_fill(struct gen *g)
{
    for (unsigned n = 0; n < g->swaps; n++) {
        const struct swap *s = &g->swap[n];
        store_home(g, s->canonical, s->host);
        x86_mov(&g->x, X86_W, s->host, x86_m(RBP, X_DISP(s->own)));
    }
    gen_f_fill(g);
}

static void ret(struct x86 *x)
{
    x86_byte(x, 0xc3);
}

void gen_make_stubs(struct gen *g)
{
    if (!g->swaps && !g->fhomes)
        return;
    g->spill = g->x.at;
    gen_spill(g);
    ret(&g->x);
    g->fill = g->x.at;
    gen_fill(g);
    ret(&g->x);
}

void gen_call_stub(struct gen *g, const uint8_t *stub)
{
    if (g->swaps || g->fhomes)
        x86_call(&g->x, stub);
}

/* --- the choice --- */

#define LOOP_FACTOR 8   /* a loop is taken to run so often */
#define WEIGHT_MAX  512 /* of an instruction */
#define SWAP_GAIN   16  /* in weight, that an exchange must bring */

/* The last offset from which the loop at `head` is begun again; 0: it is no loop, or leaves the
 * region in the middle, where a mapping of its own would be given back each time. */
static unsigned loop_end(const struct gen *g, const struct bb *head)
{
    unsigned end = 0;
    for (const struct bb *b = head; b < g->bb + g->bbs; b++) {
        const struct insn *last = &g->insn[b->first + b->count - 1];
        bool jumps = last->id == INSN_jal || insn_flags(last->id) & I_BRANCH;
        if (jumps && last->op.imm == head->offset && last->offset >= head->offset)
            end = last->offset;
    }
    for (unsigned n = head->first; n < g->insns && g->insn[n].offset <= end; n++) {
        const struct insn *i = &g->insn[n];
        if (insn_is_system(i->id) || i->id == INSN_jalr ||
            (i->id == INSN_jal && i->op.rd != REG_SINK))
            return 0;
    }
    return end;
}

/* Steps that a pointer takes many of before it leaves a page. */
#define STEP_MAX 64

/* The x registers that neither change in these blocks nor jump about. */
static uint32_t find_steady(const struct gen *g, unsigned first, unsigned end)
{
    uint32_t changed = 0;
    for (unsigned n = g->bb[first].first; n < g->insns && g->insn[n].offset <= end; n++) {
        const struct insn *i = &g->insn[n];
        bool step = i->id == INSN_addi && i->op.rd == i->op.rs1 && i->op.imm <= STEP_MAX &&
                    i->op.imm >= -STEP_MAX;
        if (!step && !(insn_flags(i->id) & I_WRITES_F) && i->op.rd < 32)
            changed |= 1u << i->op.rd;
    }
    return ~changed;
}

static void weigh_loops(struct gen *g, uint16_t weight[REGION_MAX_BLOCKS])
{
    for (unsigned n = 0; n < g->bbs; n++)
        weight[n] = 1;
    for (unsigned n = 0; n < g->bbs; n++) {
        unsigned end = g->bb[n].flags & HEAD_LOOP ? loop_end(g, &g->bb[n]) : 0;
        uint32_t steady = end ? find_steady(g, n, end) : 0;
        for (unsigned k = n; end && k < g->bbs && g->bb[k].offset <= end; k++) {
            g->bb[k].steady = steady; /* of the innermost loop, which begins last */
            if (weight[k] < WEIGHT_MAX)
                weight[k] *= LOOP_FACTOR;
        }
    }
}

static void weigh_registers(struct gen *g, const uint16_t *weight, uint32_t use[33])
{
    for (unsigned n = 0; n < g->bbs; n++) {
        for (unsigned k = 0; k < g->bb[n].count; k++) {
            const struct op *o = &g->insn[g->bb[n].first + k].op;
            unsigned id = g->insn[g->bb[n].first + k].id, f = insn_flags(id);
            if (insn_is_system(id)) {
                g->written |= 1u << (o->imm >> 7 & 31); /* inline, or by C after gen_spill */
                continue;
            }
            bool fp_store = id == INSN_fsw || id == INSN_fsd;
            if (!(f & I_READS_F) || fp_store)
                use[o->rs1 & 31] += weight[n];
            if (!(f & (I_READS_F | I_WRITES_F)))
                use[o->rs2 & 31] += weight[n];
            if (!(f & I_WRITES_F)) {
                use[o->rd] += weight[n];
                g->written |= o->rd < 32 ? 1u << o->rd : 0;
            }
        }
    }
}

static unsigned best(const struct gen *g, const uint32_t use[33])
{
    unsigned b = 0;
    for (unsigned i = 1; i < 32; i++)
        if (g->home[i] == X86_NONE && (!b || use[i] > use[b]))
            b = i;
    return b;
}

static unsigned worst(const struct gen *g, const uint32_t use[33])
{
    unsigned w = 0;
    for (unsigned i = 1; i < 32; i++)
        if (g->home[i] != X86_NONE && g->home[i] == gen_canonical[i] && (!w || use[i] < use[w]))
            w = i;
    return w;
}

void gen_choose_homes(struct gen *g)
{
    uint32_t use[33] = {0};
    uint16_t weight[REGION_MAX_BLOCKS];
    weigh_loops(g, weight);
    gen_choose_f_homes(g, weight);
    memcpy(g->home, gen_canonical, sizeof(g->home));
    weigh_registers(g, weight, use);
    while (g->swaps < SWAPS_MAX) {
        unsigned own = best(g, use), canonical = worst(g, use);
        if (!canonical || use[own] < use[canonical] + SWAP_GAIN)
            return;
        unsigned host = g->home[canonical];
        g->swap[g->swaps++] = (struct swap){(uint8_t)host, (uint8_t)canonical, (uint8_t)own};
        g->home[own] = (uint8_t)host;
        g->home[canonical] = X86_NONE;
    }
}
