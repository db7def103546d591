/* SPDX-License-Identifier: MIT */
/* What each control and status register reads and writes, and the table of them (csrs.def). */
#include "cpu/csr_table.h"

#include "cpu/csr_bits.h"
#include "cpu/mmu.h"
#include "cpu/pmp.h"
#include "cpu/trigger.h"
#include "host/entropy.h"

#define MEDELEG_MASK UINT64_C(0xb3ff)
#define MIE_MASK     UINT64_C(0xaaa)

static uint64_t zero_read(struct hart *h)
{
    (void)h;
    return 0;
}

/* --- floating point --- */

static bool fp_visible(const struct hart *h, unsigned i)
{
    (void)i;
    return h->fp_on;
}

static uint64_t fflags_read(struct hart *h)
{
    return h->arch.fflags;
}

static void fflags_write(struct hart *h, uint64_t v)
{
    h->arch.fflags = v & 0x1f;
    h->fp_dirty = true;
}

static uint64_t frm_read(struct hart *h)
{
    return h->arch.frm;
}

static void frm_write(struct hart *h, uint64_t v)
{
    h->arch.frm = v & 7;
    h->fp_dirty = true;
}

static uint64_t fcsr_read(struct hart *h)
{
    return h->arch.fflags | h->arch.frm << 5;
}

static void fcsr_write(struct hart *h, uint64_t v)
{
    fflags_write(h, v);
    frm_write(h, v >> 5);
}

/* --- mstatus and its view sstatus --- */

static uint64_t status_read(struct hart *h, uint64_t mask)
{
    if (h->fp_dirty && (h->arch.mstatus & MSTATUS_FS))
        h->arch.mstatus |= MSTATUS_FS;
    uint64_t v = h->arch.mstatus & mask;
    bool dirty = (v & MSTATUS_FS) == MSTATUS_FS;
    if (!hart_is64(h))
        return v | (dirty ? UINT64_C(1) << 31 : 0);
    v |= UINT64_C(2) << 32;
    if (mask & MSTATUS_MIE)
        v |= UINT64_C(2) << 34;
    return v | (dirty ? UINT64_C(1) << 63 : 0);
}

static void status_write(struct hart *h, uint64_t v, uint64_t mask)
{
    h->fp_dirty = false;
    if (!model_has(h->model, EXT_F))
        mask &= ~MSTATUS_FS;
    uint64_t next = (h->arch.mstatus & ~mask) | (v & mask);
    if ((next >> MPP_SHIFT & 3) == 2)
        next = (next & ~MSTATUS_MPP) | (h->arch.mstatus & MSTATUS_MPP);
    uint64_t changed = h->arch.mstatus ^ next;
    h->arch.mstatus = next;
    if (changed & ~MSTATUS_STACK)
        hart_refresh(h);
}

static uint64_t sstatus_read(struct hart *h)
{
    return status_read(h, SSTATUS_MASK);
}

static void sstatus_write(struct hart *h, uint64_t v)
{
    status_write(h, v, SSTATUS_MASK);
}

static uint64_t mstatus_read(struct hart *h)
{
    return status_read(h, MSTATUS_MASK);
}

static void mstatus_write(struct hart *h, uint64_t v)
{
    status_write(h, v, MSTATUS_MASK);
}

static uint64_t misa_read(struct hart *h)
{
    static const struct {
        char letter;
        uint8_t ext;
    } letters[] = {{'M', EXT_M}, {'A', EXT_A}, {'F', EXT_F}, {'D', EXT_D}, {'C', EXT_C}};
    uint64_t v = hart_is64(h) ? UINT64_C(2) << 62 : UINT64_C(1) << 30;
    v |= 1u << ('I' - 'A') | 1u << ('S' - 'A') | 1u << ('U' - 'A');
    for (unsigned l = 0; l < ARRAY_SIZE(letters); l++)
        if (model_has(h->model, letters[l].ext))
            v |= 1u << (letters[l].letter - 'A');
    if (model_has(h->model, EXT_ZBA) && model_has(h->model, EXT_ZBB) &&
        model_has(h->model, EXT_ZBS))
        v |= 1u << ('B' - 'A');
    return v;
}

/* --- interrupts --- */

static uint64_t mip_read(struct hart *h)
{
    return hart_mip(h);
}

static void mip_write(struct hart *h, uint64_t v)
{
    uint64_t mask = MIP_SSIP | MIP_SEIP;
    if (!(h->arch.menvcfg & ENVCFG_STCE))
        mask |= MIP_STIP;
    h->arch.mip_soft = (h->arch.mip_soft & ~mask) | (v & mask);
    if (!(v & MIP_SSIP))
        atomic_fetch_and(&h->irq_lines, ~MIP_SSIP);
}

uint64_t csr_pending_base(const struct hart *h, uint64_t old)
{
    return (old & ~(uint64_t)(MIP_SEIP | MIP_SSIP)) |
           ((h->arch.mip_soft | atomic_load(&h->irq_lines)) & MIP_SSIP) |
           (h->arch.mip_soft & MIP_SEIP);
}

