/* SPDX-License-Identifier: MIT */
#include "fuzz/jit_making.h"

/* The columns of insns.def; the names of macros of kit/asm.h may stand here without operands. */
enum format { R, I, S, B, U, J, AUIPC, SH, SYS, FL, FS, FF, FFR, FX, FXR, F4R };
enum { RV32 = 1, RV64 = 2, RVANY = RV32 | RV64 };

struct row {
    uint32_t match, mask;
    uint8_t format, xlen;
};

static const struct row rows[] = {
#define INSN(name, match, mask, format, ext, xlen, flags) {match, mask, format, xlen},
#include "cpu/insns.def"
#undef INSN
};

#define CODE_END (CODE_PAGES * 4096 - 64)

/* --- choices --- */

static unsigned pick(struct making *m, unsigned n)
{
    return fuzz_u8(m->in) % n;
}

static bool chance(struct making *m, unsigned of_256)
{
    return fuzz_u8(m->in) < of_256;
}

static unsigned reg(struct making *m)
{
    unsigned n = fuzz_u8(m->in);
    return n < 16 ? ZERO : m->x[n % 5];
}

static unsigned freg(struct making *m)
{
    return m->f[pick(m, 5)];
}

static unsigned base(struct making *m)
{
    unsigned n = fuzz_u8(m->in);
    return n < 12 ? m->x[n % 5] : m->base[n % 3];
}

static bool is_reserved(unsigned r)
{
    return r == CONSTANTS || r == T6;
}

/* --- the code --- */

static void put(struct making *m, uint32_t word)
{
    struct program *p = m->p;
    unsigned len = (word & 3) == 3 ? 4 : 2;
    if (m->at + len > CODE_END || p->insns == PROGRAM_INSNS)
        return;
    memcpy(p->image + m->at, &word, len);
    p->insn[p->insns].at = (uint16_t)m->at;
    p->insn[p->insns++].len = (uint8_t)len;
    m->at += len;
}

static bool room(const struct making *m)
{
    return m->at + 64 < CODE_END && m->p->insns + 16 < PROGRAM_INSNS;
}

/* The branch or jump at `at` leads to `to` from now on. */
static void aim(struct making *m, unsigned at, unsigned to)
{
    uint32_t word;
    int32_t off = (int32_t)to - (int32_t)at;
    memcpy(&word, m->p->image + at, 4);
    if ((word & 0x7f) == 0x63)
        word = (word & 0x1fff07f) | (ASM_B(0, 0, 0, off) & ~0x63u);
    else if ((word & 0x7f) == 0x6f)
        word = JAL(word >> 7 & 31, off);
    memcpy(m->p->image + at, &word, 4);
}

static void land_forwards(struct making *m, bool all)
{
    for (unsigned i = 0; i < FORWARDS; i++)
        if (m->forward[i].at && (all || m->forward[i].due <= m->p->insns)) {
            aim(m, m->forward[i].at, m->at);
            m->forward[i].at = 0;
        }
}

/* A branch or jump to a place that is not made yet. */
static void put_forward(struct making *m, uint32_t word)
{
    unsigned i = 0;
    while (i < FORWARDS && m->forward[i].at)
        i++;
    if (i == FORWARDS || !room(m))
        return;
    m->forward[i].at = m->at;
    m->forward[i].due = m->p->insns + 2 + pick(m, 12);
    put(m, word);
}

static unsigned insn_before(struct making *m, unsigned back)
{
    const struct program *p = m->p;
    return p->insns > back ? p->insn[p->insns - 1 - back].at : m->start;
}

/* --- operands --- */

static int32_t small_imm(struct making *m)
{
    static const int16_t edge[] = {0, 1, -1, 2047, -2048, 31, 255, 8};
    unsigned n = fuzz_u8(m->in);
    return n < 128 ? edge[n % 8] : (int32_t)((n << 4 | fuzz_u8(m->in)) << 20) >> 20;
}

