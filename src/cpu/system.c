/* SPDX-License-Identifier: MIT */
#include "cpu/system.h"

#include "cpu/csr.h"
#include "cpu/csr_bits.h"
#include "cpu/mmu.h"

#include <sched.h>
#include <time.h>

#define CBO_SIZE 64

#define SPIN_INSNS         64
#define SPINS_BEFORE_YIELD 16
#define SPINS_BEFORE_SLEEP 256
#define SPIN_SLEEP_NS      50000
#define AGAIN_NS           500000 /* between two tries of an SBI call that waits for the host */

enum sys_result sys_fault(struct hart *h)
{
    trap_take(h, h->exc, false, h->exc_tval);
    return SYS_LOOKUP;
}

enum sys_result sys_illegal(struct hart *h, uint32_t word)
{
    h->exc = EXC_ILLEGAL;
    h->exc_tval = word;
    return sys_fault(h);
}

/* Before the next instruction the hart's loop has something to do (hart_runnable). */
static enum sys_result sys_leave(struct hart *h)
{
    atomic_store_explicit(&h->limit, 0, memory_order_relaxed);
    return SYS_LOOKUP;
}

/* The instruction is done. */
static enum sys_result sys_done(struct hart *h, unsigned len)
{
    h->arch.pc += len;
    h->icount++;
    trap_interrupt(h);
    return SYS_LOOKUP;
}

static enum sys_result sys_ecall(struct hart *h)
{
    static const uint8_t exc[4] = {EXC_ECALL_U, EXC_ECALL_S, 0, EXC_ECALL_M};
    counter_add(&h->counts.ecalls, 1);
    if (h->arch.priv != PRIV_S || !h->cpu->cfg.sbi) {
        trap_take(h, exc[h->arch.priv], false, 0);
        return SYS_LOOKUP;
    }
    hart_publish(h);
    h->cpu->cfg.sbi->ecall(h->cpu->cfg.sbi_ctx, h);
    if (h->again_wanted) { /* polls: see put_char in sbi/legacy.c */
        h->again_wanted = false;
        nanosleep(&(struct timespec){0, AGAIN_NS}, NULL);
        return sys_leave(h);
    }
    sys_done(h, 4);
    return h->stop_wanted || h->suspend_wanted ? sys_leave(h) : SYS_LOOKUP;
}

static enum sys_result sys_wfi(struct hart *h, uint32_t word, unsigned len)
{
    if (h->arch.priv == PRIV_U || (h->arch.priv == PRIV_S && (h->arch.mstatus & MSTATUS_TW)))
        return sys_illegal(h, word);
    h->arch.pc += len;
    h->icount++;
    h->arch.wfi = true;
    return sys_leave(h);
}

/* sfence.vma and sinval.vma. */
static enum sys_result sys_sfence(struct hart *h, uint32_t word, unsigned len)
{
    if (h->arch.priv == PRIV_U || (h->arch.priv == PRIV_S && (h->arch.mstatus & MSTATUS_TVM)))
        return sys_illegal(h, word);
    unsigned rs1 = word >> 15 & 0x1f, rs2 = word >> 20 & 0x1f;
    uint64_t va = hart_is64(h) ? h->arch.x[rs1] : (uint32_t)h->arch.x[rs1];
    mmu_flush(h, rs1, va, rs2, h->arch.x[rs2] & (hart_is64(h) ? 0xffff : 0x1ff));
    return sys_done(h, len);
}

static enum sys_result sys_csr(struct hart *h, uint32_t word, unsigned len)
{
    switch (csr_execute(h, word)) {
    case CSR_OK: return SYS_NEXT;
    case CSR_CHANGED: return sys_done(h, len);
    default: return sys_illegal(h, word);
    }
}

/*
 * pause and wrs: another hart, for which this one waits, may need this core of the host. A hart
 * that spins (its pauses are at most SPIN_INSNS apart) yields the core after SPINS_BEFORE_YIELD
 * pauses and sleeps for SPIN_SLEEP_NS at each after SPINS_BEFORE_SLEEP: then the host has most
 * likely descheduled the thread of the hart it waits for.
 */
