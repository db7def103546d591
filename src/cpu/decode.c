/* SPDX-License-Identifier: MIT */
#include "cpu/decode.h"

#include <stdio.h>
#include <stdlib.h>

enum format { R, I, S, B, U, J, AUIPC, SH, SYS, FL, FS, FF, FFR, FX, FXR, F4R };

enum { RV32 = 1, RV64 = 2, RVANY = RV32 | RV64 };

#define EXT_BASE EXT_COUNT

struct row {
    uint32_t match, mask;
    uint8_t format, ext, xlen, flags;
};

static const struct row rows[] = {
#define INSN(name, match, mask, format, ext, xlen, flags)                                          \
    {match, mask, format, EXT_##ext, xlen, flags},
#include "cpu/insns.def"
#undef INSN
};

static const char *const names[] = {
#define INSN(name, match, mask, format, ext, xlen, flags) #name,
#include "cpu/insns.def"
#undef INSN
    "illegal", "exit"};

#define BUCKETS 256 /* opcode[6:2] and funct3 */

/* For every (opcode, funct3) the rows that may match, those with the most mask bits first. */
struct decoder {
    struct cpu_model model;
    uint16_t start[BUCKETS + 1];
    uint16_t list[];
};

static unsigned bucket_of(uint32_t word)
{
    return (word >> 2 & 0x1f) | (word >> 12 & 7) << 5;
}

/* The _h and _d rows of Zfa also need the extension that gives them their registers. */
static bool zfa_width_ok(const struct row *r, const struct cpu_model *m)
{
    if (r->ext != EXT_ZFA)
        return true;
    unsigned width = r->match >> 25 & 3;
    return width == 0 || (width == 1 && model_has(m, EXT_D)) ||
           (width == 2 && model_has(m, EXT_ZFHMIN));
}

static bool row_on(unsigned id, const struct cpu_model *m)
{
    const struct row *r = &rows[id];
    if (!(r->xlen & (m->xlen == 64 ? RV64 : RV32)) || !zfa_width_ok(r, m))
        return false;
    if ((id == INSN_fcvt_d_h || id == INSN_fcvt_h_d) && !model_has(m, EXT_D))
        return false;
    return r->ext == EXT_BASE || model_has(m, r->ext);
}

/* Can a word of bucket b match this row? */
static bool row_in_bucket(const struct row *r, unsigned b)
{
    uint32_t key = (b & 0x1f) << 2 | (b >> 5) << 12 | 3;
    uint32_t fixed = r->mask & 0x707f;
    return (key & fixed) == (r->match & fixed);
}

/* Appends a row to the n rows of a bucket's list, behind all that are as specific. */
static void list_add(uint16_t *list, unsigned n, unsigned id)
{
    while (n && __builtin_popcount(rows[list[n - 1]].mask) < __builtin_popcount(rows[id].mask)) {
        list[n] = list[n - 1];
        n--;
    }
    list[n] = (uint16_t)id;
}

struct decoder *decoder_create(const struct cpu_model *model)
{
    struct decoder *d = calloc(1, sizeof(*d) + ARRAY_SIZE(rows) * 8 * sizeof(uint16_t));
    if (!d)
        return NULL;
    d->model = *model;
    unsigned n = 0;
    for (unsigned b = 0; b < BUCKETS; b++) {
        d->start[b] = (uint16_t)n;
        for (unsigned id = 0; id < ARRAY_SIZE(rows); id++)
            if (row_on(id, model) && row_in_bucket(&rows[id], b)) {
                list_add(d->list + d->start[b], n - d->start[b], id);
                n++;
            }
    }
    d->start[BUCKETS] = (uint16_t)n;
    return d;
}

void decoder_destroy(struct decoder *d)
{
    free(d);
}

static enum insn_id find_row(const struct decoder *d, uint32_t word)
{
    unsigned b = bucket_of(word);
    for (unsigned i = d->start[b]; i < d->start[b + 1]; i++) {
        const struct row *r = &rows[d->list[i]];
        if ((word & r->mask) == r->match)
            return (enum insn_id)d->list[i];
    }
    return INSN_illegal;
}

static int32_t imm_i(uint32_t w)
{
    return (int32_t)w >> 20;
}

/* The sign bit of the word, spread over bit `from` and above. */
static uint32_t sign_from(uint32_t w, unsigned from)
{
    return w >> 31 ? ~UINT32_C(0) << from : 0;
}

static int32_t imm_s(uint32_t w)
{
    return (int32_t)(sign_from(w, 11) | (w >> 25 & 0x3f) << 5 | (w >> 7 & 0x1f));
}

static int32_t imm_b(uint32_t w)
{
    return (int32_t)(sign_from(w, 12) | (w >> 7 & 1) << 11 | (w >> 25 & 0x3f) << 5 |
                     (w >> 8 & 0xf) << 1);
}

static int32_t imm_j(uint32_t w)
{
    return (int32_t)(sign_from(w, 20) | (w >> 12 & 0xff) << 12 | (w >> 20 & 1) << 11 |
                     (w >> 21 & 0x3ff) << 1);
}

/* Fills op's constant and registers for a format; false: a reserved rounding mode. */
static bool take_operands(struct op *op, enum format f, uint32_t w, unsigned offset)
{
    unsigned rd = w >> 7 & 0x1f, rm = w >> 12 & 7;
    bool x_dest = true;
    op->rs1 = w >> 15 & 0x1f;
    op->rs2 = w >> 20 & 0x1f;
    switch (f) {
    case R: break;
    case I: op->imm = imm_i(w); break;
    case S: op->imm = imm_s(w); break;
    case B: op->imm = imm_b(w) + (int32_t)offset; break;
    case U: op->imm = (int32_t)(w & 0xfffff000); break;
    case AUIPC: op->imm = (int32_t)((w & 0xfffff000) | offset); break;
    case J: op->imm = imm_j(w) + (int32_t)offset; break;
    case SH: op->imm = (int32_t)(w >> 20 & 0x3f); break;
    case SYS:
        op->imm = (int32_t)w;
        op->sys.half = (uint16_t)(offset >> 1);
        return true;
    case FL:
        op->imm = imm_i(w);
        x_dest = false;
        break;
    case FS:
        op->imm = imm_s(w);
        x_dest = false;
        break;
    case FF: x_dest = false; break;
    case FX: break;
    case FFR:
        op->imm = (int32_t)rm;
        x_dest = false;
        break;
    case FXR: op->imm = (int32_t)rm; break;
    case F4R:
        op->imm = (int32_t)(rm | (w >> 27) << 8);
        x_dest = false;
        break;
    }
    op->rd = (uint8_t)(x_dest && !rd ? REG_SINK : rd);
    return !((f == FFR || f == FXR || f == F4R) && (rm == 5 || rm == 6));
}

enum insn_id decode(const struct decoder *d, uint32_t word, unsigned offset, bool fp_on,
                    struct op *op)
{
    unsigned len = insn_length(word);
    uint32_t full = word;
    *op = (struct op){.len = (uint8_t)len};
    if (len == 2) {
        word &= 0xffff;
        full = model_has(&d->model, EXT_C) ? rvc_expand((uint16_t)word, &d->model) : 0;
    }
    enum insn_id id = full ? find_row(d, full) : INSN_illegal;
    bool fp = insn_flags(id) & (I_READS_F | I_WRITES_F);
    if (id != INSN_illegal && ((fp && !fp_on) || !take_operands(op, rows[id].format, full, offset)))
        id = INSN_illegal;
    if (id == INSN_illegal)
        op->imm = (int32_t)word;
    return id;
}

bool insn_is_system(enum insn_id id)
{
    return id < ARRAY_SIZE(rows) && rows[id].format == SYS;
}

unsigned insn_flags(enum insn_id id)
{
    switch (id) {
    case INSN_illegal: return I_ENDS | I_TRAPS;
    case INSN_exit: return I_ENDS | I_LINK;
    default: return rows[id].flags;
    }
}

const char *insn_name(enum insn_id id)
{
    return id < INSN_COUNT ? names[id] : "?";
}

/*
 * What stands behind an instruction's name, by format: d s t are rd, rs1 and rs2 of x, D S T of f, R is rs3; i a constant,
 * p an offset from the page's start, w the word.
 */
static const char *const operands[] = {
    [R] = "d, s, t",   [I] = "d, s, i",  [S] = "t, i(s)",   [B] = "s, t, p",
    [U] = "d, i",      [AUIPC] = "d, p", [J] = "d, p",      [SH] = "d, s, i",
    [SYS] = "w",       [FL] = "D, i(s)", [FS] = "T, i(s)",  [FF] = "D, S, T",
    [FFR] = "D, S, T", [FX] = "d, S, T", [FXR] = "d, S, T", [F4R] = "D, S, T, R",
};

static int operand_text(char kind, const struct op *op, char *text, size_t size)
{
    switch (kind) {
    case 'd': return snprintf(text, size, "x%u", op->rd == REG_SINK ? 0 : op->rd);
    case 's': return snprintf(text, size, "x%u", op->rs1);
    case 't': return snprintf(text, size, "x%u", op->rs2);
    case 'D': return snprintf(text, size, "f%u", op->rd);
    case 'S': return snprintf(text, size, "f%u", op->rs1);
    case 'T': return snprintf(text, size, "f%u", op->rs2);
    case 'R': return snprintf(text, size, "f%d", op->imm >> 8);
    case 'i': return snprintf(text, size, "%d", op->imm);
    case 'p':
        return snprintf(text, size, "page%c%#x", op->imm < 0 ? '-' : '+',
                        op->imm < 0 ? -(unsigned)op->imm : (unsigned)op->imm);
    case 'w': return snprintf(text, size, "%#x", (unsigned)op->imm);
    default: return snprintf(text, size, "%c", kind);
    }
}

void insn_text(enum insn_id id, const struct op *op, char *text, size_t size)
{
    bool known = id < ARRAY_SIZE(rows), from_x = known && !(rows[id].flags & I_READS_F);
    int n = snprintf(text, size, "%-9s ", insn_name(id));
    for (const char *c = known ? operands[rows[id].format] : "w"; *c && (size_t)n < size; c++)
        n += operand_text(*c == 'S' && from_x ? 's' : *c, op, text + n, size - (size_t)n);
}