/* Of loads and stores: mostly near, mostly aligned. */
static int32_t offset(struct making *m)
{
    int8_t n = (int8_t)fuzz_u8(m->in);
    switch (pick(m, 8)) {
    case 0: return n;
    case 1: return n * 16 + 8;
    case 2: return n * 4;
    default: return n / 4 * 8;
    }
}

static unsigned rounding(struct making *m)
{
    unsigned n = fuzz_u8(m->in);
    return n < 200 ? 7 : n & 7;
}

static uint32_t fill_in(struct making *m, const struct row *row)
{
    uint32_t w = 0, rd = reg(m) << 7, rs1 = reg(m) << 15, rs2 = reg(m) << 20;
    uint32_t fd = freg(m) << 7, f1 = freg(m) << 15, f2 = freg(m) << 20;
    uint32_t op = row->match & 0x7f;
    bool memory = op == 0x03 || op == 0x23 || op == 0x2f || op == 0x07 || op == 0x27 || op == 0x0f;
    if (memory)
        rs1 = base(m) << 15;
    switch (row->format) {
    case R: w = rd | rs1 | rs2; break;
    case I: w = rd | rs1 | (uint32_t)(memory ? offset(m) : small_imm(m)) << 20; break;
    case S: w = rs1 | (ASM_S(0, 0, rs2 >> 20, offset(m), 0)); break;
    case U: w = rd | (uint32_t)fuzz_u16(m->in) << 14; break;
    case AUIPC: w = rd | (uint32_t)fuzz_u8(m->in) << 12; break;
    case SH: w = rd | rs1 | (fuzz_u8(m->in) & 63u) << 20; break;
    case FL: w = fd | rs1 | (uint32_t)offset(m) << 20; break;
    case FS: w = rs1 | (ASM_S(0, 0, f2 >> 20, offset(m), 0)); break;
    case FF: w = fd | f1 | f2; break;
    case FFR: w = fd | f1 | f2 | rounding(m) << 12; break;
    case FX: w = rd | f1 | f2; break;
    case FXR: w = rd | f1 | f2 | rounding(m) << 12; break;
    case F4R: w = fd | f1 | f2 | freg(m) << 27 | rounding(m) << 12; break;
    default: break;
    }
    /* an integer source where the format has but one kind: fcvt.s.w, fmv.w.x */
    if (op == 0x53 && (row->format == FF || row->format == FFR) && row->match >> 29 >= 6 &&
        row->match >> 28 & 1)
        w = (w & ~(31u << 15)) | rs1;
    return row->match | (w & ~row->mask);
}

uint32_t making_word(struct making *m, enum theme t)
{
    return fill_in(m, &rows[m->by_theme[t][fuzz_u16(m->in) % m->in_theme[t]]]);
}

/* --- sequences --- */

static void put_compressed(struct making *m)
{
    for (unsigned tries = 0; tries < 4 && model_has(m->model, EXT_C); tries++) {
        uint16_t word = fuzz_u16(m->in);
        uint32_t full = (word & 3) == 3 ? 0 : rvc_expand(word, m->model), op = full & 0x7f;
        if (!full || is_reserved(full >> 7 & 31) || is_reserved(full >> 15 & 31) ||
            is_reserved(full >> 20 & 31) || op == 0x73 || op == 0x67)
            continue;
        put(m, word);
        return;
    }
}

/* Several accesses off one base, close to each other. */
static void put_group(struct making *m)
{
    static const enum theme of[] = {LOAD, LOAD, STORE, STORE, FP_MEMORY};
    unsigned n = 2 + pick(m, 7), r = base(m);
    int32_t at = offset(m);
    while (n-- && room(m)) {
        enum theme t = of[pick(m, 5)];
        uint32_t w = making_word(m, t);
        int32_t imm = at + (int32_t)pick(m, 8) * 8;
        if ((w & 0x7f) == 0x23 || (w & 0x7f) == 0x27)
            w = (w & 0x1f0707f) | ASM_S(0, 0, 0, imm, 0);
        else
            w = (w & 0xfffff) | (uint32_t)imm << 20;
        put(m, (w & ~(31u << 15)) | r << 15);
    }
}

