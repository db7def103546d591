/* SPDX-License-Identifier: MIT */
#include "cpu/csr.h"

#include "cpu/csr_bits.h"
#include "cpu/mmu.h"
#include "cpu/pmp.h"
#include "cpu/trigger.h"
#include "host/entropy.h"

enum {
    CSR_FFLAGS = 0x001,
    CSR_FRM = 0x002,
    CSR_FCSR = 0x003,
    CSR_SEED = 0x015,
    CSR_SSTATUS = 0x100,
    CSR_SIE = 0x104,
    CSR_STVEC = 0x105,
    CSR_SCOUNTEREN = 0x106,
    CSR_SENVCFG = 0x10a,
    CSR_SSCRATCH = 0x140,
    CSR_SEPC = 0x141,
    CSR_SCAUSE = 0x142,
    CSR_STVAL = 0x143,
    CSR_SIP = 0x144,
    CSR_STIMECMP = 0x14d,
    CSR_STIMECMPH = 0x15d,
    CSR_SATP = 0x180,
    CSR_MSTATUS = 0x300,
    CSR_MISA = 0x301,
    CSR_MEDELEG = 0x302,
    CSR_MIDELEG = 0x303,
    CSR_MIE = 0x304,
    CSR_MTVEC = 0x305,
    CSR_MCOUNTEREN = 0x306,
    CSR_MENVCFG = 0x30a,
    CSR_MSTATUSH = 0x310,
    CSR_MENVCFGH = 0x31a,
    CSR_MCOUNTINHIBIT = 0x320,
    CSR_MHPMEVENT3 = 0x323,
    CSR_MSCRATCH = 0x340,
    CSR_MEPC = 0x341,
    CSR_MCAUSE = 0x342,
    CSR_MTVAL = 0x343,
    CSR_MIP = 0x344,
    CSR_PMPCFG0 = 0x3a0,
    CSR_PMPADDR0 = 0x3b0,
    CSR_MSECCFG = 0x747,
    CSR_MSECCFGH = 0x757,
    CSR_TSELECT = 0x7a0,
    CSR_TINFO = 0x7a4,
    CSR_MCYCLE = 0xb00,
    CSR_MCYCLEH = 0xb80,
    CSR_CYCLE = 0xc00,
    CSR_TIME = 0xc01,
    CSR_INSTRET = 0xc02,
    CSR_CYCLEH = 0xc80,
    CSR_MVENDORID = 0xf11,
    CSR_MARCHID = 0xf12,
    CSR_MIMPID = 0xf13,
    CSR_MHARTID = 0xf14,
    CSR_MCONFIGPTR = 0xf15,
};

#define SSTATUS_MASK                                                                               \
    (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)
#define MSTATUS_MASK                                                                               \
    (SSTATUS_MASK | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_TVM |        \
     MSTATUS_TW | MSTATUS_TSR)
#define MEDELEG_MASK UINT64_C(0xb3ff)
#define MIE_MASK     UINT64_C(0xaaa)
#define ENVCFG_CBO   (ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE)

static uint64_t low_or_all(const struct hart *h, uint64_t v)
{
    return hart_is64(h) ? v : (uint32_t)v;
}

/* Writing one half of a 64-bit register on RV32, all of it on RV64. */
static uint64_t merge(const struct hart *h, uint64_t old, uint64_t v, bool high)
{
    if (hart_is64(h))
        return v;
    return high ? (old & 0xffffffff) | v << 32 : (old & ~UINT64_C(0xffffffff)) | (uint32_t)v;
}

/* --- mstatus --------------------------------------------------------------------------------- */

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

/* Which interrupts may come, and where a return goes: nothing that translation depends on. */
#define STATUS_STACK (MSTATUS_SIE | MSTATUS_MIE | MSTATUS_SPIE | MSTATUS_MPIE | MSTATUS_SPP)

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
    if (changed & ~STATUS_STACK)
        hart_refresh(h);
}

