/* SPDX-License-Identifier: MIT */
/*
 * Translated loads and stores where it is tight: groups of accesses at the end of a page, and a TLB
 * entry or a checked base that a change of page tables, address space, SUM, MXR, MPRV or PMP makes
 * stale between two accesses off one register. The interpreter must come to the same, and to what
 * the test expects. Programs run in M-mode, with loads and stores translated by MPRV.
 */
#include "cpu/csr_bits.h"
#include "cpu/engine.h"
#include "cpu/hart.h"
#include "jit/internal.h"
#include "kit/asm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RAM      UINT64_C(0x80000000)
#define RAM_SIZE (UINT64_C(1) << 20)
#define TRAP     (RAM + 0x800)
#define TABLES   (RAM + 0x10000) /* root, middle, last; and a second set behind them */
#define DATA     (RAM + 0x20000) /* page i of it: DATA + i * 0x1000 */
#define VA       UINT64_C(0x10000000)

struct side {
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct cpu *cpu;
    struct hart *hart;
};

static void side_init(struct side *s, const struct engine_ops *engine)
{
    struct error err;
    s->mem = gmem_create(RAM, RAM_SIZE);
    s->map = map_create();
    s->clock = vclock_create();
    struct cpu_config config = {.harts = 1,
                                .mem = s->mem,
                                .map = s->map,
                                .clock = s->clock,
                                .engine = engine,
                                .engine_hot = 1,
                                .engine_memory = 1 << 20};
    assert_true(cpu_model_parse("rv64", &config.model, &err));
    s->cpu = cpu_create(&config);
    assert_non_null(s->cpu);
    s->hart = cpu_hart(s->cpu, 0);
}

static void side_finish(struct side *s)
{
    cpu_destroy(s->cpu);
    vclock_destroy(s->clock);
    map_destroy(s->map);
    gmem_destroy(s->mem);
}

static void put64(struct side *s, uint64_t pa, uint64_t value)
{
    assert_true(gmem_write(s->mem, pa, &value, sizeof(value)));
}

static uint64_t pte(uint64_t pa, unsigned bits)
{
    return pa >> 12 << 10 | bits;
}

#define RW (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)

/* Maps VA and three pages behind it to pages of DATA, in another order. Tables of set 1 map the same
 * addresses to pages 4 to 7. */
static void make_tables(struct side *s)
{
    for (unsigned set = 0; set < 2; set++) {
        uint64_t root = TABLES + set * 0x3000;
        put64(s, root, pte(root + 0x1000, PTE_V));
        put64(s, root + 0x1000 + (VA >> 21) * 8, pte(root + 0x2000, PTE_V));
        for (unsigned i = 0; i < 4; i++)
            put64(s, root + 0x2000 + i * 8, pte(DATA + (4 * set + (3 - i)) * 0x1000, RW));
    }
    for (unsigned i = 0; i < 8; i++)
        for (unsigned at = 0; at < 0x1000; at += 8)
            put64(s, DATA + i * 0x1000 + at, (uint64_t)i << 56 | at * UINT64_C(0x10001));
}

/* Runs a program from RAM on; traps end in a loop that sets a6 = mcause. bits: of the entry of VA. */
static void run(struct side *s, const uint32_t *code, size_t size, uint64_t steps, unsigned bits)
{
    static const uint32_t trap[] = {CSRR(A6, 0x342), J(0)};
    struct hart *h = s->hart;
    make_tables(s);
    put64(s, TABLES + 0x2000, pte(DATA + 0x3000, bits));
    assert_true(gmem_write(s->mem, RAM, code, size));
    assert_true(gmem_write(s->mem, TRAP, trap, sizeof(trap)));
    h->arch.pc = RAM;
    h->arch.mtvec = TRAP;
    h->arch.satp = UINT64_C(8) << 60 | TABLES >> 12;
    h->arch.mstatus |= MSTATUS_MPRV | (uint64_t)PRIV_S << MPP_SHIFT;
    h->arch.pmpaddr[0] = UINT64_MAX >> 10;
    h->arch.pmpcfg[0] = 0x1f;
    h->arch.x[S0] = VA;
    h->arch.x[S1] = TABLES + 0x2000; /* where pages are mapped, */
    h->arch.x[S2] = RAM;             /* for what runs with MPRV off */
    h->arch.x[A7] = 0x20000;         /* MPRV */
    atomic_store(&h->state, HART_STARTED);
    hart_refresh(h);
    uint64_t end = h->icount + steps;
    while (h->icount < end) {
        atomic_store(&h->limit, end);
        h->cpu->cfg.engine->run(h);
    }
}

static void same(const struct side *a, const struct side *b)
{
    assert_memory_equal(a->hart->arch.x, b->hart->arch.x, 32 * sizeof(uint64_t));
    assert_memory_equal(gmem_span(a->mem, RAM, RAM_SIZE), gmem_span(b->mem, RAM, RAM_SIZE),
                        RAM_SIZE);
}

/* --- groups --- */

/* For each base from a little before the end of a page to a little behind it: loads and stores of all
 * sizes off it, in one basic block. */
