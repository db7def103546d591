/* SPDX-License-Identifier: MIT */
/*
 * A region: the code that direct jumps reach from one place inside its page. The page is copied once
 * and everything is decided on the copy. Blocks are laid out in the order of their addresses; what
 * leads out of the region goes through the table of the view, or to the interpreter.
 */
#include "jit/internal.h"

#include <string.h>

enum mark {
    MARK_DECODED = 1,
    MARK_LEADER = 2,
    MARK_ENTRY = 4,
    MARK_INTERP = 8, /* cannot be translated */
};

struct walk {
    struct gen *g;
    uint64_t page_pa;
    uint16_t todo[REGION_MAX_BLOCKS];
    unsigned todos, leaders, insns;
    unsigned first, last; /* offsets of instructions */
    /* from here on not cleared */
    struct insn at[REGION_MAX_INSNS]; /* in the order of discovery */
    uint16_t index[GMEM_PAGE / 2];
};

static bool is_int_known(const struct insn *i)
{
    switch (i->id) {
    case INSN_illegal:
    case INSN_clmul:
    case INSN_clmulh:
    case INSN_clmulr: return false;
    default: return true;
    }
}

static bool knows(const struct gen *g, const struct insn *i)
{
    unsigned f = insn_flags(i->id);
    if (insn_is_system(i->id))
        return i->id != INSN_illegal;
    if (g->align4 && (f & (I_LINK | I_BRANCH)))
        return false; /* targets may be misaligned without C: rare, the interpreter's */
    if (f & (I_READS_F | I_WRITES_F))
        return gen_fp_knows(i);
    return is_int_known(i);
}

static void want(struct walk *w, int32_t offset, unsigned flags)
{
    if (offset < 0 || offset >= (int32_t)GMEM_PAGE)
        return;
    uint8_t *m = &w->g->mark[offset / 2];
    if (!(*m & MARK_LEADER)) {
        if (w->leaders == REGION_MAX_BLOCKS || w->todos == REGION_MAX_BLOCKS)
            return;
        if (!(*m & MARK_DECODED)) {
            if (!block_exists(w->g->h, w->page_pa + (uint64_t)offset))
                return;
            w->todo[w->todos++] = (uint16_t)offset;
        }
        w->leaders++;
    }
    *m |= MARK_LEADER | flags;
}

/* Decodes one instruction; false: it cannot be part of the region. */
static bool take(struct walk *w, unsigned offset, struct insn *i)
{
    struct gen *g = w->g;
    uint32_t word = 0;
    unsigned len = insn_length(g->page[offset]);
    if (offset + len > GMEM_PAGE || w->insns == REGION_MAX_INSNS)
        return false;
    memcpy(&word, g->page + offset, len);
    *i = (struct insn){.offset = (uint16_t)offset};
    i->id = (uint16_t)decode(g->h->cpu->decoder, word, offset, g->fp_on, &i->op);
    if (!knows(g, i)) {
        g->mark[offset / 2] |= MARK_INTERP;
        return false;
    }
    g->fp_used |= gen_fp_computes(i);
    g->mark[offset / 2] |= MARK_DECODED;
    w->index[offset / 2] = (uint16_t)w->insns;
    w->at[w->insns++] = *i;
    w->first = MIN(w->first, offset);
    w->last = MAX(w->last, offset);
    return true;
}

/* Follows the code from here until it ends or meets what is known. */
static void follow(struct walk *w, unsigned offset)
{
    while (offset < GMEM_PAGE) {
        uint8_t *m = &w->g->mark[offset / 2];
        struct insn i;
        if (*m & MARK_DECODED) {
            want(w, (int32_t)offset, 0);
            return;
        }
        if (!take(w, offset, &i))
            return;
        unsigned next = offset + (i.op.len & OP_LENGTH), f = insn_flags(i.id);
        if (f & I_BRANCH) {
            want(w, i.op.imm, 0);
            /* what follows begins a block of its own: room for it is needed */
            if (next < GMEM_PAGE && !(w->g->mark[next / 2] & MARK_LEADER)) {
                if (w->leaders == REGION_MAX_BLOCKS)
                    return;
                w->leaders++;
                w->g->mark[next / 2] |= MARK_LEADER;
            }
        } else if (f & I_ENDS) {
            if (i.id == INSN_jal)
                want(w, i.op.imm, 0);
            if (f & I_LINK && i.op.rd != REG_SINK)
                want(w, (int32_t)next, MARK_ENTRY);
            return;
        }
        offset = next;
    }
}

