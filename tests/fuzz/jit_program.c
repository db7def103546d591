/* SPDX-License-Identifier: MIT */
#include "fuzz/jit_making.h"

/* Flips up to three bits of the code. Not where it can write code or page tables: without the fence
 * of the sequence that does so, the two engines may differ. */
static void mutate(struct making *m)
{
    const struct program *p = m->p;
    if (!p->insns || p->patches || (p->arch.priv == PRIV_M && p->paged))
        return;
    for (unsigned n = fuzz_u8(m->in) % 4; n > 0; n--) {
        unsigned at = p->insn[fuzz_u16(m->in) % p->insns].at + fuzz_u8(m->in) % 4;
        uint8_t old = p->image[at];
        m->p->image[at] = (uint8_t)(old ^ 1u << fuzz_u8(m->in) % 8);
        for (unsigned from = at < 3 ? 0 : at - 3; from <= at; from++) {
            uint32_t w;
            memcpy(&w, p->image + from, 4);
            if ((w & 0x7f) == 0x73 && (w >> 20 == CSR_SATP || w >> 28 == 3))
                m->p->image[at] = old; /* satp: any page would be a table; M-mode's PMP */
        }
    }
}

/* --- what surrounds the code --- */

/* A trap handler: returns 4 bytes behind the instruction that trapped, or if that could not be fetched,
 * to page 0. csr: 0x100 or 0x300, for the S-mode or the M-mode registers. */
static void make_trap(struct making *m, unsigned at, unsigned csr, uint32_t ret)
{
    unsigned epc = csr | 0x41, cause = csr | 0x42, scratch = csr | 0x40;
    const uint32_t code[] = {
        CSRRW(T6, scratch, T6),
        CSRR(T6, cause),
        ADDI(T6, T6, -12),
        BEQZ(T6, 24),
        ADDI(T6, T6, 11),
        BEQZ(T6, 16),
        CSRR(T6, epc),
        ADDI(T6, T6, 4),
        J(16),
        AUIPC(T6, 0xffffc),
        ADDI(T6, T6, (int32_t)(m->start & 0x7fc)),
        NOP,
        CSRW(epc, T6),
        CSRRW(T6, scratch, T6),
        ret,
    };
    memcpy(m->p->image + PAGE_TRAP * 4096 + at, code, sizeof(code));
}

static uint64_t special(struct making *m)
{
    static const uint64_t doubles[] = {0,
                                       UINT64_C(0x8000000000000000),
                                       UINT64_C(0x3ff0000000000000),
                                       UINT64_C(0xbff8000000000000),
                                       UINT64_C(0x7ff0000000000000),
                                       UINT64_C(0xfff0000000000000),
                                       UINT64_C(0x7ff8000000000000),
                                       UINT64_C(0x7ff8000000012345),
                                       UINT64_C(0xfff0000000000001),
                                       UINT64_C(0x0000000000000001),
                                       UINT64_C(0x000fffffffffffff),
                                       UINT64_C(0x0010000000000000),
                                       UINT64_C(0x7fefffffffffffff),
                                       UINT64_C(0x41e0000000000000),
                                       UINT64_C(0xc1e0000000200000),
                                       UINT64_C(0x41f00000000fffff),
                                       UINT64_C(0x43e0000000000000),
                                       UINT64_C(0xc3e0000000000000),
                                       UINT64_C(0x36a0000000000000),
                                       UINT64_C(0x47efffffefffffff)};
    static const uint32_t singles[] = {0,          0x80000000, 0x3f800000, 0xbfc00000, 0x7f800000,
                                       0xff800000, 0x7fc00000, 0x7fc12345, 0xff800001, 1,
                                       0x007fffff, 0x00800000, 0x7f7fffff, 0x4f000000, 0xcf000000,
                                       0x4f800000, 0x5f000000, 0xdf000000, 0x33800000, 0x4b800001};
    uint64_t r = making_filler(m), i = (r >> 8) % 20;
    switch (r & 7) {
    case 0:
    case 1: return doubles[i];
    case 2:
    case 3: return UINT64_C(0xffffffff00000000) | singles[i];
    case 4: return singles[i];
    case 5: return (r >> 8) % 100;
    case 6: return UINT64_C(0xffffffff00000000) | (r >> 8 & 0xffffffff);
    default: return making_filler(m);
    }
}