static uint64_t misa(const struct hart *h)
{
    static const struct {
        char letter;
        uint8_t ext;
    } letters[] = {{'M', EXT_M}, {'A', EXT_A}, {'F', EXT_F}, {'D', EXT_D}, {'C', EXT_C}};
    uint64_t v = hart_is64(h) ? UINT64_C(2) << 62 : UINT64_C(1) << 30;
    v |= 1u << ('I' - 'A') | 1u << ('S' - 'A') | 1u << ('U' - 'A');
    for (unsigned i = 0; i < ARRAY_SIZE(letters); i++)
        if (model_has(h->model, letters[i].ext))
            v |= 1u << (letters[i].letter - 'A');
    if (model_has(h->model, EXT_ZBA) && model_has(h->model, EXT_ZBB) &&
        model_has(h->model, EXT_ZBS))
        v |= 1u << ('B' - 'A');
    return v;
}

/* --- counters -------------------------------------------------------------------------------- */

static int64_t *counter_base(struct hart *h, unsigned i)
{
    return i == 0 ? &h->mcycle_base : &h->minstret_base;
}

static uint64_t counter_read(struct hart *h, unsigned i)
{
    if (i == 1) {
        hart_sync_clock(h);
        return vclock_ticks(h->cpu->cfg.clock);
    }
    if (i != 0 && i != 2)
        return 0; /* hpm counters count nothing */
    bool frozen = h->arch.mcountinhibit >> i & 1;
    return (uint64_t)*counter_base(h, i) + (frozen ? 0 : hart_retired(h));
}

static void counter_write(struct hart *h, unsigned i, uint64_t v)
{
    if (i == 0 || i == 2)
        *counter_base(h, i) =
            (int64_t)(h->arch.mcountinhibit >> i & 1 ? v : v - (hart_retired(h) + 1));
}

static void inhibit_write(struct hart *h, uint32_t v)
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
    bool hpm = i >= 3;
    if (!model_has(h->model, hpm ? EXT_ZIHPM : EXT_ZICNTR))
        return false;
    if (h->arch.priv != PRIV_M && !(h->arch.mcounteren >> i & 1))
        return false;
    return h->arch.priv != PRIV_U || (h->arch.scounteren >> i & 1);
}

/* --- PMP ------------------------------------------------------------------------------------- */

static uint64_t pmpcfg_read(const struct hart *h, unsigned reg)
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

static void pmpaddr_write(struct hart *h, unsigned i, uint64_t v)
{
    bool next_tor_locked = i + 1 < PMP_ENTRIES && (h->arch.pmpcfg[i + 1] & PMP_L) &&
                           (h->arch.pmpcfg[i + 1] & PMP_A) == 8;
    if ((h->arch.pmpcfg[i] & PMP_L) || next_tor_locked)
        return;
    h->arch.pmpaddr[i] = hart_is64(h) ? v & ((UINT64_C(1) << 54) - 1) : (uint32_t)v;
    pmp_changed(h);
}

/* --- who may touch what ---------------------------------------------------------------------- */

static bool seed_visible(const struct hart *h)
{
    if (!model_has(h->model, EXT_ZKR))
        return false;
    if (h->arch.priv == PRIV_M)
        return true;
    return h->arch.mseccfg & (h->arch.priv == PRIV_S ? MSECCFG_SSEED : MSECCFG_USEED);
}

static bool stimecmp_visible(const struct hart *h)
{
    if (!model_has(h->model, EXT_SSTC))
        return false;
    return h->arch.priv == PRIV_M || ((h->arch.menvcfg & ENVCFG_STCE) && (h->arch.mcounteren & 2));
}

/* --- reading --------------------------------------------------------------------------------- */

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

/* Entropy as Zkr's seed gives it: OPST in bits 31:30 is ES16 (2), 16 random bits. */
static uint64_t seed_read(const struct hart *h)
{
    uint16_t r;
    if (!entropy_fill(h->cpu->cfg.entropy, &r, sizeof(r)))
        return UINT64_C(1) << 30; /* WAIT */
    return UINT64_C(2) << 30 | r;
}