/* Sorts what was found into blocks. */
static void make_blocks(struct walk *w)
{
    struct gen *g = w->g;
    for (unsigned offset = w->first; offset <= w->last; offset += 2) {
        unsigned m = g->mark[offset / 2];
        if (!(m & MARK_LEADER) || !(m & MARK_DECODED) || g->bbs == REGION_MAX_BLOCKS)
            continue;
        struct bb *b = &g->bb[g->bbs];
        *b = (struct bb){.first = g->insns, .offset = (uint16_t)offset};
        b->flags = m & MARK_ENTRY ? HEAD_ENTRY : 0;
        unsigned at = offset;
        while (at < GMEM_PAGE && g->mark[at / 2] & MARK_DECODED && g->insns < REGION_MAX_INSNS &&
               (at == offset || !(g->mark[at / 2] & MARK_LEADER))) {
            const struct insn *i = &w->at[w->index[at / 2]];
            g->insn[g->insns++] = *i;
            b->count++;
            at += i->op.len & OP_LENGTH;
            if (insn_flags(i->id) & (I_ENDS | I_BRANCH))
                break;
        }
        b->end = (uint16_t)at;
        if (b->count)
            g->bbs++;
    }
}

static struct bb *block_at(struct gen *g, int32_t offset)
{
    for (unsigned i = 0; i < g->bbs; i++)
        if (g->bb[i].offset == offset)
            return &g->bb[i];
    return NULL;
}

/* Every cycle inside the region passes a block that is jumped to from its own address or above: there
 * the limit is looked at. */
static void mark_loops(struct gen *g)
{
    for (unsigned n = 0; n < g->bbs; n++) {
        const struct insn *last = &g->insn[g->bb[n].first + g->bb[n].count - 1];
        bool direct = last->id == INSN_jal || insn_flags(last->id) & I_BRANCH;
        struct bb *to = direct ? block_at(g, last->op.imm) : NULL;
        if (to && last->op.imm <= (int32_t)last->offset)
            to->flags |= HEAD_LOOP | HEAD_ENTRY; /* the limit leaves it there */
    }
}

/* --- flow --- */

static void fix_later(struct gen *g, uint8_t *from, const struct bb *b)
{
    if (g->fixups == REGION_MAX_INSNS) {
        g->x.full = true;
        return;
    }
    g->fixup[g->fixups].from = from;
    g->fixup[g->fixups++].bb = (uint16_t)(b - g->bb);
}

void gen_jump_rax(struct x86 *x, const struct thunks *t)
{
    /* rorx: half of pc, times 16 */
    x86_vex_imm(x, X86_W | X86_F2 | X86_0F3A | 0xf0, RCX, 0, x86_r(RAX), 64 - (4 - 1));
    x86_alu_imm(x, ALU_AND, 0, x86_r(RCX), (NATIVE_JUMPS - 1) << 4);
    x86_alu(x, ALU_ADD, X86_W, RCX, x86_m(RBP, HART_DISP(jumps_native)));
    x86_alu(x, ALU_CMP, X86_W, RAX, x86_m(RCX, offsetof(struct native_jump, pc)));
    x86_jcc(x, CC_NE, t->lookup);
    x86_alu_imm(x, ALU_AND, X86_W, x86_r(RAX), -4096);
    x86_mov_to(x, X86_W, x86_m(RBP, HART_DISP(vbase)), RAX);
    x86_op(x, 0xff, 4, x86_m(RCX, offsetof(struct native_jump, code)));
}

/* To an offset from the page's start. */
void gen_jump_out(struct gen *g, int32_t offset)
{
    struct x86 *x = &g->x;
    gen_spill(g);
    if (offset >= 0 && offset < (int32_t)GMEM_PAGE && g->mark[offset / 2] & MARK_INTERP) {
        x86_mov_imm(x, RCX, (uint32_t)offset);
        x86_jmp(x, g->j->thunks.exit[EXIT_INTERP]);
        return;
    }
    x86_mov(x, X86_W, RAX, x86_m(RBP, HART_DISP(vbase)));
    x86_alu_imm(x, ALU_ADD, g->rv32 ? 0 : X86_W, x86_r(RAX), offset);
    gen_jump_rax(&g->x, &g->j->thunks);
}

static void jump_to(struct gen *g, int32_t offset)
{
    const struct bb *b = block_at(g, offset);
    if (b)
        fix_later(g, x86_jmp(&g->x, NULL), b);
    else
        gen_jump_out(g, offset);
}