static uint64_t pointer(struct making *m)
{
    uint64_t at = m->origin, r = making_filler(m);
    unsigned page = PAGE_DATA + r % DATA_PAGES;
    if (m->p->paged)
        at = VIRTUAL;
    else if (m->origin == VIRTUAL)
        at = RAM;
    if ((r >> 8) % 16 == 0) /* the superpage, or its physical address */
        at = m->p->paged ? VIRTUAL + (m->p->rv32 ? 4 << 20 : 2 << 20) : image_pa(PAGE_BIG),
        page = 0;
    else if ((r >> 8) % 16 == 1 && !m->p->paged)
        at = DEVICE, page = 0;
    uint64_t off = r >> 20 & 0xfff;
    switch ((r >> 16) % 8) {
    case 0: off = 0; break;
    case 1: off = 0xff0 | (off & 15); break;
    case 2: off = 0xfc0 | (off & 0x38); break;
    case 3: break;
    default: off &= ~7ull; break;
    }
    return at + page * 4096 + off;
}

/* Pages start at a random place of a row of values that is made once. */
static void fill_data(struct making *m)
{
    static uint64_t values[3000];
    struct making fixed = {.random = 1};
    for (unsigned i = ARRAY_SIZE(values); !values[0] && i-- > 0;)
        values[i] = special(&fixed) | !i;
    for (unsigned page = PAGE_DATA; page < IMAGE_PAGES; page++) {
        uint8_t *to = m->p->image + page * 4096;
        if (page >= PAGE_DATA + DATA_PAGES && page < PAGE_BIG)
            continue;
        memcpy(to, values + making_filler(m) % (ARRAY_SIZE(values) - 512), 4096);
        for (unsigned n = 0; n < 8; n++) {
            uint64_t at = pointer(m);
            memcpy(to + making_filler(m) % 512 * 8, &at, 8);
        }
    }
}

static uint64_t in_width(const struct making *m, uint64_t v)
{
    return m->p->rv32 ? (uint64_t)(int64_t)(int32_t)v : v;
}

static uint64_t pte(struct making *m, uint64_t pa, unsigned bits)
{
    (void)m;
    return pa >> 12 << 10 | bits;
}

/* One of a page of data: mostly fit to be used. */
static uint64_t data_pte(struct making *m, unsigned page, unsigned n)
{
    unsigned own = m->p->arch.priv == PRIV_U ? PTE_U : 0,
             all = PTE_V | PTE_R | PTE_W | PTE_A | PTE_D | own;
    unsigned other = PAGE_DATA + (page + 3) % DATA_PAGES;
    switch (n % 20) {
    case 0: return 0;
    case 1:
    case 2: return pte(m, image_pa(page), all & ~(PTE_W | PTE_D));
    case 3:
    case 4: return pte(m, image_pa(other), all);
    case 5: return pte(m, DEVICE, all);
    case 6: return pte(m, image_pa(page), all & ~PTE_A);
    case 7: return pte(m, image_pa(page), all & ~PTE_D);
    case 8: return pte(m, image_pa(page), (all & ~(PTE_R | PTE_W)) | PTE_X);
    case 9: return pte(m, image_pa(page), all ^ PTE_U);
    case 10: return pte(m, image_pa(page), all & ~PTE_R);
    case 11: return pte(m, image_pa(other), all & ~(PTE_W | PTE_D));
    default: return pte(m, image_pa(page), all);
    }
}

static void set_pte(struct making *m, unsigned table, unsigned index, uint64_t value)
{
    unsigned size = m->p->rv32 ? 4 : 8;
    memcpy(m->p->image + (PAGE_TABLES + table) * 4096 + index * size, &value, size);
}

