/* SPDX-License-Identifier: MIT */
/* Physical memory protection (privileged ISA, "Physical Memory Protection"). */
#include "cpu/pmp.h"

#include "cpu/csr_bits.h"
#include "cpu/mmu.h"

/* The range [lo, hi] of entry i; false if it is off. */
static bool pmp_range(const struct hart *h, unsigned i, uint64_t *lo, uint64_t *hi)
{
    uint64_t a = h->arch.pmpaddr[i];
    switch (h->arch.pmpcfg[i] >> 3 & 3) {
    case 1: /* TOR */
        *lo = i ? h->arch.pmpaddr[i - 1] << 2 : 0;
        *hi = (a << 2) - 1;
        return a << 2 > *lo;
    case 2: /* NA4 */
        *lo = a << 2;
        *hi = *lo + 3;
        return true;
    case 3: { /* NAPOT */
        uint64_t ones = a ^ (a + 1);
        *lo = (a & ~ones) << 2;
        *hi = ((a | ones) << 2) + 3;
        return true;
    }
    default: return false;
    }
}

bool pmp_allows(const struct hart *h, uint64_t pa, uint64_t len, enum access acc, unsigned priv,
                bool *whole)
{
    static const uint8_t need[3] = {
        [ACCESS_LOAD] = PMP_R, [ACCESS_STORE] = PMP_W, [ACCESS_FETCH] = PMP_X};
    *whole = true;
    if (!h->pmp_active || (priv == PRIV_M && !h->pmp_locked))
        return true;
    uint64_t page = pa & ~PAGE_MASK, last = pa + len - 1;
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        uint64_t lo, hi;
        if (!pmp_range(h, i, &lo, &hi) || hi < page || lo > (page | PAGE_MASK))
            continue;
        if (lo > page || hi < (page | PAGE_MASK))
            *whole = false;
        if (hi < pa || lo > last)
            continue;
        if (lo > pa || hi < last)
            return false; /* matches only a part */
        if (priv == PRIV_M && !(h->arch.pmpcfg[i] & PMP_L))
            return true;
        return h->arch.pmpcfg[i] & need[acc];
    }
    return priv == PRIV_M;
}

void pmp_changed(struct hart *h)
{
    h->pmp_active = h->pmp_locked = false;
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        h->pmp_active |= (h->arch.pmpcfg[i] & PMP_A) != 0;
        h->pmp_locked |= (h->arch.pmpcfg[i] & PMP_A) && (h->arch.pmpcfg[i] & PMP_L);
    }
    /* Without any entry on, S and U are denied all; an M-mode firmware must open it first. */
    if (h->cpu->cfg.firmware || !h->cpu->cfg.sbi)
        h->pmp_active = true;
    mmu_flush_all(h);
}
