/* SPDX-License-Identifier: MIT */
/* The table of control and status registers: names, who may access each, halves on RV32. */
#include "cpu/csr.h"

#include "cpu/csr_bits.h"
#include "cpu/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RAM UINT64_C(0x80000000)

enum {
    SEED = 0x015,
    SSTATUS = 0x100,
    SSCRATCH = 0x140,
    STIMECMP = 0x14d,
    STIMECMPH = 0x15d,
    SATP = 0x180,
    MSTATUS = 0x300,
    MENVCFG = 0x30a,
    MENVCFGH = 0x31a,
    MCYCLE = 0xb00,
    MCYCLEH = 0xb80,
    TIME = 0xc01,
    MHARTID = 0xf14
};
enum { WRITE = 1, SET = 2, CLEAR = 3 };
enum { A0 = 10, A1 = 11 };

struct bench {
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct cpu *cpu;
    struct hart *hart;
};

static void bench_init(struct bench *b, const char *model)
{
    struct error err;
    *b = (struct bench){.mem = gmem_create(RAM, 1 << 16), .map = map_create()};
    b->clock = vclock_create();
    struct cpu_config config = {
        .harts = 1, .mem = b->mem, .map = b->map, .clock = b->clock, .engine = &interp_engine};
    assert_true(cpu_model_parse(model, &config.model, &err));
    b->cpu = cpu_create(&config);
    assert_non_null(b->cpu);
    b->hart = cpu_hart(b->cpu, 0);
}

static void bench_finish(struct bench *b)
{
    cpu_destroy(b->cpu);
    vclock_destroy(b->clock);
    map_destroy(b->map);
    gmem_destroy(b->mem);
}

/* a0 is written, set or cleared; a1 gets the old value. */
static enum csr_result access(struct bench *b, unsigned kind, unsigned number, uint64_t value)
{
    b->hart->arch.x[A0] = value;
    return csr_execute(b->hart, number << 20 | A0 << 15 | kind << 12 | A1 << 7 | 0x73);
}

/* csrr a1, number */
static enum csr_result read(struct bench *b, unsigned number)
{
    return csr_execute(b->hart, number << 20 | SET << 12 | A1 << 7 | 0x73);
}

/* Sets what lets S-mode and U-mode access all that is theirs. */
static void open_all(struct bench *b)
{
    struct hart_arch *a = &b->hart->arch;
    a->priv = PRIV_M;
    a->mstatus = MSTATUS_FS;
    a->mcounteren = a->scounteren = UINT32_MAX;
    a->menvcfg = ENVCFG_STCE;
    a->mseccfg = MSECCFG_SSEED | MSECCFG_USEED;
    hart_refresh(b->hart);
}

static void test_each_number_has_a_name_of_its_own(void **state)
{
    static const struct {
        const char *name;
        int number;
    } some[] = {{"fflags", 0x001},      {"time", 0xc01},    {"hpmcounter3", 0xc03},
                {"timeh", 0xc81},       {"pmpcfg3", 0x3a3}, {"pmpaddr15", 0x3bf},
                {"mhpmevent31", 0x33f}, {"tdata1", 0x7a1},  {"mhpmcounter31h", 0xb9f},
                {"mhpmcounter2", -1},   {"pmpaddr", -1},    {"", -1}};
    (void)state;
    char name[CSR_NAME_MAX];
    unsigned named = 0;
    for (unsigned number = 0; number < 4100; number++) {
        if (!csr_name(number, name))
            continue;
        named++;
        assert_int_equal(csr_find(name), number);
    }
    assert_int_equal(named, 220);
    for (unsigned i = 0; i < ARRAY_SIZE(some); i++)
        assert_int_equal(csr_find(some[i].name), some[i].number);
}

static void check_privileges(const char *model)
{
    static const unsigned privs[] = {PRIV_U, PRIV_S, PRIV_M};
    struct bench b;
    bench_init(&b, model);
    open_all(&b);
    for (unsigned number = 0; number < 4096; number++) {
        for (unsigned i = 0; i < ARRAY_SIZE(privs); i++) {
            b.hart->arch.priv = (uint8_t)privs[i];
            bool may = csr_exists(b.hart, number) && privs[i] >= (number >> 8 & 3);
            assert_int_equal(read(&b, number), may && number != SEED ? CSR_OK : CSR_ILLEGAL);
            if (number >> 10 == 3)
                assert_int_equal(access(&b, WRITE, number, 0), CSR_ILLEGAL);
        }
    }
    bench_finish(&b);
}

static void test_each_reads_from_its_privilege_on(void **state)
{
    (void)state;
    check_privileges("rv64");
    check_privileges("rv32");
    check_privileges("rv64,f=off,sstc=off,zihpm=off,zicntr=off,zkr=off");
}

