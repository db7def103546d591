/* SPDX-License-Identifier: MIT */
/* The Zicsr instructions, and the table's registers by number and name. */
#include "cpu/csr.h"

#include "cpu/csr_bits.h"
#include "cpu/csr_table.h"

#include <stdio.h>
#include <string.h>

/* What RV32 or RV64 sees of a whole register. */
static uint64_t part_of(const struct csr_row *c, const struct hart *h, uint64_t whole)
{
    if (likely(hart_is64(h)))
        return whole;
    return c->flags & CSR_HIGH ? whole >> 32 : (uint32_t)whole;
}

/* Register i of row c, RV32: writes one half of a register of 64 bits. */
static void write_half(const struct csr_row *c, struct hart *h, unsigned i, uint64_t v)
{
    v = (uint32_t)v;
    if (c->flags & CSR_HIGH)
        v = v << 32 | (uint32_t)csr_row_read(c, h, i);
    else if (c->flags & CSR_WIDE)
        v |= csr_row_read(c, h, i) & ~UINT64_C(0xffffffff);
    csr_row_write(c, h, i, v);
}

/* True if the write may have changed how blocks are found, or made an interrupt possible. */
static bool write_needs_lookup(const struct csr_row *c, const struct hart *h, uint64_t old_status)
{
    if (!(c->flags & CSR_STATUS))
        return !(c->flags & CSR_QUIET);
    return ((h->arch.mstatus ^ old_status) & ~MSTATUS_STACK) ||
           (h->arch.mstatus & ~old_status & (MSTATUS_SIE | MSTATUS_MIE));
}

/* Not inlined: compilers would compute the row's address again and again. */
__attribute__((noinline)) static enum csr_result execute(const struct csr_row *c, struct hart *h,
                                                         uint32_t word)
{
    unsigned number = word >> 20, rd = word >> 7 & 0x1f, rs1 = word >> 15 & 0x1f;
    unsigned kind = word >> 12 & 3; /* 1 write, 2 set, 3 clear */
    bool writes = kind == 1 || rs1 != 0;
    unsigned i = csr_index(c, number);
    if ((number >> 8 & 3) > h->arch.priv || (writes && number >> 10 == 3) ||
        !csr_row_exists(c, h, number) || (c->visible && !c->visible(h, i)))
        return CSR_ILLEGAL;
    /* a plain write to x0 does not need the old value */
    uint64_t old = rd || kind != 1 ? part_of(c, h, csr_row_read(c, h, i)) : 0;
    if (unlikely(c->flags & CSR_ENTROPY)) {
        if (!writes)
            return CSR_ILLEGAL;
        old = csr_seed(h);
    }
    enum csr_result result = CSR_OK;
    if (writes) {
        uint64_t arg = word >> 14 & 1 ? rs1 : h->arch.x[rs1], status = h->arch.mstatus;
        uint64_t base = c->flags & CSR_PENDING ? csr_pending_base(h, old) : old;
        uint64_t v = kind == 1 ? arg : kind == 2 ? base | arg : base & ~arg;
        if (likely(hart_is64(h)))
            csr_row_write(c, h, i, v);
        else
            write_half(c, h, i, v);
        if (write_needs_lookup(c, h, status))
            result = CSR_CHANGED;
    }
    if (rd)
        h->arch.x[rd] = hart_is64(h) ? old : (uint64_t)(int64_t)(int32_t)old;
    return result;
}

enum csr_result csr_execute(struct hart *h, uint32_t word)
{
    return execute(csr_row(word >> 20), h, word);
}

/* --- by number and name --- */

bool csr_exists(const struct hart *h, unsigned number)
{
    return number < CSR_NUMBERS && csr_row_exists(csr_row(number), h, number);
}

bool csr_peek(struct hart *h, unsigned number, uint64_t *v)
{
    if (!csr_exists(h, number))
        return false;
    const struct csr_row *c = csr_row(number);
    *v = part_of(c, h, csr_row_read(c, h, csr_index(c, number)));
    return true;
}

bool csr_name(unsigned number, char name[CSR_NAME_MAX])
{
    const struct csr_row *c = number < CSR_NUMBERS ? csr_row(number) : &csr_rows[0];
    if (!c->count)
        return false;
    if (c->count == 1) {
        snprintf(name, CSR_NAME_MAX, "%s", c->name);
        return true;
    }
    bool high = c->flags & CSR_HIGH;
    int stem = (int)strlen(c->name) - high;
    snprintf(name, CSR_NAME_MAX, "%.*s%u%s", stem, c->name, csr_index(c, number), high ? "h" : "");
    return true;
}

int csr_find(const char *name)
{
    char other[CSR_NAME_MAX];
    for (unsigned number = 0; number < CSR_NUMBERS; number++)
        if (csr_name(number, other) && strcmp(name, other) == 0)
            return (int)number;
    return -1;
}
