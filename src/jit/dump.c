/* SPDX-License-Identifier: MIT */
/* --jit dump=PC: a region's ops and the x86 code that they became, side by side. */
#include "jit/disasm.h"
#include "jit/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OP_WIDTH  44
#define HEX_BYTES 8 /* of a line, where there is no disassembler */

struct dump {
    const struct gen *g;
    struct disasm *disasm; /* NULL: bytes in hex */
    const uint8_t *at;     /* what was printed */
};

static bool region_holds(const struct gen *g, uint64_t page, uint64_t pc)
{
    for (unsigned n = 0; n < g->insns; n++)
        if (mmu_wrap(g->h, page + g->insn[n].offset) == pc)
            return true;
    return false;
}

/* One piece of code, up to `end`, as text; its length. Addresses count from the region's start. */
static size_t code_text(const struct dump *d, const uint8_t *end, char *text, size_t size)
{
    uint64_t offset = (uint64_t)(d->at - d->g->start);
    size_t left = (size_t)(end - d->at), n = 0;
    if (d->disasm)
        n = disasm_next(d->disasm, d->at, left, offset, text, size);
    if (n)
        return n;
    n = d->disasm ? 1 : MIN(left, HEX_BYTES);
    for (size_t i = 0; i < n; i++)
        snprintf(text + 3 * i, size - 3 * i, "%02x ", d->at[i]);
    return n;
}

/* `head`, and beside it and below the code up to `end`. */
static void dump_code(struct dump *d, const char *head, const uint8_t *end)
{
    if (d->at >= end)
        fprintf(stderr, "%s\n", head);
    for (; d->at < end; head = "") {
        char text[160] = "";
        unsigned offset = (unsigned)(d->at - d->g->start);
        d->at += code_text(d, end, text, sizeof(text));
        fprintf(stderr, "%-*s %6x  %s\n", OP_WIDTH, head, offset, text);
    }
}

/* Where the code of the block's n-th instruction ends. */
static const uint8_t *code_end(const struct gen *g, const struct bb *b, unsigned n)
{
    for (unsigned i = b->first + n + 1; i < b->first + b->count; i++)
        if (g->code[i])
            return g->code[i];
    return b + 1 < g->bb + g->bbs ? b[1].label : g->main_end;
}

static void dump_block(struct dump *d, const struct bb *b, uint64_t page)
{
    const struct gen *g = d->g;
    if (b == g->bb)
        dump_code(d, "entry", b->label);
    dump_code(d, "block", g->code[b->first]);
    for (unsigned n = 0; n < b->count; n++) {
        const struct insn *i = &g->insn[b->first + n];
        char op[64], head[96];
        insn_text(i->id, &i->op, op, sizeof(op));
        snprintf(head, sizeof(head), "%" PRIx64 "  %s", mmu_wrap(g->h, page + i->offset), op);
        dump_code(d, head, g->code[b->first + n] ? code_end(g, b, n) : d->at);
    }
}

void jit_dump(const struct gen *g, uint64_t page)
{
    struct error err;
    if (!region_holds(g, page, *g->h->cpu->cfg.engine_dump))
        return;
    struct dump d = {.g = g, .disasm = disasm_open(&err), .at = g->start};
    fprintf(stderr, "region of %u instructions in %u blocks, %u bytes of code at %p%s%s\n",
            g->insns, g->bbs, (unsigned)(g->x.at - g->start),
            (void *)(g->j->rx + (g->start - g->j->rw)),
            d.disasm ? "" : "; not disassembled: ", d.disasm ? "" : err.text);
    for (unsigned n = 0; n < g->bbs; n++)
        dump_block(&d, &g->bb[n], page);
    dump_code(&d, "cold code", g->x.at);
    disasm_close(d.disasm);
}
