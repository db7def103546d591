/* SPDX-License-Identifier: MIT */
/*
 * Where f registers are while a region runs: in the hart, or, in a region with loops, in xmm3 to
 * xmm15 (xmm0 to xmm2 are free between two instructions). An xmm register holds all 64 bits; a
 * single in it stays boxed, since x86 copies the upper half from the first source.
 *
 * NaNs: a NaN that x86 computes is not RISC-V's canonical one. While the result is in its xmm
 * register it may stay as it is, for what x86 computes from it is a NaN again. It is replaced before
 * its bits are seen: by a store, a move, the end of the block, or cold code that leaves.
 *
 * Boxing: an f register to which the region writes no double (gen.singles) is looked at once, where
 * the region is entered and where a single may be read from it first.
 */
#include "jit/internal.h"

#include <string.h>

#define XMM_FIRST 3
#define XMM_COUNT 13
#define USE_MIN   12 /* weight from which a home pays for its load and its store */

static unsigned scalar(unsigned size)
{
    return X86_0F | (size == 8 ? X86_F2 : X86_F3);
}

static unsigned packed(unsigned size)
{
    return X86_0F | (size == 8 ? X86_66 : 0);
}

/* Loads and stores of a register's 64 bits. */
static const unsigned load64 = X86_F2 | X86_0F | 0x10, store64 = X86_F2 | X86_0F | 0x11;

static uint64_t canonical(unsigned size)
{
    return size == 8 ? UINT64_C(0x7ff8000000000000) : UINT64_C(0xffffffff7fc00000);
}

static unsigned size_of(uint32_t boxed, unsigned i)
{
    return boxed >> i & 1 ? 4 : 8;
}

/* --- reading and writing --- */

struct x86_rm gen_f(const struct gen *g, unsigned i)
{
    return g->fhome[i] != X86_NONE ? x86_r(g->fhome[i]) : x86_m(RBP, F_DISP(i));
}

unsigned gen_f_read(struct gen *g, unsigned temp, unsigned i)
{
    if (g->fhome[i] != X86_NONE)
        return g->fhome[i];
    x86_vex(&g->x, load64, temp, 0, x86_m(RBP, F_DISP(i)));
    return temp;
}

unsigned gen_f_target(const struct gen *g, unsigned rd, unsigned temp)
{
    return g->fhome[rd] != X86_NONE ? g->fhome[rd] : temp;
}

void gen_f_copy(struct gen *g, unsigned to, unsigned xmm)
{
    if (to != xmm)
        x86_vex(&g->x, X86_0F | 0x28, to, 0, x86_r(xmm));
}

static void replace_nan(struct gen *g, unsigned xmm, unsigned size)
{
    x86_vex(&g->x, packed(size) | 0x2e, xmm, 0, x86_r(xmm));
    struct cold *c = gen_cold(g, COLD_NAN, CC_P);
    c->reg = (uint8_t)xmm;
    c->value = canonical(size);
    c->back = g->x.at;
}

void gen_f_settle(struct gen *g, unsigned i)
{
    if (!(g->nan >> i & 1))
        return;
    replace_nan(g, g->fhome[i], size_of(g->boxed, i));
    g->nan &= ~(1u << i);
}

void gen_f_settle_all(struct gen *g)
{
    while (g->nan)
        gen_f_settle(g, (unsigned)__builtin_ctz(g->nan));
}

void gen_f_settle_cold(struct gen *g, const struct cold *c)
{
    struct x86 *x = &g->x;
    for (uint32_t left = c->nan; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left), size = size_of(c->boxed, i);
        x86_vex(x, packed(size) | 0x2e, g->fhome[i], 0, x86_r(g->fhome[i]));
        uint8_t *number = x86_jcc(x, CC_NP, NULL);
        x86_mov_imm(x, RCX, canonical(size));
        x86_vex(x, X86_W | X86_66 | X86_0F | 0x6e, g->fhome[i], 0, x86_r(RCX));
        if (!x->full)
            x86_patch(number, x->at);
    }
}

void gen_note_dirty(struct gen *g)
{
    if (g->fp_noted)
        return;
    x86_op_imm(&g->x, 0xc6, 0, x86_m(RBP, HART_DISP(fp_dirty)), 1, 1);
    g->fp_noted = true;
}

void gen_f_write(struct gen *g, unsigned rd, unsigned xmm, unsigned size, bool computed)
{
    uint32_t bit = 1u << rd;
    g->nan &= ~bit;
    g->boxed = size == 4 ? g->boxed | bit : g->boxed & ~bit;
    if (g->fhome[rd] != X86_NONE) {
        gen_f_copy(g, g->fhome[rd], xmm);
        g->nan |= computed ? bit : 0;
    } else {
        if (computed)
            replace_nan(g, xmm, size);
        x86_vex(&g->x, store64, xmm, 0, x86_m(RBP, F_DISP(rd)));
    }
    gen_note_dirty(g);
}