static void test_groups_at_the_end_of_a_page(void **state)
{
    (void)state;
    static const uint32_t code[] = {
        LUI(T0, 1),
        ADDI(T0, T0, -80),
        ADD(S0, S0, T0),
        LI(A0, 100),
        /* the loop, at 16 */
        LD(A1, 0, S0),
        LD(A2, 8, S0),
        LW(A3, 16, S0),
        ADD(T1, A1, A2),
        SD(T1, 24, S0),
        SW(A3, 20, S0),
        ADD(A4, A4, T1),
        ADD(A4, A4, A3),
        LD(A5, -8, S0),
        SH(A5, 2, S0),
        ADD(A4, A4, A5),
        SD(A4, 40, S0),
        ADDI(S0, S0, 1),
        ADDI(A0, A0, -1),
        BNEZ(A0, -56),
        J(0),
    };
    struct side native, oracle;
    if (!jit_supported())
        return;
    side_init(&native, &jit_engine);
    side_init(&oracle, &interp_engine);
    for (unsigned cold = 0; cold < 2; cold++) {
        ((struct jit *)native.cpu->engine)->cold = cold;
        for (unsigned n = 0; n < 2; n++) {
            run(&native, code, sizeof(code), 4 + 100 * 15 + 10, RW);
            run(&oracle, code, sizeof(code), 4 + 100 * 15 + 10, RW);
            assert_int_equal(native.hart->arch.x[A0], 0);
            same(&native, &oracle);
        }
        hart_fence_i(native.hart);
    }
    side_finish(&native);
    side_finish(&oracle);
}

/* --- what makes an entry stale --- */

/* Code between two loads off s0, the second of which gives page `page` of DATA, or the trap `cause`. */
struct change {
    const char *name;
    uint32_t code[8];
    unsigned page;   /* -1u: it traps */
    unsigned cause;  /* then */
    uint64_t status; /* bits of mstatus that are set at the start */
    unsigned bits;   /* of the first page's entry, if not RW */
};

#define PAGE5 (RAM + 0x25000)

static const struct change changes[] = {
    /* MPRV off; the entry of VA: page 5; on again; fence */
    {"an entry, sfence.vma",
     {CSRC(CSR_MSTATUS, A7), SD(T2, 0, S1), CSRS(CSR_MSTATUS, A7), SFENCE_VMA(ZERO, ZERO)},
     5,
     0,
     0,
     0},
    {"an entry, sfence.vma of its address",
     {CSRC(CSR_MSTATUS, A7), SD(T2, 0, S1), CSRS(CSR_MSTATUS, A7), SFENCE_VMA(S0, ZERO)},
     5,
     0,
     0,
     0},
    {"an entry that goes",
     {CSRC(CSR_MSTATUS, A7), SD(ZERO, 0, S1), CSRS(CSR_MSTATUS, A7), SFENCE_VMA(S0, ZERO)},
     -1u,
     EXC_LOAD_PAGE,
     0,
     0},
    {"satp", {CSRW(CSR_SATP, T3)}, 7, 0, 0, 0},
    {"MPRV off", {CSRC(CSR_MSTATUS, A7)}, -1u, EXC_LOAD_ACCESS, 0, 0},
    {"SUM off", {CSRC(CSR_MSTATUS, T4)}, -1u, EXC_LOAD_PAGE, MSTATUS_SUM, RW | PTE_U},
    {"MXR off",
     {CSRC(CSR_MSTATUS, T5)},
     -1u,
     EXC_LOAD_PAGE,
     MSTATUS_MXR,
     PTE_V | PTE_X | PTE_A | PTE_D},
    {"PMP without R", {LI(T6, 0x1c), CSRW(0x3a0, T6)}, -1u, EXC_LOAD_ACCESS, 0, 0},
};

static uint64_t run_change(struct side *s, const struct change *c)
{
    uint32_t code[32];
    unsigned n = 0;
    code[n++] = LI(A0, 4);
    code[n++] = LD(A1, 0, S0); /* the loop: makes it hot, and the entry known */
    code[n++] = LD(A2, 8, S0);
    code[n++] = ADDI(A0, A0, -1);
    code[n++] = BNEZ(A0, -12);
    code[n++] = LD(A1, 0, S0);
    for (unsigned i = 0; i < ARRAY_SIZE(c->code) && c->code[i]; i++)
        code[n++] = c->code[i];
    code[n++] = LD(A3, 0, S0);
    code[n++] = J(0);
    s->hart->arch.mstatus &= ~(MSTATUS_SUM | MSTATUS_MXR);
    s->hart->arch.mstatus |= c->status;
    s->hart->arch.x[A3] = s->hart->arch.x[A6] = 0;
    s->hart->arch.x[T2] = pte(PAGE5, RW);
    s->hart->arch.x[T3] = UINT64_C(8) << 60 | (TABLES + 0x3000) >> 12;
    s->hart->arch.x[T4] = MSTATUS_SUM;
    s->hart->arch.x[T5] = MSTATUS_MXR;
    run(s, code, n * sizeof(*code), 60, c->bits ? c->bits : RW);
    return s->hart->arch.x[A3];
}

static void check_change(struct side *s, const struct change *c)
{
    uint64_t value = run_change(s, c);
    if (c->page == -1u) {
        assert_int_equal(value, 0);
        assert_int_equal(s->hart->arch.x[A6], c->cause);
    } else {
        assert_int_equal(value >> 56, c->page);
    }
}

static void test_what_a_change_makes_stale(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(changes) && jit_supported(); i++) {
        struct side native, oracle;
        print_message("%s\n", changes[i].name);
        side_init(&native, &jit_engine);
        side_init(&oracle, &interp_engine);
        check_change(&oracle, &changes[i]);
        check_change(&native, &changes[i]);
        same(&native, &oracle);
        side_finish(&native);
        side_finish(&oracle);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_at_the_end_of_a_page),
        cmocka_unit_test(test_what_a_change_makes_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
