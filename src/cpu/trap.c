/* SPDX-License-Identifier: MIT */
/* Traps, interrupts and the returns from them (privileged ISA, "Machine-Level ISA"). */
#include "cpu/csr_bits.h"
#include "cpu/hart.h"
#include "cpu/mmu.h"

static uint64_t vector(const struct hart *h, uint64_t tvec, uint64_t code, bool interrupt)
{
    uint64_t base = tvec & ~UINT64_C(3);
    uint64_t pc = interrupt && (tvec & 1) ? base + 4 * code : base;
    return hart_is64(h) ? pc : (uint32_t)pc;
}

static uint64_t cause_value(const struct hart *h, uint64_t code, bool interrupt)
{
    uint64_t top = hart_is64(h) ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
    return code | (interrupt ? top : 0);
}

void trap_take(struct hart *h, uint64_t code, bool interrupt, uint64_t tval)
{
    uint64_t deleg = interrupt ? h->arch.mideleg : h->arch.medeleg;
    counter_add(&h->counts.traps, 1);
    h->icount++;
    h->arch.res_addr = RES_NONE;
    tval = hart_is64(h) ? tval : (uint32_t)tval;
    if (h->arch.priv != PRIV_M && (deleg >> code & 1)) {
        h->arch.scause = cause_value(h, code, interrupt);
        h->arch.sepc = h->arch.pc;
        h->arch.stval = tval;
        uint64_t sie = h->arch.mstatus & MSTATUS_SIE;
        h->arch.mstatus &= ~(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP);
        h->arch.mstatus |= (sie ? MSTATUS_SPIE : 0) | (h->arch.priv == PRIV_S ? MSTATUS_SPP : 0);
        h->arch.priv = PRIV_S;
        h->arch.pc = vector(h, h->arch.stvec, code, interrupt);
    } else {
        h->arch.mcause = cause_value(h, code, interrupt);
        h->arch.mepc = h->arch.pc;
        h->arch.mtval = tval;
        uint64_t mie = h->arch.mstatus & MSTATUS_MIE;
        h->arch.mstatus &= ~(MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP);
        h->arch.mstatus |= (mie ? MSTATUS_MPIE : 0) | (uint64_t)h->arch.priv << MPP_SHIFT;
        h->arch.priv = PRIV_M;
        h->arch.pc = vector(h, h->arch.mtvec, code, interrupt);
    }
    hart_refresh(h);
}

bool trap_wakes(struct hart *h)
{
    return (hart_mip(h) & h->arch.mie) != 0;
}

bool trap_interrupt(struct hart *h)
{
    static const uint8_t order[] = {11, 3, 7, 9, 1, 5};
    uint64_t ready = hart_mip(h) & h->arch.mie;
    if (!ready)
        return false;
    bool m_on = h->arch.priv != PRIV_M || (h->arch.mstatus & MSTATUS_MIE);
    bool s_on =
        h->arch.priv == PRIV_U || (h->arch.priv == PRIV_S && (h->arch.mstatus & MSTATUS_SIE));
    uint64_t take = m_on ? ready & ~h->arch.mideleg : 0;
    if (!take && s_on)
        take = ready & h->arch.mideleg;
    for (unsigned i = 0; i < sizeof(order) && take; i++) {
        if (take >> order[i] & 1) {
            trap_take(h, order[i], true, 0);
            return true;
        }
    }
    return false;
}

bool trap_mret(struct hart *h)
{
    if (h->arch.priv != PRIV_M)
        return false;
    unsigned to = h->arch.mstatus >> MPP_SHIFT & 3;
    uint64_t mpie = h->arch.mstatus & MSTATUS_MPIE;
    h->arch.mstatus &= ~(MSTATUS_MIE | MSTATUS_MPP);
    h->arch.mstatus |= MSTATUS_MPIE | (mpie ? MSTATUS_MIE : 0);
    if (to != PRIV_M)
        h->arch.mstatus &= ~MSTATUS_MPRV;
    h->arch.priv = (uint8_t)to;
    h->arch.pc = h->arch.mepc;
    h->arch.res_addr = RES_NONE;
    hart_refresh(h);
    return true;
}

bool trap_sret(struct hart *h)
{
    if (h->arch.priv == PRIV_U || (h->arch.priv == PRIV_S && (h->arch.mstatus & MSTATUS_TSR)))
        return false;
    bool to_s = h->arch.mstatus & MSTATUS_SPP;
    uint64_t spie = h->arch.mstatus & MSTATUS_SPIE;
    h->arch.mstatus &= ~(MSTATUS_SIE | MSTATUS_SPP | MSTATUS_MPRV);
    h->arch.mstatus |= MSTATUS_SPIE | (spie ? MSTATUS_SIE : 0);
    h->arch.priv = to_s ? PRIV_S : PRIV_U;
    h->arch.pc = h->arch.sepc;
    h->arch.res_addr = RES_NONE;
    hart_refresh(h);
    return true;
}