/* To the interpreter, at this instruction: nothing was written yet. */
void gen_leave_if(struct gen *g, enum x86_cond cc)
{
    struct cold *c = gen_cold(g, COLD_EXIT, cc);
    c->exit = EXIT_INTERP;
    c->offset = g->cur->offset;
    c->size = (uint16_t)g->left;
}

void gen_f_check_boxed(struct gen *g, unsigned i)
{
    if (g->boxed >> i & 1)
        return;
    gen_f_settle(g, i);
    if (g->fhome[i] != X86_NONE) {
        x86_vex_imm(&g->x, X86_66 | X86_0F3A | 0x16, g->fhome[i], 0, x86_r(RAX), 1); /* pextrd */
        x86_alu_imm(&g->x, ALU_CMP, 0, x86_r(RAX), -1);
    } else {
        x86_alu_imm(&g->x, ALU_CMP, 0, x86_m(RBP, F_DISP(i) + 4), -1);
    }
    gen_leave_if(g, CC_NE);
    g->boxed |= 1u << i;
}

void gen_f_box(struct gen *g, unsigned to, unsigned from, unsigned temp)
{
    x86_vex(&g->x, X86_66 | X86_0F | 0x76, temp, temp, x86_r(temp)); /* all ones */
    x86_vex(&g->x, scalar(4) | 0x10, to, temp, x86_r(from));
}

/* --- entering and leaving --- */

void gen_f_spill(struct gen *g)
{
    for (unsigned i = 0; i < 32; i++)
        if (g->fhome[i] != X86_NONE && g->fwritten >> i & 1)
            x86_vex(&g->x, store64, g->fhome[i], 0, x86_m(RBP, F_DISP(i)));
}

void gen_f_fill(struct gen *g)
{
    for (unsigned i = 0; i < 32; i++)
        if (g->fhome[i] != X86_NONE)
            x86_vex(&g->x, load64, g->fhome[i], 0, x86_m(RBP, F_DISP(i)));
}

/* --- the choice --- */

/* Which blocks may read a single first, from what was there when they were entered. */
static void find_singles(struct gen *g)
{
    uint32_t defined[REGION_MAX_BLOCKS];
    for (unsigned n = 0; n < g->bbs; n++) {
        struct bb *b = &g->bb[n];
        defined[n] = b->singles = 0;
        for (unsigned k = b->first; k < b->first + b->count; k++) {
            struct fp_use u = gen_fp_use(&g->insn[k]);
            b->singles |= u.singles & ~defined[n];
            defined[n] |= u.writes;
        }
    }
    for (bool again = true; again;) {
        again = false;
        for (unsigned n = g->bbs; n-- > 0;) {
            struct bb *b = &g->bb[n];
            const struct insn *last = &g->insn[b->first + b->count - 1];
            uint32_t out = 0;
            for (const struct bb *to = g->bb; to < g->bb + g->bbs; to++)
                if ((to->offset == b->end && !(insn_flags(last->id) & I_ENDS)) ||
                    (to->offset == last->op.imm &&
                     (last->id == INSN_jal || insn_flags(last->id) & I_BRANCH)))
                    out |= to->singles;
            out = b->singles | (out & ~defined[n]);
            again |= out != b->singles;
            b->singles = out;
        }
    }
}

void gen_choose_f_homes(struct gen *g, const uint16_t *weight)
{
    uint32_t use[32] = {0}, doubles = 0;
    memset(g->fhome, X86_NONE, sizeof(g->fhome));
    if (!g->fp_on)
        return;
    for (unsigned n = 0; n < g->bbs; n++) {
        for (unsigned k = g->bb[n].first; k < g->bb[n].first + g->bb[n].count; k++) {
            struct fp_use u = gen_fp_use(&g->insn[k]);
            g->fwritten |= u.writes;
            doubles |= u.is_double ? u.writes : 0;
            for (unsigned i = 0; i < 32; i++)
                use[i] += weight[n] * ((u.reads >> i & 1) + (u.writes >> i & 1));
        }
    }
    find_singles(g);
    g->singles = ~doubles;
    for (unsigned xmm = XMM_FIRST; xmm < XMM_FIRST + XMM_COUNT; xmm++) {
        unsigned best = 0;
        for (unsigned i = 1; i < 32; i++)
            best = use[i] > use[best] ? i : best;
        if (use[best] < USE_MIN)
            return;
        g->fhome[best] = (uint8_t)xmm;
        g->fhomes++;
        use[best] = 0;
    }
}