static bool read_supervisor(struct hart *h, unsigned csr, uint64_t *v)
{
    switch (csr) {
    case CSR_SSTATUS: *v = status_read(h, SSTATUS_MASK); return true;
    case CSR_SIE: *v = h->arch.mie & h->arch.mideleg; return true;
    case CSR_STVEC: *v = h->arch.stvec; return true;
    case CSR_SCOUNTEREN: *v = h->arch.scounteren; return true;
    case CSR_SENVCFG: *v = h->arch.senvcfg; return true;
    case CSR_SSCRATCH: *v = h->arch.sscratch; return true;
    case CSR_SEPC: *v = h->arch.sepc; return true;
    case CSR_SCAUSE: *v = h->arch.scause; return true;
    case CSR_STVAL: *v = h->arch.stval; return true;
    case CSR_SIP: *v = hart_mip(h) & h->arch.mideleg; return true;
    case CSR_STIMECMP: *v = low_or_all(h, h->arch.stimecmp); return stimecmp_visible(h);
    case CSR_STIMECMPH: *v = h->arch.stimecmp >> 32; return !hart_is64(h) && stimecmp_visible(h);
    case CSR_SATP:
        *v = h->arch.satp;
        return !(h->arch.priv == PRIV_S && (h->arch.mstatus & MSTATUS_TVM));
    default: return false;
    }
}

static bool read_machine(struct hart *h, unsigned csr, uint64_t *v)
{
    switch (csr) {
    case CSR_MSTATUS: *v = status_read(h, MSTATUS_MASK); return true;
    case CSR_MSTATUSH: *v = 0; return !hart_is64(h);
    case CSR_MISA: *v = misa(h); return true;
    case CSR_MEDELEG: *v = h->arch.medeleg; return true;
    case CSR_MIDELEG: *v = h->arch.mideleg; return true;
    case CSR_MIE: *v = h->arch.mie; return true;
    case CSR_MTVEC: *v = h->arch.mtvec; return true;
    case CSR_MCOUNTEREN: *v = h->arch.mcounteren; return true;
    case CSR_MENVCFG: *v = low_or_all(h, h->arch.menvcfg); return true;
    case CSR_MENVCFGH: *v = h->arch.menvcfg >> 32; return !hart_is64(h);
    case CSR_MCOUNTINHIBIT: *v = h->arch.mcountinhibit; return true;
    case CSR_MSCRATCH: *v = h->arch.mscratch; return true;
    case CSR_MEPC: *v = h->arch.mepc; return true;
    case CSR_MCAUSE: *v = h->arch.mcause; return true;
    case CSR_MTVAL: *v = h->arch.mtval; return true;
    case CSR_MIP: *v = hart_mip(h); return true;
    case CSR_MSECCFG: *v = low_or_all(h, h->arch.mseccfg); return model_has(h->model, EXT_ZKR);
    case CSR_MSECCFGH: *v = 0; return !hart_is64(h) && model_has(h->model, EXT_ZKR);
    case CSR_MVENDORID:
    case CSR_MARCHID:
    case CSR_MIMPID:
    case CSR_MCONFIGPTR: *v = 0; return true;
    case CSR_MHARTID: *v = h->id; return true;
    default: break;
    }
    if (csr >= CSR_TSELECT && csr <= CSR_TINFO) {
        *v = trigger_read(h, csr);
        return true;
    }
    *v = 0;
    if (csr >= CSR_MHPMEVENT3 && csr < CSR_MHPMEVENT3 + 29)
        return true;
    if (csr >= CSR_PMPCFG0 && csr < CSR_PMPCFG0 + 4 && !(hart_is64(h) && (csr & 1))) {
        *v = pmpcfg_read(h, csr - CSR_PMPCFG0);
        return true;
    }
    if (csr >= CSR_PMPADDR0 && csr < CSR_PMPADDR0 + PMP_ENTRIES) {
        *v = h->arch.pmpaddr[csr - CSR_PMPADDR0];
        return true;
    }
    if (csr >= CSR_MCYCLE && csr < CSR_MCYCLE + 32 && csr != CSR_MCYCLE + 1) {
        *v = low_or_all(h, counter_read(h, csr - CSR_MCYCLE));
        return true;
    }
    if (csr >= CSR_MCYCLEH && csr < CSR_MCYCLEH + 32 && csr != CSR_MCYCLEH + 1) {
        *v = counter_read(h, csr - CSR_MCYCLEH) >> 32;
        return !hart_is64(h);
    }
    return false;
}