static void put_move_base(struct making *m)
{
    static const int16_t by[] = {8, -8, 4, 1, 16, 64, 2040, -2048};
    unsigned r = m->base[pick(m, 3)];
    if (chance(m, 64))
        put(m, m->p->rv32 ? LW(r, 8 * pick(m, 32), CONSTANTS) : LD(r, 8 * pick(m, 32), CONSTANTS));
    else
        put(m, ADDI(r, r, by[pick(m, 8)]));
}

static void put_csr(struct making *m)
{
    static const uint16_t writable[] = {1, 2, 3, 0x140, 0x140, 1};
    static const uint16_t readable[] = {0x142, 0x143, 0x141, 0xc00, 0xc01, 0xc02, 0x100, 0x180};
    static const uint32_t bits[] = {0x6000, 0x40000, 0x80000, 0xc0000, 0x2000, 0x20000};
    unsigned t = m->x[pick(m, 5)], kind = pick(m, 8);
    if (kind < 2) {
        put(m, CSRRS(reg(m), readable[pick(m, 8)], ZERO));
    } else if (kind < 4) {
        put(m, 0x5073 | 2u << 20 | (uint32_t)pick(m, chance(m, 32) ? 8 : 4) << 15 | reg(m) << 7);
    } else if (kind == 4) {
        put(m, LUI(t, bits[pick(m, m->p->patches ? 5 : 6)] >> 12));
        unsigned csr = m->p->arch.priv == PRIV_M ? CSR_MSTATUS : CSR_SSTATUS;
        put(m, chance(m, 160) ? CSRRS(reg(m), csr, t) : CSRRC(reg(m), csr, t));
    } else {
        uint32_t w = CSRRW(reg(m), writable[pick(m, 6)], reg(m)) & ~0x7000u;
        put(m, w | (1u + pick(m, 3)) << 12 | (pick(m, 2) ? 0x4000u : 0));
    }
}

static void put_system(struct making *m)
{
    static const uint32_t words[] = {FENCE_I,    SFENCE_VMA(ZERO, ZERO),
                                     ECALL,      EBREAK,
                                     0x0330000f, 0x0ff0000f,
                                     ILLEGAL,    SRET,
                                     0x30200073, 0x0100000f,
                                     WFI};
    unsigned n = pick(m, 24);
    if (n == 7 || n == 8) /* mret and sret may leave the address space */
        n = m->p->patches ? 0 : n;
    if (n >= sizeof(words) / sizeof(words[0]) || (n > 8 && chance(m, 200)))
        put(m, SFENCE_VMA(m->base[pick(m, 3)], ZERO));
    else
        put(m, words[n]);
}

static void put_load(struct making *m, unsigned rd, unsigned at)
{
    put(m, m->p->rv32 ? LW(rd, at, CONSTANTS) : LD(rd, at, CONSTANTS));
}

/* A page's entry is replaced by another one. */
static void put_remap(struct making *m, unsigned t, unsigned to)
{
    unsigned page = PAGE_DATA + pick(m, DATA_PAGES);
    put_load(m, to, TABLE_ALIAS);
    put_load(m, t, ENTRIES + 8 * pick(m, 32));
    put(m, m->p->rv32 ? SW(t, 4 * page, to) : SD(t, 8 * page, to));
    put(m, SFENCE_VMA(ZERO, ZERO));
    put(m, LUI(to, 0));
}

/* An instruction is replaced by another one: one that is aligned, long, and not of a sequence like
 * this. The alias stays in no register. */