static void branch(struct gen *g, const struct insn *i)
{
    enum x86_cond cc;
    gen_branch_cc(g, i, &cc);
    const struct bb *b = block_at(g, i->op.imm);
    if (b)
        fix_later(g, x86_jcc(&g->x, cc, NULL), b);
    else
        gen_cold(g, COLD_JUMP, cc)->offset = i->op.imm;
}

/* x[rd] = the page + offset */
static void link_register(struct gen *g, unsigned rd, unsigned offset)
{
    struct x86 *x = &g->x;
    if (rd == REG_SINK)
        return;
    unsigned d = gen_target(g, rd, RDX);
    x86_mov(x, X86_W, d, x86_m(RBP, HART_DISP(vbase)));
    x86_alu_imm(x, ALU_ADD, gen_w(g), x86_r(d), (int32_t)offset);
    gen_write(g, rd, d);
}

static void jump_indirect(struct gen *g, const struct insn *i, unsigned next)
{
    gen_address(g, i->op.rs1, i->op.imm);
    link_register(g, i->op.rd, next);
    gen_spill(g);
    gen_jump_rax(&g->x, &g->j->thunks);
}

bool gen_one(struct gen *g)
{
    g->left = g->end - (unsigned)(g->cur - g->insn);
    g->skip = 0;
    bool done = gen_int(g, g->cur) || gen_mem(g, g->cur) || gen_amo(g, g->cur) || gen_fp(g, g->cur);
    gen_end_group(g);
    return done;
}

static void block_body(struct gen *g, const struct bb *b)
{
    struct x86 *x = &g->x;
    g->boxed = g->singles;
    g->narrow = g->extended = 0;
    g->fp_noted = false;
    g->end = b->first + b->count;
    g->steady = b->steady;
    g->group = (struct group){.first = 1};
    x86_alu_imm(x, ALU_ADD, X86_W, x86_r(R15), b->count);
    for (unsigned n = 0; n < b->count; n++) {
        const struct insn *i = &g->insn[b->first + n];
        g->cur = i;
        g->code[b->first + n] = x->at;
        g->left = b->count - n;
        if (insn_flags(i->id) & (I_ENDS | I_BRANCH))
            gen_settle(g);
        if (gen_sys(g, i)) {
            if (insn_flags(i->id) & I_ENDS) {
                gen_jump_out(g, (int32_t)(i->offset + (i->op.len & OP_LENGTH)));
                return;
            }
        } else if (i->id == INSN_jal) {
            link_register(g, i->op.rd, b->end);
            jump_to(g, i->op.imm);
            return;
        } else if (i->id == INSN_jalr) {
            jump_indirect(g, i, b->end);
            return;
        } else if (insn_flags(i->id) & I_BRANCH) {
            branch(g, i);
        } else if (!gen_one(g)) {
            x->full = true; /* knows() and the generators disagree */
            return;
        } else {
            for (unsigned left = g->skip; left; left--)
                g->code[b->first + ++n] = NULL;
        }
    }
    gen_settle(g);
    const struct bb *next = b + 1 < g->bb + g->bbs ? b + 1 : NULL;
    if (!next || next->offset != b->end)
        jump_to(g, b->end);
}

static void load_epoch(struct gen *g)
{
    struct x86 *x = &g->x;
    x->count++;
    x86_byte(x, 0x48); /* mov rax, [rip + ...] */
    x86_byte(x, 0x8b);
    x86_byte(x, 0x05);
    uint8_t *at = x->at;
    x86_u32(x, 0);
    if (!x->full)
        x86_patch(at, (const uint8_t *)&g->r->epoch);
}

static struct cold *exit_if(struct gen *g, enum x86_cond cc, enum jit_exit why, unsigned offset)
{
    struct cold *c = gen_cold(g, COLD_EXIT, cc);
    c->exit = (uint8_t)why;
    c->offset = (int32_t)offset;
    c->outside = g->outside;
    return c;
}

static void check_limit(struct gen *g, const struct bb *b)
{
    x86_alu(&g->x, ALU_CMP, X86_W, R15, x86_m(RBP, HART_DISP(limit)));
    exit_if(g, CC_AE, EXIT_LIMIT, b->offset);
}

static struct insn no_insn;