static bool csr_read(struct hart *h, unsigned csr, uint64_t *v)
{
    if (csr >= CSR_CYCLE && csr < CSR_CYCLE + 32) {
        *v = low_or_all(h, counter_read(h, csr - CSR_CYCLE));
        return counter_visible(h, csr - CSR_CYCLE);
    }
    if (csr >= CSR_CYCLEH && csr < CSR_CYCLEH + 32) {
        *v = counter_read(h, csr - CSR_CYCLEH) >> 32;
        return !hart_is64(h) && counter_visible(h, csr - CSR_CYCLEH);
    }
    switch (csr) {
    case CSR_FFLAGS: *v = h->arch.fflags; return h->fp_on;
    case CSR_FRM: *v = h->arch.frm; return h->fp_on;
    case CSR_FCSR: *v = h->arch.fflags | h->arch.frm << 5; return h->fp_on;
    case CSR_SEED: *v = 0; return seed_visible(h);
    default: return csr >> 8 == 1 ? read_supervisor(h, csr, v) : read_machine(h, csr, v);
    }
}

/* --- writing (permission and existence were settled by csr_read) ------------------------------ */

static uint64_t epc_mask(const struct hart *h)
{
    return model_has(h->model, EXT_C) ? ~UINT64_C(1) : ~UINT64_C(3);
}

static uint64_t tvec_value(uint64_t old, uint64_t v)
{
    return v & 2 ? old : v;
}