/* Table 0 is the root, 1 the next level of Sv39, 2 has the program's pages, 3 the aliases. */
static void make_tables(struct making *m)
{
    struct program *p = m->p;
    unsigned own = p->arch.priv == PRIV_U ? PTE_U : 0, ad = PTE_V | PTE_A | PTE_D | own;
    memset(p->image + PAGE_TABLES * 4096, 0, 4 * 4096);
    if (p->rv32) {
        set_pte(m, 0, 0x40, pte(m, image_pa(PAGE_TABLES + 2), PTE_V));
        set_pte(m, 0, ALIASES >> 22, pte(m, image_pa(PAGE_TABLES + 3), PTE_V));
        set_pte(m, 0, 0x41, pte(m, image_pa(PAGE_BIG), ad | PTE_R | PTE_W));
    } else {
        set_pte(m, 0, 0, pte(m, image_pa(PAGE_TABLES + 1), PTE_V));
        set_pte(m, 1, 0x80, pte(m, image_pa(PAGE_TABLES + 2), PTE_V));
        set_pte(m, 1, ALIASES >> 21, pte(m, image_pa(PAGE_TABLES + 3), PTE_V));
        set_pte(m, 1, 0x81, pte(m, image_pa(PAGE_BIG), ad | PTE_R | PTE_W));
    }
    for (unsigned i = 0; i < CODE_PAGES; i++)
        set_pte(m, 2, PAGE_CODE + i, pte(m, image_pa(i), ad | PTE_X | PTE_R));
    set_pte(m, 2, PAGE_CONST, pte(m, image_pa(PAGE_CONST), ad | PTE_R));
    set_pte(m, 2, PAGE_TRAP, pte(m, image_pa(PAGE_TRAP), (ad & ~PTE_U) | PTE_X));
    for (unsigned i = 0; i < DATA_PAGES; i++)
        set_pte(m, 2, PAGE_DATA + i, data_pte(m, PAGE_DATA + i, fuzz_u8(m->in)));
    if (!p->patches)
        return;
    unsigned alias = ALIASES >> 12 & (p->rv32 ? 0x3ff : 0x1ff);
    for (unsigned i = 0; i < CODE_PAGES; i++)
        set_pte(m, 3, alias + ALIAS_CODE + i, pte(m, image_pa(i), ad | PTE_R | PTE_W));
    set_pte(m, 3, alias + ALIAS_TABLE, pte(m, image_pa(PAGE_TABLES + 2), ad | PTE_R | PTE_W));
}

static void make_constants(struct making *m)
{
    uint8_t *page = m->p->image + PAGE_CONST * 4096;
    uint64_t random[128];
    struct fuzz_input filling = {(const uint8_t *)random, sizeof(random)}, *in = m->in;
    for (unsigned i = 0; i < ARRAY_SIZE(random); i++)
        random[i] = making_filler(m);
    memset(page, 0, 4096);
    m->in = &filling; /* not worth input */
    const uint64_t alias[2] = {in_width(m, ALIASES + ALIAS_CODE * 4096 + m->start),
                               in_width(m, ALIASES + ALIAS_TABLE * 4096)};
    memcpy(page + CODE_ALIAS, alias, sizeof(alias));
    for (unsigned i = 0; i < 32; i++) {
        uint64_t at = pointer(m), entry = data_pte(m, PAGE_DATA + i % DATA_PAGES, i);
        memcpy(page + POINTERS + 8 * i, &at, 8);
        memcpy(page + ENTRIES + 8 * i, &entry, 8);
    }
    for (unsigned i = 0; i < 64; i++) {
        static const uint8_t themes[] = {ALU, WORDS, FP, ALU};
        uint32_t word = making_word(m, (enum theme)themes[i % 4]);
        memcpy(page + WORDS_AT + 4 * i, &word, 4);
    }
    m->in = in;
}

/* --- the state at the start --- */