static uint64_t sip_read(struct hart *h)
{
    return hart_mip(h) & h->arch.mideleg;
}

static void sip_write(struct hart *h, uint64_t v)
{
    uint64_t own = h->arch.mideleg & MIP_SSIP;
    h->arch.mip_soft = (h->arch.mip_soft & ~(uint64_t)MIP_SSIP) | (v & own);
    if (own && !(v & MIP_SSIP))
        atomic_fetch_and(&h->irq_lines, ~MIP_SSIP);
}

static uint64_t sie_read(struct hart *h)
{
    return h->arch.mie & h->arch.mideleg;
}

static void sie_write(struct hart *h, uint64_t v)
{
    h->arch.mie = (h->arch.mie & ~h->arch.mideleg) | (v & h->arch.mideleg);
}

/* --- traps --- */

static uint64_t epc_mask(const struct hart *h)
{
    return model_has(h->model, EXT_C) ? ~UINT64_C(1) : ~UINT64_C(3);
}

static uint64_t tvec_value(uint64_t old, uint64_t v)
{
    return v & 2 ? old : v;
}

static void stvec_write(struct hart *h, uint64_t v)
{
    h->arch.stvec = tvec_value(h->arch.stvec, v);
}

static void mtvec_write(struct hart *h, uint64_t v)
{
    h->arch.mtvec = tvec_value(h->arch.mtvec, v);
}

static void sepc_write(struct hart *h, uint64_t v)
{
    h->arch.sepc = v & epc_mask(h);
}

static void mepc_write(struct hart *h, uint64_t v)
{
    h->arch.mepc = v & epc_mask(h);
}

/* --- counters and the timer --- */

static int64_t *counter_base(struct hart *h, unsigned i)
{
    return i == 0 ? &h->mcycle_base : &h->minstret_base;
}

/* 0: cycle; 2: instret. */
static uint64_t counter_read(struct hart *h, unsigned i)
{
    bool frozen = h->arch.mcountinhibit >> i & 1;
    return (uint64_t)*counter_base(h, i) + (frozen ? 0 : hart_retired(h));
}

/* The instruction that writes is not counted in what it writes. */
static void counter_write(struct hart *h, unsigned i, uint64_t v)
{
    bool frozen = h->arch.mcountinhibit >> i & 1;
    *counter_base(h, i) = (int64_t)(frozen ? v : v - (hart_retired(h) + 1));
}

static uint64_t mcountinhibit_read(struct hart *h)
{
    return h->arch.mcountinhibit;
}

static void mcountinhibit_write(struct hart *h, uint64_t v)
{
    uint64_t now[3];
    for (unsigned i = 0; i < 3; i += 2)
        now[i] = counter_read(h, i);
    h->arch.mcountinhibit = v & 5;
    for (unsigned i = 0; i < 3; i += 2)
        *counter_base(h, i) =
            (int64_t)(h->arch.mcountinhibit >> i & 1 ? now[i] : now[i] - hart_retired(h));
}

static bool counter_visible(const struct hart *h, unsigned i)
{
    if (h->arch.priv != PRIV_M && !(h->arch.mcounteren >> i & 1))
        return false;
    return h->arch.priv != PRIV_U || (h->arch.scounteren >> i & 1);
}

static uint64_t time_read(struct hart *h)
{
    hart_sync_clock(h);
    return vclock_ticks(h->cpu->cfg.clock);
}

static bool stimecmp_visible(const struct hart *h, unsigned i)
{
    (void)i;
    return h->arch.priv == PRIV_M || ((h->arch.menvcfg & ENVCFG_STCE) && (h->arch.mcounteren & 2));
}

static void stimecmp_write(struct hart *h, uint64_t v)
{
    h->arch.stimecmp = v;
    hart_timer_update(h);
}

/* --- address translation and protection --- */

static bool satp_visible(const struct hart *h, unsigned i)
{
    (void)i;
    return !(h->arch.priv == PRIV_S && (h->arch.mstatus & MSTATUS_TVM));
}

static void satp_write(struct hart *h, uint64_t v)
{
    if (!mmu_satp_ok(h, v))
        return;
    h->arch.satp = v;
    hart_refresh(h);
}

static uint64_t pmpcfg_read(struct hart *h, unsigned reg)
{
    uint64_t v = 0;
    unsigned n = hart_is64(h) ? 8 : 4;
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)h->arch.pmpcfg[reg * 4 + i] << 8 * i;
    return v;
}

static void pmpcfg_write(struct hart *h, unsigned reg, uint64_t v)
{
    unsigned n = hart_is64(h) ? 8 : 4;
    for (unsigned i = 0; i < n; i++) {
        uint8_t cfg = v >> 8 * i & 0x9f;
        uint8_t *slot = &h->arch.pmpcfg[reg * 4 + i];
        if (*slot & PMP_L)
            continue;
        if ((cfg & (PMP_R | PMP_W)) == PMP_W)
            cfg = (uint8_t)((cfg & ~7) | (*slot & 7)); /* R=0 W=1 is reserved */
        *slot = cfg;
    }
    pmp_changed(h);
}