static void put_patch(struct making *m)
{
    unsigned t = m->x[pick(m, 5)], to = t == T1 ? T2 : T1;
    if (!m->p->patches || !m->p->insns || !room(m))
        return;
    if (m->p->arch.priv != PRIV_U && chance(m, 128)) {
        put_remap(m, t, to);
        return;
    }
    unsigned i = pick(m, m->p->insns < 200 ? m->p->insns : 200), at = m->p->insn[i].at;
    uint32_t old = 0;
    memcpy(&old, m->p->image + at, 4);
    unsigned op = old & 0x7f;
    bool fit = op == 0x13 || op == 0x33 || op == 0x1b || op == 0x3b || op == 0x53;
    if (m->p->insn[i].len != 4 || at % 4 || at - m->start > 2047 || !fit)
        return;
    put_load(m, to, CODE_ALIAS);
    put(m, LW(t, WORDS_AT + 4 * pick(m, 64), CONSTANTS));
    put(m, SW(t, (int32_t)(at - m->start), to));
    put(m, FENCE_I);
    put(m, LUI(to, 0));
}

static void put_jump(struct making *m)
{
    uint32_t b = ASM_B(0, reg(m), reg(m), 0) |
                 (uint32_t)((const uint8_t[]){0, 1, 4, 5, 6, 7}[pick(m, 6)]) << 12;
    switch (pick(m, 8)) {
    case 0: put_forward(m, J(0)); break;
    case 1: { /* auipc and jalr to what was before */
        unsigned to = insn_before(m, pick(m, 60)), at = m->at, t = chance(m, 128) ? RA : T0;
        put(m, AUIPC(t, 0));
        if (chance(m, 100))
            put(m, JALR(chance(m, 128) ? RA : ZERO, (int32_t)(to - at), t));
        break;
    }
    case 2: put(m, chance(m, 128) ? RET : JALR(RA, 0, T0)); break;
    case 3:
        put(m, b);
        aim(m, insn_before(m, 0), insn_before(m, pick(m, 30)));
        break;
    default: put_forward(m, b); break;
    }
}

static void put_call(struct making *m)
{
    if (!m->functions || !room(m))
        return;
    unsigned to = m->function[pick(m, m->functions)];
    if (chance(m, 128)) {
        put(m, JAL(RA, (int32_t)to - (int32_t)m->at));
    } else {
        unsigned at = m->at;
        put(m, AUIPC(T0, 0));
        put(m, JALR(RA, (int32_t)(to - at), T0));
    }
}

static void put_one(struct making *m, unsigned flavour);

static void put_some(struct making *m, unsigned n, unsigned flavour)
{
    while (n-- && room(m)) {
        land_forwards(m, false);
        put_one(m, flavour);
    }
}

static void put_function(struct making *m, unsigned flavour)
{
    if (m->functions == FUNCTIONS || !room(m))
        return;
    unsigned over = m->at;
    put(m, J(0));
    m->function[m->functions++] = m->at;
    put_some(m, 2 + pick(m, 8), flavour);
    put(m, RET);
    aim(m, over, m->at);
}

static void put_loop(struct making *m, unsigned flavour)
{
    static const uint8_t counters[] = {S1, S4, S0, A5, S5};
    unsigned c = counters[pick(m, 5)];
    if (!room(m))
        return;
    put(m, LI(c, 1 + pick(m, chance(m, 40) ? 200 : 24)));
    unsigned head = m->at;
    put_some(m, 2 + pick(m, 14), flavour);
    put(m, ADDI(c, c, -1));
    unsigned at = m->at;
    put(m, BNEZ(c, 0));
    if (m->at != at)
        aim(m, at, head);
}

