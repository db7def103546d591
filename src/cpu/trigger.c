/* SPDX-License-Identifier: MIT */
#include "cpu/trigger.h"

#include "cpu/mmu.h"

enum { TSELECT, TDATA1, TDATA2, TDATA3, TINFO };
enum { MCONTROL = 2, MCONTROL6 = 6 };

/* Fields that both types have: what they fire on, and in which privileges. */
#define ON_LOAD   1u
#define ON_STORE  2u
#define ON_FETCH  4u
#define MODE_BIT  3 /* U; S and M follow as their privileges do */
#define MODES     (1u << MODE_BIT | 1u << (MODE_BIT + PRIV_S) | 1u << (MODE_BIT + PRIV_M))
#define ANY_BYTES 8 /* how far one reaches whose size is "any" */

/* Bytes of an access by its code in the size field; -1: no such size. */
static const int8_t sizes[16] = {0, 1, 2, 4, -1, 8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

static unsigned type_of(const struct hart *h, uint64_t data1)
{
    return data1 >> (h->model->xlen - 4) & 0xf;
}

static unsigned size_code(const struct hart *h, uint64_t data1)
{
    if (type_of(h, data1) == MCONTROL6)
        return data1 >> 16 & 0xf;
    return (data1 >> 16 & 3) | (hart_is64(h) ? data1 >> 21 & 3 : 0) << 2;
}

static uint64_t size_mask(const struct hart *h, uint64_t data1)
{
    if (type_of(h, data1) == MCONTROL6)
        return UINT64_C(0xf) << 16;
    return UINT64_C(3) << 16 | (hart_is64(h) ? UINT64_C(3) << 21 : 0);
}

/* Other types do not exist, and other fields are zero: action 0, match 0, no chain, no timing. */
static void write_data1(struct hart *h, struct trigger *t, uint64_t v)
{
    unsigned type = type_of(h, v);
    if (type != MCONTROL && type != MCONTROL6)
        return;
    uint64_t keep = UINT64_C(0xf) << (h->model->xlen - 4) | MODES | ON_LOAD | ON_STORE | ON_FETCH;
    if (sizes[size_code(h, v)] >= 0)
        keep |= size_mask(h, v);
    t->data1 = v & keep;
}

void trigger_reset(struct hart *h)
{
    h->arch.trigger_at = 0;
    h->triggers_on = false;
    for (unsigned i = 0; i < TRIGGERS; i++)
        h->arch.trigger[i] = (struct trigger){(uint64_t)MCONTROL << (h->model->xlen - 4), 0};
}

uint64_t trigger_read(struct hart *h, unsigned reg)
{
    switch (reg) {
    case TSELECT: return h->arch.trigger_at;
    case TDATA1: return h->arch.trigger[h->arch.trigger_at].data1;
    case TDATA2: return h->arch.trigger[h->arch.trigger_at].data2;
    case TINFO: return 1u << MCONTROL | 1u << MCONTROL6;
    default: return 0;
    }
}

void trigger_write(struct hart *h, unsigned reg, uint64_t v)
{
    if (reg == TSELECT && v < TRIGGERS)
        h->arch.trigger_at = (uint8_t)v;
    if (reg == TDATA1)
        write_data1(h, &h->arch.trigger[h->arch.trigger_at], v);
    if (reg == TDATA2)
        h->arch.trigger[h->arch.trigger_at].data2 = v;
    if (reg != TDATA1 && reg != TDATA2)
        return;
    h->triggers_on = false;
    for (unsigned i = 0; i < TRIGGERS; i++)
        h->triggers_on |= (h->arch.trigger[i].data1 & MODES) &&
                          (h->arch.trigger[i].data1 & (ON_LOAD | ON_STORE | ON_FETCH));
    mmu_flush_all(h);
}

static bool is_for(const struct trigger *t, enum access acc)
{
    static const uint8_t on[3] = {
        [ACCESS_LOAD] = ON_LOAD, [ACCESS_STORE] = ON_STORE, [ACCESS_FETCH] = ON_FETCH};
    return t->data1 & on[acc];
}

/* The last byte that a trigger looks at. */
static uint64_t last_byte(const struct hart *h, const struct trigger *t, enum access acc)
{
    unsigned bytes = (unsigned)sizes[size_code(h, t->data1)];
    return t->data2 + (acc == ACCESS_FETCH ? 0 : (bytes ? bytes : ANY_BYTES) - 1);
}

bool trigger_in_page(const struct hart *h, uint64_t va, enum access acc)
{
    for (unsigned i = 0; h->triggers_on && i < TRIGGERS; i++) {
        const struct trigger *t = &h->arch.trigger[i];
        if (is_for(t, acc) &&
            (va >> 12 == t->data2 >> 12 || va >> 12 == last_byte(h, t, acc) >> 12))
            return true;
    }
    return false;
}

bool trigger_fires(struct hart *h, uint64_t va, unsigned size, enum access acc)
{
    for (unsigned i = 0; h->triggers_on && i < TRIGGERS; i++) {
        const struct trigger *t = &h->arch.trigger[i];
        if (!is_for(t, acc) || !(t->data1 >> (MODE_BIT + h->arch.priv) & 1))
            continue;
        if (acc == ACCESS_FETCH ? va == t->data2
                                : va <= last_byte(h, t, acc) && t->data2 <= va + size - 1) {
            h->exc = EXC_BREAKPOINT;
            h->exc_tval = hart_is64(h) ? va : (uint64_t)(int64_t)(int32_t)va;
            return true;
        }
    }
    return false;
}