static uint64_t pmpaddr_read(struct hart *h, unsigned i)
{
    return h->arch.pmpaddr[i];
}

static void pmpaddr_write(struct hart *h, unsigned i, uint64_t v)
{
    bool next_tor_locked = i + 1 < PMP_ENTRIES && (h->arch.pmpcfg[i + 1] & PMP_L) &&
                           (h->arch.pmpcfg[i + 1] & PMP_A) == 8;
    if ((h->arch.pmpcfg[i] & PMP_L) || next_tor_locked)
        return;
    h->arch.pmpaddr[i] = hart_is64(h) ? v & ((UINT64_C(1) << 54) - 1) : (uint32_t)v;
    pmp_changed(h);
}

/* --- environment configuration, entropy, triggers --- */

static uint64_t envcfg_mask(const struct hart *h)
{
    uint64_t m = ENVCFG_FIOM;
    if (model_has(h->model, EXT_ZICBOM))
        m |= ENVCFG_CBIE | ENVCFG_CBCFE;
    if (model_has(h->model, EXT_ZICBOZ))
        m |= ENVCFG_CBZE;
    return m;
}

static uint64_t menvcfg_mask(const struct hart *h)
{
    uint64_t m = envcfg_mask(h);
    if (model_has(h->model, EXT_SSTC))
        m |= ENVCFG_STCE;
    if (model_has(h->model, EXT_SVPBMT))
        m |= ENVCFG_PBMTE;
    if (model_has(h->model, EXT_SVADU))
        m |= ENVCFG_ADUE;
    return m;
}

static uint64_t cbie_legal(uint64_t old, uint64_t v)
{
    return (v & ENVCFG_CBIE) == UINT64_C(2) << 4 ? (v & ~ENVCFG_CBIE) | (old & ENVCFG_CBIE) : v;
}

static void menvcfg_write(struct hart *h, uint64_t v)
{
    uint64_t was = h->arch.menvcfg;
    h->arch.menvcfg = cbie_legal(was, v) & menvcfg_mask(h);
    if ((was ^ h->arch.menvcfg) & (ENVCFG_PBMTE | ENVCFG_ADUE))
        mmu_flush_all(h);
    hart_timer_update(h);
}

static void senvcfg_write(struct hart *h, uint64_t v)
{
    h->arch.senvcfg = cbie_legal(h->arch.senvcfg, v) & envcfg_mask(h);
}

static bool seed_visible(const struct hart *h, unsigned i)
{
    (void)i;
    if (h->arch.priv == PRIV_M)
        return true;
    return h->arch.mseccfg & (h->arch.priv == PRIV_S ? MSECCFG_SSEED : MSECCFG_USEED);
}

/* OPST in bits 31:30 is ES16 (2), or WAIT (1). */
uint64_t csr_seed(const struct hart *h)
{
    uint16_t r;
    if (!entropy_fill(h->cpu->cfg.entropy, &r, sizeof(r)))
        return UINT64_C(1) << 30;
    return UINT64_C(2) << 30 | r;
}

static uint64_t mhartid_read(struct hart *h)
{
    return h->id;
}

/* --- the table --- */

#define ALL            UINT64_MAX
#define ALWAYS         CSR_ALWAYS
#define FIELD(f, bits) .offset = offsetof(struct hart_arch, f), .mask = (bits)
#define FIELD_CALL(f)  .offset = offsetof(struct hart_arch, f), .write = f##_write
#define READ(f)        .read = f##_read
#define CALLS(f)       .read = f##_read, .write = f##_write
#define READ_AT(f)     .read_at = f##_read
#define CALLS_AT(f)    .read_at = f##_read, .write_at = f##_write

enum {
    ROW_none,
#define CSR(number, count, name, ...) ROW_##name,
#include "cpu/csrs.def"
#undef CSR
    ROWS
};
_Static_assert(ROWS <= 256, "csr_row_of holds bytes");

const struct csr_row csr_rows[ROWS] = {
    [ROW_none] = {.ext = CSR_NEVER, .read = zero_read},
#define CSR(no, n, csr, at, access, extension, bits, may)                                          \
    [ROW_##csr] = {.number = (no),                                                                 \
                   .count = (n),                                                                   \
                   .first = (at),                                                                  \
                   .ext = (extension),                                                             \
                   .flags = (bits),                                                                \
                   .name = #csr,                                                                   \
                   .visible = (may),                                                               \
                   access},
#include "cpu/csrs.def"
#undef CSR
};
const unsigned csr_row_count = ROWS;

const uint8_t csr_row_of[CSR_NUMBERS] = {
#define CSR(number, count, name, ...) [(number)...(number) + (count)-1] = ROW_##name,
#include "cpu/csrs.def"
#undef CSR
};