/* One instruction, or a few; flavour: what it mostly is. */
static void put_one(struct making *m, unsigned flavour)
{
    static const uint8_t mostly[][4] = {
        {ALU, ALU, ALU, LOAD},   {WORDS, WORDS, WORDS, ALU},     {LOAD, STORE, LOAD, STORE},
        {FP, FP, FP, FP_MEMORY}, {FP, FP, FP_MEMORY, FP_MEMORY}, {ATOMIC, LOAD, STORE, WORDS}};
    unsigned n = fuzz_u8(m->in);
    if (n < 150)
        put(m, making_word(m, (enum theme)mostly[flavour % 6][n % 4]));
    else if (n < 190)
        put(m, making_word(m, (enum theme)(n % (CACHE + 1))));
    else if (n < 206)
        put_compressed(m);
    else if (n < 214)
        put_group(m);
    else if (n < 224)
        put_jump(m);
    else if (n < 230)
        put_move_base(m);
    else if (n < 236)
        put_csr(m);
    else if (n < 239)
        put_system(m);
    else if (n < 243)
        put_patch(m);
    else if (n < 248)
        put_call(m);
    else if (n < 253)
        put_loop(m, flavour);
    else
        put_function(m, flavour);
}

/* Elsewhere everything leads to the start: by compressed jumps in several leaps, since what is in the
 * middle of long ones would be anything. */
static void fill_code(struct making *m)
{
    bool compressed = model_has(m->model, EXT_C);
    for (unsigned at = 0; at < CODE_PAGES * 4096; at += compressed ? 2 : 4) {
        int32_t off = (int32_t)m->start - (int32_t)at;
        uint32_t word = J(off);
        if (compressed) {
            off = off > 2046 ? 2046 : off < -2048 ? -2048 : off;
            word = 0xa001 | ASM_BITS(off, 11, 1, 12) | ASM_BITS(off, 4, 1, 11) |
                   ASM_BITS(off, 8, 2, 9) | ASM_BITS(off, 10, 1, 8) | ASM_BITS(off, 6, 1, 7) |
                   ASM_BITS(off, 7, 1, 6) | ASM_BITS(off, 1, 3, 3) | ASM_BITS(off, 5, 1, 2);
        }
        memcpy(m->p->image + at, &word, compressed ? 2 : 4);
    }
}

void making_code(struct making *m)
{
    static const uint16_t starts[] = {0, 0xf80, 0xfc2, 0xe00, 0x1ffe, 0x1f40, 0x800, 0x1f02};
    m->at = m->start = starts[pick(m, 8)] & (model_has(m->model, EXT_C) ? ~0u : ~3u);
    m->p->arch.pc = m->origin + m->start;
    fill_code(m);
    while (m->in->left && room(m)) {
        unsigned flavour = fuzz_u8(m->in);
        land_forwards(m, false);
        if (flavour < 100)
            put_loop(m, flavour);
        else if (flavour < 110)
            put_function(m, flavour);
        else
            put_some(m, 1 + flavour % 7, flavour);
    }
    land_forwards(m, true);
}

static enum theme theme_of(const struct row *row)
{
    switch (row->match & 0x7f) {
    case 0x13:
    case 0x33:
    case 0x37:
    case 0x17: return ALU;
    case 0x1b:
    case 0x3b: return WORDS;
    case 0x03: return LOAD;
    case 0x23: return STORE;
    case 0x07:
    case 0x27: return FP_MEMORY;
    case 0x2f: return ATOMIC;
    case 0x0f: return row->format == SYS ? OTHER : CACHE;
    case 0x43:
    case 0x47:
    case 0x4b:
    case 0x4f:
    case 0x53: return FP;
    default: return OTHER;
    }
}

void making_sort_rows(struct making *m)
{
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum theme t = theme_of(&rows[i]);
        if (rows[i].xlen & (m->p->rv32 ? RV32 : RV64))
            m->by_theme[t][m->in_theme[t]++] = (uint16_t)i;
    }
    if (!m->in_theme[WORDS]) { /* RV32 */
        memcpy(m->by_theme[WORDS], m->by_theme[ALU], sizeof(m->by_theme[ALU]));
        m->in_theme[WORDS] = m->in_theme[ALU];
    }
}