static void satp_write(struct hart *h, uint64_t v)
{
    if (!mmu_satp_ok(h, v))
        return;
    h->arch.satp = hart_is64(h) ? v : (uint32_t)v;
    hart_refresh(h);
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

static void write_supervisor(struct hart *h, unsigned csr, uint64_t v)
{
    switch (csr) {
    case CSR_SSTATUS: status_write(h, v, SSTATUS_MASK); break;
    case CSR_SIE: h->arch.mie = (h->arch.mie & ~h->arch.mideleg) | (v & h->arch.mideleg); break;
    case CSR_STVEC: h->arch.stvec = tvec_value(h->arch.stvec, v); break;
    case CSR_SCOUNTEREN: h->arch.scounteren = (uint32_t)v; break;
    case CSR_SENVCFG: h->arch.senvcfg = cbie_legal(h->arch.senvcfg, v) & envcfg_mask(h); break;
    case CSR_SSCRATCH: h->arch.sscratch = v; break;
    case CSR_SEPC: h->arch.sepc = v & epc_mask(h); break;
    case CSR_SCAUSE: h->arch.scause = v; break;
    case CSR_STVAL: h->arch.stval = v; break;
    case CSR_SIP:
        h->arch.mip_soft =
            (h->arch.mip_soft & ~(uint64_t)MIP_SSIP) | (v & h->arch.mideleg & MIP_SSIP);
        if (!(v & MIP_SSIP) && (h->arch.mideleg & MIP_SSIP))
            atomic_fetch_and(&h->irq_lines, ~MIP_SSIP);
        break;
    case CSR_STIMECMP:
    case CSR_STIMECMPH:
        h->arch.stimecmp = merge(h, h->arch.stimecmp, v, csr == CSR_STIMECMPH);
        hart_timer_update(h);
        break;
    case CSR_SATP: satp_write(h, v); break;
    default: break;
    }
}

static void write_mip(struct hart *h, uint64_t v)
{
    uint64_t mask = MIP_SSIP | MIP_SEIP;
    if (!(h->arch.menvcfg & ENVCFG_STCE))
        mask |= MIP_STIP;
    h->arch.mip_soft = (h->arch.mip_soft & ~mask) | (v & mask);
    if (!(v & MIP_SSIP))
        atomic_fetch_and(&h->irq_lines, ~MIP_SSIP);
}

static void write_machine(struct hart *h, unsigned csr, uint64_t v)
{
    switch (csr) {
    case CSR_MSTATUS: status_write(h, v, MSTATUS_MASK); return;
    case CSR_MEDELEG: h->arch.medeleg = v & MEDELEG_MASK; return;
    case CSR_MIDELEG: h->arch.mideleg = v & S_IRQS; return;
    case CSR_MIE: h->arch.mie = v & MIE_MASK; return;
    case CSR_MTVEC: h->arch.mtvec = tvec_value(h->arch.mtvec, v); return;
    case CSR_MCOUNTEREN: h->arch.mcounteren = (uint32_t)v; return;
    case CSR_MENVCFG: menvcfg_write(h, merge(h, h->arch.menvcfg, v, false)); return;
    case CSR_MENVCFGH: menvcfg_write(h, merge(h, h->arch.menvcfg, v, true)); return;
    case CSR_MCOUNTINHIBIT: inhibit_write(h, (uint32_t)v); return;
    case CSR_MSCRATCH: h->arch.mscratch = v; return;
    case CSR_MEPC: h->arch.mepc = v & epc_mask(h); return;
    case CSR_MCAUSE: h->arch.mcause = v; return;
    case CSR_MTVAL: h->arch.mtval = v; return;
    case CSR_MIP: write_mip(h, v); return;
    case CSR_MSECCFG: h->arch.mseccfg = v & (MSECCFG_USEED | MSECCFG_SSEED); return;
    default: break;
    }
    if (csr >= CSR_PMPCFG0 && csr < CSR_PMPCFG0 + 4)
        pmpcfg_write(h, csr - CSR_PMPCFG0, v);
    else if (csr >= CSR_PMPADDR0 && csr < CSR_PMPADDR0 + PMP_ENTRIES)
        pmpaddr_write(h, csr - CSR_PMPADDR0, v);
    else if (csr >= CSR_TSELECT && csr <= CSR_TINFO)
        trigger_write(h, csr, v);
    else if (csr >= CSR_MCYCLE && csr < CSR_MCYCLE + 3)
        counter_write(h, csr - CSR_MCYCLE, merge(h, counter_read(h, csr - CSR_MCYCLE), v, false));
    else if (csr >= CSR_MCYCLEH && csr < CSR_MCYCLEH + 3)
        counter_write(h, csr - CSR_MCYCLEH, merge(h, counter_read(h, csr - CSR_MCYCLEH), v, true));
}

static void csr_write(struct hart *h, unsigned csr, uint64_t v)
{
    switch (csr) {
    case CSR_FFLAGS: h->arch.fflags = v & 0x1f; break;
    case CSR_FRM: h->arch.frm = v & 7; break;
    case CSR_FCSR:
        h->arch.fflags = v & 0x1f;
        h->arch.frm = v >> 5 & 7;
        break;
    default:
        if (csr >> 8 == 1)
            write_supervisor(h, csr, v);
        else
            write_machine(h, csr, v);
        return;
    }
    h->fp_dirty = true;
}

/* This write cannot have changed how blocks are found, nor let an interrupt come. */
static bool write_was_quiet(const struct hart *h, unsigned csr, uint64_t old_status)
{
    switch (csr) {
    case CSR_SSTATUS:
    case CSR_MSTATUS:
        return !((h->arch.mstatus ^ old_status) & ~STATUS_STACK) &&
               !(h->arch.mstatus & ~old_status & (MSTATUS_SIE | MSTATUS_MIE));
    case CSR_FFLAGS:
    case CSR_FRM:
    case CSR_FCSR:
    case CSR_SSCRATCH:
    case CSR_SEPC:
    case CSR_MSCRATCH:
    case CSR_MEPC:
    case CSR_SEED: return true;
    default: return false;
    }
}

enum csr_result csr_execute(struct hart *h, uint32_t word)
{
    unsigned csr = word >> 20, rd = word >> 7 & 0x1f, rs1 = word >> 15 & 0x1f;
    unsigned kind = word >> 12 & 3; /* 1 write, 2 set, 3 clear */
    bool writes = kind == 1 || rs1 != 0;
    uint64_t old;
    if ((csr >> 8 & 3) > h->arch.priv || (writes && csr >> 10 == 3) || !csr_read(h, csr, &old))
        return CSR_ILLEGAL;
    if (csr == CSR_SEED) {
        if (!writes)
            return CSR_ILLEGAL; /* a read-only access is not allowed */
        old = seed_read(h);
    }
    uint64_t arg = word >> 14 & 1 ? rs1 : h->arch.x[rs1], status = h->arch.mstatus;
    if (writes) {
        uint64_t base = old;
        if (csr == CSR_MIP || csr == CSR_SIP)
            base = (old & ~(uint64_t)(MIP_SEIP | MIP_SSIP)) |
                   ((h->arch.mip_soft | atomic_load(&h->irq_lines)) & MIP_SSIP) |
                   (h->arch.mip_soft & MIP_SEIP);
        uint64_t v = kind == 1 ? arg : kind == 2 ? base | arg : base & ~arg;
        csr_write(h, csr, low_or_all(h, v));
    }
    if (rd)
        h->arch.x[rd] = hart_is64(h) ? old : (uint64_t)(int64_t)(int32_t)old;
    return writes && !write_was_quiet(h, csr, status) ? CSR_CHANGED : CSR_OK;
}