static void choose_mode(struct making *m)
{
    static const uint8_t privs[] = {PRIV_M, PRIV_M, PRIV_S, PRIV_U, PRIV_S, PRIV_S, PRIV_U, PRIV_S};
    struct program *p = m->p;
    struct hart_arch *a = &p->arch;
    unsigned n = fuzz_u8(m->in);
    a->priv = privs[n % 8];
    p->paged = n % 8 != 0 && n % 8 != 4;
    p->patches = p->paged && (n >> 3 & 1);
    a->mstatus &= ~(MSTATUS_FS | MSTATUS_MPP);
    unsigned bits = fuzz_u8(m->in);
    a->mstatus |= (bits & 15) ? (1ull + bits % 3) << 13 : 0;
    a->mstatus |= (bits & 16 ? MSTATUS_SUM : 0) | (bits & 32 ? MSTATUS_MXR : 0);
    a->mstatus |= (uint64_t)(a->priv == PRIV_M && p->paged ? PRIV_S : a->priv) << MPP_SHIFT;
    if (a->priv == PRIV_M && p->paged)
        a->mstatus |= MSTATUS_MPRV;
    if (bits & 64)
        a->menvcfg &= ~ENVCFG_ADUE;
    if (bits & 128)
        a->medeleg = 0xb1ff;
    a->mcounteren = a->scounteren = 7;
    m->origin = p->paged && a->priv != PRIV_M ? VIRTUAL : RAM;
    if (p->paged)
        a->satp = image_pa(PAGE_TABLES) >> 12 | (p->rv32 ? 1ull << 31 : 8ull << 60);
    a->mtvec = RAM + PAGE_TRAP * 4096;
    a->stvec = m->origin + PAGE_TRAP * 4096 + 0x100;
    a->frm = fuzz_u8(m->in) % 16 < 12 ? bits % 4 : bits % 8;
}

/* Physically, code, constants and the trap handlers are read-only, unless they are written through
 * aliases; nothing else is executable, in no mode. */
static void make_pmp(struct making *m)
{
    struct hart_arch *a = &m->p->arch;
    a->pmpaddr[0] = RAM >> 2;
    a->pmpaddr[1] = (RAM + PAGE_DATA * 4096) >> 2;
    a->pmpcfg[1] = m->p->patches ? 0x8f : 0x8d; /* TOR, locked: RWX or RX */
    a->pmpaddr[2] = m->p->rv32 ? UINT32_MAX : UINT64_MAX >> 10;
    a->pmpcfg[2] = 0x9b; /* NAPOT, locked: RW */
}

static void make_registers(struct making *m)
{
    static const uint8_t homes[] = {SP, S0, S1, A0, A1, A2, A3, A4, A5};
    static const uint8_t others[] = {RA, T0, T1, T2, A6, A7, S2, T3, T4, T5};
    struct hart_arch *a = &m->p->arch;
    for (unsigned i = 1; i < 32; i++)
        a->x[i] = in_width(m, special(m));
    for (unsigned i = 0; i < 32; i++)
        a->f[i] = special(m);
    for (unsigned i = 0; i < 5; i++) {
        unsigned n = fuzz_u8(m->in);
        m->x[i] = n < 170 ? homes[n % 9] : others[n % 10];
        m->f[i] = (uint8_t)(n >> 3);
    }
    for (unsigned i = 0; i < 3; i++) {
        unsigned n = fuzz_u8(m->in);
        m->base[i] = n < 170 ? homes[n % 9] : others[n % 10];
        a->x[m->base[i]] = in_width(m, pointer(m));
    }
    a->x[CONSTANTS] = in_width(m, (m->p->paged ? VIRTUAL : RAM) + PAGE_CONST * 4096);
}

void program_make(struct program *p, struct fuzz_input *in, const struct hart_arch *reset,
                  const struct cpu_model *model)
{
    struct making m = {.p = p, .in = in, .model = model};
    unsigned n = fuzz_u8(in);
    p->rv32 = model->xlen == 32;
    p->arch = *reset;
    p->insns = 0;
    p->cold = n % 8 == 0;
    p->afresh = n % 32 == 1;
    p->hot = n & 64 ? 1 : n & 128 ? 2 : 6;
    m.random = fuzz_u32(in) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    p->legs = (uint16_t)(2 + n % (PROGRAM_LEGS - 1));
    for (unsigned i = 0; i < p->legs; i++)
        p->leg[i] = (uint16_t)(1 + making_filler(&m) % (n & 32 ? 100 : 1000));
    making_sort_rows(&m);
    choose_mode(&m);
    make_pmp(&m);
    make_registers(&m);
    make_tables(&m);
    fill_data(&m);
    making_code(&m);
    make_constants(&m);
    p->arch.mepc = p->arch.sepc = p->arch.pc;
    make_trap(&m, 0, 0x300, 0x30200073);
    make_trap(&m, 0x100, 0x100, SRET);
    mutate(&m);
}

void program_drop(struct program *p, unsigned insn)
{
    uint32_t nop = p->insn[insn].len == 4 ? NOP : 0x0001;
    memcpy(p->image + p->insn[insn].at, &nop, p->insn[insn].len);
}