static void test_an_absent_extension_has_no_registers(void **state)
{
    static const struct {
        const char *model;
        unsigned number;
    } rows[] = {{"rv64,f=off", 0x003},     {"rv64,sstc=off", STIMECMP}, {"rv64,zkr=off", 0x747},
                {"rv64,zihpm=off", 0xc03}, {"rv64,zicntr=off", TIME},   {"rv64,sstc=on", STIMECMPH},
                {"rv64,c=on", 0x3a1},      {"rv64,c=on", MCYCLEH}};
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct bench b;
        uint64_t v;
        bench_init(&b, rows[i].model);
        assert_false(csr_exists(b.hart, rows[i].number));
        assert_false(csr_peek(b.hart, rows[i].number, &v));
        bench_finish(&b);
    }
}

static void test_state_hides_registers(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, "rv64");
    struct hart_arch *a = &b.hart->arch;
    open_all(&b);
    a->priv = PRIV_S;
    a->mstatus |= MSTATUS_TVM;
    assert_int_equal(read(&b, SATP), CSR_ILLEGAL);
    a->mcounteren = 0;
    assert_int_equal(read(&b, TIME), CSR_ILLEGAL);
    assert_int_equal(read(&b, STIMECMP), CSR_ILLEGAL);
    a->mseccfg = 0;
    assert_int_equal(access(&b, WRITE, SEED, 0), CSR_ILLEGAL);
    a->mstatus &= ~MSTATUS_FS;
    hart_refresh(b.hart);
    assert_int_equal(read(&b, 0x001), CSR_ILLEGAL);
    /* not from a debugger */
    uint64_t v;
    assert_true(csr_peek(b.hart, SATP, &v) && csr_peek(b.hart, TIME, &v));
    bench_finish(&b);
}

static void test_rv32_has_halves(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, "rv32");
    open_all(&b);
    assert_int_not_equal(access(&b, WRITE, STIMECMPH, 0x12345678), CSR_ILLEGAL);
    assert_int_not_equal(access(&b, WRITE, STIMECMP, UINT64_C(0xffffffff9abcdef0)), CSR_ILLEGAL);
    assert_int_equal(b.hart->arch.stimecmp, UINT64_C(0x123456789abcdef0));
    assert_int_equal(read(&b, STIMECMP), CSR_OK);
    assert_int_equal(b.hart->arch.x[A1], UINT64_C(0xffffffff9abcdef0));
    assert_int_not_equal(access(&b, SET, STIMECMPH, 0x80000000), CSR_ILLEGAL);
    assert_int_equal(b.hart->arch.x[A1], 0x12345678);
    assert_int_equal(b.hart->arch.stimecmp, UINT64_C(0x923456789abcdef0));
    assert_int_not_equal(access(&b, CLEAR, MENVCFGH, UINT32_MAX), CSR_ILLEGAL);
    assert_int_not_equal(access(&b, SET, MENVCFG, ENVCFG_FIOM), CSR_ILLEGAL);
    assert_int_equal(b.hart->arch.menvcfg, ENVCFG_FIOM);
    assert_int_not_equal(access(&b, WRITE, MCYCLE, 5), CSR_ILLEGAL);
    assert_int_not_equal(access(&b, WRITE, MCYCLEH, 7), CSR_ILLEGAL);
    uint64_t v;
    assert_true(csr_peek(b.hart, MCYCLEH, &v));
    assert_int_equal(v, 7);
    bench_finish(&b);
}

static void test_some_writes_need_a_lookup(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, "rv64");
    open_all(&b);
    assert_int_equal(access(&b, WRITE, SSCRATCH, 1), CSR_OK);
    assert_int_equal(access(&b, WRITE, SATP, 0), CSR_CHANGED);
    assert_int_equal(access(&b, SET, SSTATUS, MSTATUS_SIE), CSR_CHANGED); /* it may be due now */
    assert_int_equal(access(&b, CLEAR, SSTATUS, MSTATUS_SIE), CSR_OK);
    assert_int_equal(access(&b, SET, SSTATUS, MSTATUS_SPP | MSTATUS_SPIE), CSR_OK);
    assert_int_equal(access(&b, SET, SSTATUS, MSTATUS_SUM), CSR_CHANGED);
    assert_int_equal(access(&b, SET, SSTATUS, MSTATUS_SUM), CSR_OK); /* the same again */
    bench_finish(&b);
}

static void test_reading_by_number_draws_no_entropy(void **state)
{
    (void)state;
    struct bench b;
    uint64_t v = 1;
    bench_init(&b, "rv64");
    assert_true(csr_peek(b.hart, SEED, &v));
    assert_int_equal(v, 0);
    assert_int_equal(access(&b, WRITE, SEED, 0), CSR_OK);
    assert_int_not_equal(b.hart->arch.x[A1] >> 30, 0);
    assert_true(csr_peek(b.hart, MHARTID, &v));
    assert_int_equal(v, 0);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_number_has_a_name_of_its_own),
        cmocka_unit_test(test_each_reads_from_its_privilege_on),
        cmocka_unit_test(test_an_absent_extension_has_no_registers),
        cmocka_unit_test(test_state_hides_registers),
        cmocka_unit_test(test_rv32_has_halves),
        cmocka_unit_test(test_some_writes_need_a_lookup),
        cmocka_unit_test(test_reading_by_number_draws_no_entropy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