static enum sys_result sys_yield(struct hart *h, unsigned len)
{
    bool spinning = h->icount - h->pause_icount < SPIN_INSNS;
    h->pause_icount = h->icount;
    h->pauses = spinning ? h->pauses + 1 : 0;
    if (h->cpu->cfg.single_thread) {
        h->gave_up = true;
        atomic_store_explicit(&h->limit, 0, memory_order_relaxed);
    } else if (h->pauses > SPINS_BEFORE_SLEEP) {
        nanosleep(&(struct timespec){0, SPIN_SLEEP_NS}, NULL);
    } else if (h->pauses > SPINS_BEFORE_YIELD) {
        sched_yield();
    }
    return sys_done(h, len);
}

enum sys_result sys_execute(struct hart *h, enum insn_id id, uint32_t word, unsigned len)
{
    switch (id) {
    case INSN_ecall: return sys_ecall(h);
    case INSN_ebreak: trap_take(h, EXC_BREAKPOINT, false, h->arch.pc); return SYS_LOOKUP;
    case INSN_mret:
        if (!trap_mret(h))
            return sys_illegal(h, word);
        h->icount++;
        trap_interrupt(h);
        return SYS_LOOKUP;
    case INSN_sret:
        if (!trap_sret(h))
            return sys_illegal(h, word);
        h->icount++;
        trap_interrupt(h);
        return SYS_LOOKUP;
    case INSN_wfi: return sys_wfi(h, word, len);
    case INSN_fence_i: hart_fence_i(h); return sys_done(h, len);
    case INSN_sfence_vma:
    case INSN_sinval_vma: return sys_sfence(h, word, len);
    case INSN_sfence_w_inval:
    case INSN_sfence_inval_ir:
        return h->arch.priv == PRIV_U ? sys_illegal(h, word) : sys_done(h, len);
    case INSN_wrs_nto:
        if (h->arch.priv != PRIV_M && (h->arch.mstatus & MSTATUS_TW))
            return sys_illegal(h, word);
        return sys_yield(h, len);
    case INSN_wrs_sto:
    case INSN_pause: return sys_yield(h, len);
    case INSN_csrrw:
    case INSN_csrrs:
    case INSN_csrrc:
    case INSN_csrrwi:
    case INSN_csrrsi:
    case INSN_csrrci: return sys_csr(h, word, len);
    default: return sys_illegal(h, word);
    }
}

/* May this privilege do it? Fields of menvcfg and senvcfg ("Zicbom", "Zicboz"). */
static bool cbo_allowed(const struct hart *h, uint64_t field)
{
    if (h->arch.priv == PRIV_M)
        return true;
    return (h->arch.menvcfg & field) && (h->arch.priv == PRIV_S || (h->arch.senvcfg & field));
}

bool sys_cbo(struct hart *h, enum insn_id which, uint64_t va, uint32_t word)
{
    uint64_t field = which == INSN_cbo_zero    ? ENVCFG_CBZE
                     : which == INSN_cbo_inval ? ENVCFG_CBIE
                                               : ENVCFG_CBCFE;
    if (!cbo_allowed(h, field)) {
        h->exc = EXC_ILLEGAL;
        h->exc_tval = word;
        return false;
    }
    /* The whole line is accessed. Faults name the address in rs1, and are a store's. */
    uint64_t pa, line = va & ~(uint64_t)(CBO_SIZE - 1);
    uint8_t *p = NULL;
    bool ok = which == INSN_cbo_zero ? (p = mmu_ram(h, line, CBO_SIZE, ACCESS_STORE, &pa)) != NULL
                                     : mmu_probe(h, line, CBO_SIZE);
    if (!ok) {
        h->exc_tval = hart_is64(h) ? va : (uint64_t)(int64_t)(int32_t)va;
        return false;
    }
    for (unsigned i = 0; p && i < CBO_SIZE; i += 8) /* the others: memory is coherent */
        __atomic_store_n((uint64_t *)(p + i), 0, __ATOMIC_RELAXED);
    return true;
}