/* What is checked on the way into a block from outside; then falls into the block's body, or jumps. */
static const uint8_t *entry(struct gen *g, struct bb *b, bool here)
{
    struct x86 *x = &g->x;
    x86_align(x, 16);
    const uint8_t *at = x->at;
    g->cur = &no_insn;
    g->outside = true;
    load_epoch(g);
    x86_alu(x, ALU_CMP, X86_W, RAX, x86_m(RBP, HART_DISP(code_epoch)));
    exit_if(g, CC_B, EXIT_STALE, b->offset)->back = x->at;
    if (g->fp_used) {
        x86_op_imm(x, 0x80, ALU_CMP, x86_m(RBP, HART_DISP(fp_live)), 0, 1);
        exit_if(g, CC_E, EXIT_FP, b->offset);
    }
    if (!(b->flags & HEAD_LOOP))
        check_limit(g, b);
    for (uint32_t left = b->singles & g->singles; left; left &= left - 1) {
        x86_alu_imm(x, ALU_CMP, 0, x86_m(RBP, F_DISP(__builtin_ctz(left)) + 4), -1);
        exit_if(g, CC_NE, EXIT_INTERP, b->offset);
    }
    g->outside = false;
    gen_fill(g);
    if (!here)
        fix_later(g, x86_jmp(x, NULL), b);
    return at;
}

/* The blocks are in the order of their addresses, so no instruction begins before the last extent. */
static void make_extents(struct gen *g, struct region *r)
{
    for (unsigned n = 0; n < g->insns; n++) {
        struct extent *e = r->extents ? &r->extent[r->extents - 1] : NULL;
        uint16_t start = g->insn[n].offset, end = start + (g->insn[n].op.len & OP_LENGTH);
        if (e && (e->end >= start || r->extents == EXTENTS_MAX))
            e->end = MAX(e->end, end);
        else
            r->extent[r->extents++] = (struct extent){start, end};
    }
}

static unsigned copy_extents(const struct gen *g, const struct region *r, uint8_t *out)
{
    unsigned n = 0;
    for (unsigned i = 0; i < r->extents; i++) {
        memcpy(out + n, g->page + r->extent[i].start, r->extent[i].end - r->extent[i].start);
        n += r->extent[i].end - r->extent[i].start;
    }
    return n;
}

/* Cold code, and jumps to blocks that were not there yet. */
static void finish_code(struct gen *g)
{
    gen_colds(g);
    for (unsigned n = 0; n < g->fixups && !g->x.full; n++)
        x86_patch(g->fixup[n].from, g->bb[g->fixup[n].bb].label);
}

/* Writes the code. False: it did not fit. entries: by block, where it is entered. */
static bool emit(struct gen *g, unsigned start, const uint8_t **entries)
{
    struct x86 *x = &g->x;
    gen_make_stubs(g);
    unsigned stubs = x->count;
    for (unsigned n = 0; n < g->bbs; n++) {
        struct bb *b = &g->bb[n];
        bool first = b->offset == start && n == 0;
        if (first)
            entries[n] = entry(g, b, true);
        b->label = x->at;
        g->cur = &no_insn;
        if (b->flags & HEAD_LOOP)
            check_limit(g, b);
        block_body(g, b);
    }
    g->main_end = x->at;
    g->main_count = x->count - stubs;
    for (unsigned n = 0; n < g->bbs; n++)
        if (!entries[n] && (g->bb[n].flags & HEAD_ENTRY || g->bb[n].offset == start))
            entries[n] = entry(g, &g->bb[n], false);
    finish_code(g);
    return !x->full;
}

static void publish(struct gen *g, const uint8_t **entries, uint64_t epoch)
{
    struct jit *j = g->j;
    struct region *r = g->r;
    for (unsigned n = 0; n < g->bbs; n++)
        r->block[n] =
            (struct region_block){g->bb[n].offset, g->bb[n].flags, g->bb[n].singles & g->singles,
                                  (uint32_t)(g->bb[n].label - j->rw)};
    r->bytes = (uint32_t)(g->x.at - (j->rw + j->used));
    j->used = ALIGN_UP((uint64_t)(g->x.at - j->rw), 64);
    counter_add(&j->counts.regions, 1);
    counter_add(&j->counts.bytes, r->bytes);
    counter_add(&j->counts.insns, r->insns);
    counter_add(&j->counts.x86, g->main_count);
    atomic_store_explicit(&r->epoch, epoch, memory_order_release);
    for (unsigned n = 0; n < g->bbs; n++)
        if (entries[n])
            cache_publish(j, (r->pa + g->bb[n].offset) | g->fp_on, j->rx + (entries[n] - j->rw), r);
}

