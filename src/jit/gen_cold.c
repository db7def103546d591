/* SPDX-License-Identifier: MIT */
/*
 * Cold code: what a region seldom does, behind its blocks. A conditional jump leads there (gen_cold),
 * and it goes back behind it, or leaves.
 */
#include "jit/internal.h"

struct cold *gen_cold(struct gen *g, enum cold_kind kind, enum x86_cond cc)
{
    if (g->colds == COLDS_MAX) {
        g->x.full = true;
        return &g->cold[0];
    }
    struct cold *c = &g->cold[g->colds++];
    *c = (struct cold){.kind = (uint8_t)kind, .xmm = X86_NONE};
    c->from = x86_jcc(&g->x, cc, NULL);
    c->narrow = g->narrow;
    c->extended = g->extended;
    c->boxed = g->boxed;
    c->nan = g->nan;
    c->fp_noted = g->fp_noted;
    c->place = place_of(g->cur->offset, g->left, 0);
    return c;
}

/* Calls C, which finds and leaves everything in the canonical mapping. */
static void call_out(struct gen *g, const struct cold *c, const uint8_t *thunk)
{
    gen_call_stub(g, g->spill);
    x86_mov_imm(&g->x, RCX, c->place);
    x86_call(&g->x, thunk);
    gen_call_stub(g, g->fill);
}

static void cold_load(struct gen *g, const struct cold *c)
{
    call_out(g, c, g->j->thunks.load);
    if (c->xmm != X86_NONE)
        x86_vex(&g->x, X86_W | X86_66 | X86_0F | 0x6e, c->xmm, 0, x86_r(RAX));
    else if (c->reg != RAX)
        x86_mov(&g->x, X86_W, c->reg, x86_r(RAX));
}

static void cold_store(struct gen *g, const struct cold *c)
{
    if (c->xmm != X86_NONE)
        x86_vex(&g->x, X86_W | X86_66 | X86_0F | 0x7e, c->xmm, 0, x86_r(RDX));
    else if (c->reg == X86_NONE)
        x86_mov(&g->x, X86_W, RDX, x86_m(RBP, c->disp));
    else
        x86_mov(&g->x, X86_W, RDX, x86_r(c->reg));
    call_out(g, c, g->j->thunks.store);
}

static void cold_exit(struct gen *g, const struct cold *c)
{
    if (c->exit == EXIT_STALE) { /* unless it is equal to memory still */
        x86_mov_imm(&g->x, RAX, (uint64_t)(uintptr_t)g->r);
        x86_call(&g->x, g->j->thunks.verify);
        x86_op(&g->x, 0x85, RAX, x86_r(RAX)); /* test */
        x86_jcc(&g->x, CC_NE, g->x.full ? NULL : c->back);
    }
    if (!c->outside)
        gen_call_stub(g, g->spill);
    if (c->size)
        x86_alu_imm(&g->x, ALU_SUB, X86_W, x86_r(R15), c->size);
    x86_mov_imm(&g->x, RCX, (uint32_t)c->offset);
    x86_jmp(&g->x, g->j->thunks.exit[c->exit]);
}

/* The instructions of a group, each access by itself. They leave everything as their other code
 * does. */
static void cold_group_code(struct gen *g, const struct cold *c)
{
    g->narrow = c->narrow;
    g->extended = c->extended;
    g->boxed = c->boxed;
    g->nan = c->nan;
    g->fp_noted = c->fp_noted;
    g->end = c->end;
    g->single = true;
    for (unsigned n = c->insn; n <= c->last && !g->x.full; n += 1u + g->skip) {
        g->cur = &g->insn[n];
        if (!gen_one(g))
            g->x.full = true;
    }
    g->single = false;
}

void gen_colds(struct gen *g)
{
    struct x86 *x = &g->x;
    for (unsigned n = 0; n < g->colds && !x->full; n++) {
        const struct cold *c = &g->cold[n];
        x86_patch(c->from, x->at);
        if (c->kind != COLD_NAN && c->kind != COLD_GROUP && c->kind != COLD_CELL)
            gen_settle_cold(g, c);
        switch (c->kind) {
        case COLD_LOAD: cold_load(g, c); break;
        case COLD_STORE: cold_store(g, c); break;
        case COLD_ATOMIC: call_out(g, c, g->j->thunks.atomic); break;
        case COLD_GROUP: cold_group_code(g, c); break;
        case COLD_CELL: gen_cold_cell(g, c); continue;
        case COLD_SYS: gen_sys_cold(g, c); break;
        case COLD_NAN:
            x86_mov_imm(x, RAX, c->value);
            x86_vex(x, X86_W | X86_66 | X86_0F | 0x6e, c->reg, 0, x86_r(RAX));
            break;
        case COLD_EXIT: cold_exit(g, c); continue;
        default: gen_jump_out(g, c->offset); continue;
        }
        if (!x->full)
            x86_jmp(x, c->back);
    }
}
