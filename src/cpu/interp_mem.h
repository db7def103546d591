/* SPDX-License-Identifier: MIT */
/*
 * The part of the interpreter's template (interp.inc) that accesses memory: loads, stores and
 * atomics. The TLB is tried inline; where it misses, mmu.c does the access or says why it faults.
 * Nothing is written to a register before an access has succeeded.
 */
#ifndef CPU_INTERP_MEM_H
#define CPU_INTERP_MEM_H

#define TLB_HIT(e, acc, va, size) likely(tlb_hit(e, acc, va, size))

#define SLOT(va) tlb_slot(h->data, va)

/* For a device, which may ask who accesses it and when (hart_store_pc, hart_sync_access). */
#define NOTE_ACCESS() (h->access = (struct access_place){op, blk, vpage, ic})

#define DO_LOAD(type, assign)                                                                      \
    do {                                                                                           \
        uint64_t va = (uxl)(RS1 + IMM), t;                                                         \
        const struct tlb_entry *e = SLOT(va);                                                      \
        type v;                                                                                    \
        if (TLB_HIT(e, ACCESS_LOAD, va, sizeof(type))) {                                           \
            v = __atomic_load_n((const type *)(uintptr_t)(va + e->addend), __ATOMIC_RELAXED);      \
        } else {                                                                                   \
            NOTE_ACCESS();                                                                         \
            if (!mmu_load(h, va, sizeof(type), &t))                                                \
                goto fault;                                                                        \
            v = (type)t;                                                                           \
        }                                                                                          \
        assign;                                                                                    \
    } while (0)
#define LOAD(name, type, assign) HANDLER(name, DO_LOAD(type, assign))

#define DO_STORE(type, value)                                                                      \
    do {                                                                                           \
        uint64_t va = (uxl)(RS1 + IMM);                                                            \
        const struct tlb_entry *e = SLOT(va);                                                      \
        type v = (type)(value);                                                                    \
        if (TLB_HIT(e, ACCESS_STORE, va, sizeof(type)))                                            \
            __atomic_store_n((type *)(uintptr_t)(va + e->addend), v, __ATOMIC_RELAXED);            \
        else {                                                                                     \
            NOTE_ACCESS();                                                                         \
            if (!mmu_store(h, va, sizeof(type), v))                                                \
                goto fault;                                                                        \
        }                                                                                          \
    } while (0)
#define STORE(name, type, value) HANDLER(name, DO_STORE(type, value))

/* Declares `p`, the host address of an atomic access at rs1. */
#define ATOMIC_ADDRESS(type, acc)                                                                  \
    uint64_t va = RS1, pa;                                                                         \
    const struct tlb_entry *e = SLOT(va);                                                          \
    type *p;                                                                                       \
    if (TLB_HIT(e, acc, va, sizeof(type)))                                                         \
        p = (type *)(uintptr_t)(va + e->addend);                                                   \
    else if (!(p = (type *)mmu_ram(h, va, sizeof(type), acc, &pa)))                                \
    goto fault

/*
 * What LR reserves: the bytes it reads, so an SC of another address or another size fails. That no
 * other hart has stored there since is judged by the value: a store that brings back the same one
 * is not noticed (docs/harts.md).
 */
#define RESERVATION(p) /* p is aligned */                                                          \
    ((uint64_t)((uintptr_t)(p) - (uintptr_t)h->ram) + h->ram_base + (sizeof(*(p)) == 8))

#define LR(name, type)                                                                             \
    op_##name:                                                                                     \
    {                                                                                              \
        ATOMIC_ADDRESS(type, ACCESS_LOAD);                                                         \
        type v = __atomic_load_n(p, __ATOMIC_SEQ_CST);                                             \
        h->arch.res_addr = RESERVATION(p);                                                         \
        h->arch.res_value = (uint64_t)v;                                                           \
        SET_RD(v);                                                                                 \
        NEXT();                                                                                    \
    }

#define SC(name, type)                                                                             \
    op_##name:                                                                                     \
    {                                                                                              \
        ATOMIC_ADDRESS(type, ACCESS_STORE);                                                        \
        type old = (type)h->arch.res_value;                                                        \
        bool ok = h->arch.res_addr == RESERVATION(p) &&                                            \
                  __atomic_compare_exchange_n(p, &old, (type)RS2, false, __ATOMIC_SEQ_CST,         \
                                              __ATOMIC_SEQ_CST);                                   \
        h->arch.res_addr = RES_NONE;                                                               \
        SET_RD(!ok);                                                                               \
        NEXT();                                                                                    \
    }

#define AMO(name, type, fetch)                                                                     \
    op_##name:                                                                                     \
    {                                                                                              \
        ATOMIC_ADDRESS(type, ACCESS_STORE);                                                        \
        type old = fetch(p, (type)RS2, __ATOMIC_SEQ_CST);                                          \
        SET_RD(old);                                                                               \
        NEXT();                                                                                    \
    }

#define AMO_PICK(name, type, utype, cmp)                                                           \
    op_##name:                                                                                     \
    {                                                                                              \
        ATOMIC_ADDRESS(type, ACCESS_STORE);                                                        \
        type old = __atomic_load_n(p, __ATOMIC_RELAXED), arg = (type)RS2;                          \
        while (!__atomic_compare_exchange_n(p, &old, (utype)old cmp(utype) arg ? old : arg, false, \
                                            __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {                 \
        }                                                                                          \
        SET_RD(old);                                                                               \
        NEXT();                                                                                    \
    }

#define AMOS(s, type, utype)                                                                       \
    LR(lr_##s, type)                                                                               \
    SC(sc_##s, type)                                                                               \
    AMO(amoswap_##s, type, __atomic_exchange_n)                                                    \
    AMO(amoadd_##s, type, __atomic_fetch_add)                                                      \
    AMO(amoxor_##s, type, __atomic_fetch_xor)                                                      \
    AMO(amoand_##s, type, __atomic_fetch_and)                                                      \
    AMO(amoor_##s, type, __atomic_fetch_or)                                                        \
    AMO_PICK(amomin_##s, type, type, <)                                                            \
    AMO_PICK(amomax_##s, type, type, >)                                                            \
    AMO_PICK(amominu_##s, type, utype, <)                                                          \
    AMO_PICK(amomaxu_##s, type, utype, >)

#endif