static struct gen *begin(struct jit *j, struct hart *h)
{
    struct gen *g = j->gen;
    memset(g, 0, offsetof(struct gen, insn));
    g->j = j;
    g->h = h;
    g->rv32 = !hart_is64(h);
    g->fp_on = h->fp_on;
    g->align4 = h->align_mask != 0;
    g->start = j->rw + j->used;
    g->x = (struct x86){.at = j->rw + j->used, .end = j->rw + j->code_size};
    return g;
}

/* One more place to enter a region. */
static bool add_entry(struct jit *j, struct hart *h, struct region *r, unsigned offset)
{
    struct gen *g = begin(j, h);
    struct bb *b = &g->bb[0];
    const struct region_block *known = r->block;
    while (known->offset != offset)
        known++;
    *b = (struct bb){.offset = known->offset,
                     .flags = known->flags,
                     .singles = known->singles,
                     .label = j->rw + known->code};
    g->r = r;
    g->bbs = 1;
    g->fp_used = r->fp_used;
    g->swaps = r->swaps;
    memcpy(g->swap, r->swap, sizeof(g->swap));
    memcpy(g->fhome, r->fhome, sizeof(g->fhome));
    g->singles = known->singles;
    const uint8_t *code = entry(g, b, false);
    finish_code(g);
    j->full = g->x.full;
    if (j->full)
        return false;
    j->used = ALIGN_UP((uint64_t)(g->x.at - j->rw), 16);
    counter_add(&j->counts.bytes, (uint64_t)(g->x.at - g->start));
    if (h->cpu->cfg.perf_map)
        perf_map_entry(h->cpu->cfg.perf_map, g, h->arch.pc);
    cache_publish(j, (r->pa + offset) | r->fp_on, j->rx + (code - j->rw), r);
    return true;
}

/* Finds the region's blocks in the page. False: the code at start is none that can be translated. */
static bool discover(struct gen *g, uint64_t page_pa, unsigned start)
{
    struct walk w;
    memset(&w, 0, offsetof(struct walk, at));
    w.g = g;
    w.page_pa = page_pa;
    w.first = GMEM_PAGE;
    gmem_read(g->h->mem, page_pa, g->page, GMEM_PAGE);
    g->mark[start / 2] = MARK_LEADER;
    w.leaders = 1;
    w.todo[w.todos++] = (uint16_t)start;
    for (unsigned n = 0; n < w.todos; n++) /* the nearest first */
        follow(&w, w.todo[n]);
    if (!(g->mark[start / 2] & MARK_DECODED))
        return false;
    make_blocks(&w);
    mark_loops(g);
    return block_at(g, (int32_t)start) != NULL;
}

static bool make_region(struct gen *g, uint64_t page_pa)
{
    uint8_t src[GMEM_PAGE];
    struct region r = {.pa = page_pa,
                       .insns = g->insns,
                       .blocks = g->bbs,
                       .fp_on = g->fp_on,
                       .fp_used = g->fp_used,
                       .swaps = g->swaps};
    memcpy(r.swap, g->swap, sizeof(r.swap));
    memcpy(r.fhome, g->fhome, sizeof(r.fhome));
    make_extents(g, &r);
    g->r = cache_region(g->j, &r, src, copy_extents(g, &r, src));
    return g->r != NULL;
}

bool jit_translate(struct jit *j, struct hart *h, uint64_t pa)
{
    const uint8_t *entries[REGION_MAX_BLOCKS] = {0};
    unsigned start = (unsigned)(pa & PAGE_MASK);
    struct region *known = cache_region_at(j, pa, h->fp_on);
    j->full = false;
    if (known)
        return add_entry(j, h, known, start);
    uint64_t epoch = atomic_load(&h->cpu->code_epoch); /* before the page is read */
    struct gen *g = begin(j, h);
    if (!discover(g, pa & ~PAGE_MASK, start))
        return false;
    gen_choose_homes(g);
    if (!make_region(g, pa & ~PAGE_MASK)) {
        j->full = true;
        return false;
    }
    if (!emit(g, start, entries))
        return false;
    publish(g, entries, epoch);
    if (h->cpu->cfg.engine_dump)
        jit_dump(g, h->arch.pc & ~PAGE_MASK);
    if (h->cpu->cfg.perf_map)
        perf_map_region(h->cpu->cfg.perf_map, g, h->arch.pc & ~PAGE_MASK);
    return true;
}
