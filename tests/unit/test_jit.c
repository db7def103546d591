/* SPDX-License-Identifier: MIT */
/*
 * The translator as an engine: it takes over hot code, heeds limits in every shape of loop, sees code
 * that changed, and starts anew when its memory is full. What instructions do is tests/isa's.
 */
#include "jit/jit.h"

#include "cpu/hart.h"
#include "host/clock.h"
#include "jit/internal.h"
#include "kit/asm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define RAM UINT64_C(0x80000000)

struct fixture {
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct cpu *cpu;
    struct hart *hart;
    struct host_wakeup called;
};

static const char *const models[] = {"rv64", "rv32"};

static void stop_at_ecall(void *ctx, struct hart *hart)
{
    struct fixture *f = ctx;
    hart_stop_self(hart);
    host_wakeup_raise(&f->called);
}

static const struct cpu_sbi_ops sbi = {.ecall = stop_at_ecall};

static void fixture_init(struct fixture *f, const char *model, unsigned hot)
{
    struct error err;
    memset(f, 0, sizeof(*f));
    f->mem = gmem_create(RAM, 1 << 20);
    f->map = map_create();
    f->clock = vclock_create();
    host_wakeup_init(&f->called);
    struct cpu_config config = {.harts = 1,
                                .mem = f->mem,
                                .map = f->map,
                                .clock = f->clock,
                                .sbi = &sbi,
                                .sbi_ctx = f,
                                .engine = &jit_engine,
                                .engine_hot = hot,
                                .engine_memory = 256 << 10};
    assert_true(cpu_model_parse(model, &config.model, &err));
    f->cpu = cpu_create(&config);
    assert_non_null(f->cpu);
    f->hart = cpu_hart(f->cpu, 0);
    assert_int_equal(cpu_start(f->cpu), 0);
}

static void fixture_finish(struct fixture *f)
{
    cpu_destroy(f->cpu);
    host_wakeup_finish(&f->called);
    vclock_destroy(f->clock);
    map_destroy(f->map);
    gmem_destroy(f->mem);
}

static void start(struct fixture *f, const uint32_t *words, size_t n)
{
    assert_true(gmem_write(f->mem, RAM, words, n * sizeof(*words)));
    assert_true(hart_start(f->hart, RAM, false, 0, 0));
}

static uint64_t regions_made(const struct fixture *f)
{
    const struct jit *j = f->cpu->engine;
    return counter_get(&j->counts.regions);
}

static bool can_translate(void)
{
    if (jit_supported())
        return true;
    print_message("skipped: the host has no AVX2, BMI2 or FMA\n");
    return false;
}

static void test_a_loop_is_translated(void **state)
{
    (void)state;
    static const uint32_t sum[] = {
        LI(S0, 1000), ADDI(S0, S0, -1), ADD(A0, A0, S0), BNEZ(S0, -8), ECALL, J(0),
    };
    for (unsigned i = 0; can_translate() && i < ARRAY_SIZE(models); i++) {
        struct fixture f;
        fixture_init(&f, models[i], 8);
        start(&f, sum, ARRAY_SIZE(sum));
        assert_true(host_wakeup_wait(&f.called, HOST_FOREVER));
        cpu_park(f.cpu);
        assert_int_equal(hart_reg(f.hart, A0), 999 * 1000 / 2);
        assert_int_equal(f.hart->icount, 1 + 3 * 1000 + 1);
        assert_true(regions_made(&f) >= 1);
        fixture_finish(&f);
    }
}

/* A hart that never leaves its code is parked all the same. */
static void test_every_cycle_heeds_the_limit(void **state)
{
    (void)state;
    static const uint32_t self[] = {J(0)};
    static const uint32_t two[] = {J(8), ECALL, J(-8)};
    static const uint32_t forward[] = {ADDI(A0, A0, 1), BNEZ(A0, 8), ECALL, J(-12)};
    static const uint32_t indirect[] = {AUIPC(T0, 0), ADDI(T0, T0, 0), JALR(ZERO, 0, T0)};
    static const uint32_t call[] = {AUIPC(T0, 0), JALR(RA, 0, T0)};
    const struct {
        const uint32_t *code;
        size_t n;
    } shapes[] = {{self, ARRAY_SIZE(self)},
                  {two, ARRAY_SIZE(two)},
                  {forward, ARRAY_SIZE(forward)},
                  {indirect, ARRAY_SIZE(indirect)},
                  {call, ARRAY_SIZE(call)}};
    for (unsigned i = 0; can_translate() && i < ARRAY_SIZE(shapes); i++) {
        struct fixture f;
        fixture_init(&f, "rv64", 1 + i % 2);
        start(&f, shapes[i].code, shapes[i].n);
        while (!regions_made(&f))
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        nanosleep(&(struct timespec){0, 5000000}, NULL);
        uint64_t before = host_now_ns();
        cpu_park(f.cpu);
        assert_true(host_now_ns() - before < NS_PER_SEC);
        assert_true(f.hart->icount > 1000);
        fixture_finish(&f);
    }
}

/* Runs S-mode code from RAM until it calls the SBI, once with each model. Everything is translated. */
static void run_to_ecall(struct fixture *f, const char *model, const uint32_t *words, size_t n)
{
    fixture_init(f, model, 1);
    start(f, words, n);
    assert_true(host_wakeup_wait(&f->called, HOST_FOREVER));
    cpu_park(f->cpu);
}

static uint64_t interrupt_cause(const char *model, unsigned number)
{
    return (strcmp(model, "rv64") == 0 ? UINT64_C(1) << 63 : UINT64_C(0xffffffff80000000)) | number;
}

/* Code that was translated in S-mode and reads a CSR is illegal in U-mode. */
static void test_inline_csrs_heed_the_privilege(void **state)
{
    (void)state;
    static const uint32_t code[] = {
        AUIPC(T0, 0),
        ADDI(T0, T0, 4 * 12),
        CSRW(CSR_STVEC, T0),
        LI(S0, 3),
        /* 4: */ CSRR(A0, CSR_SSCRATCH),
        ADDI(S0, S0, -1),
        BNEZ(S0, -8),
        /* in U-mode from 4 on: */ AUIPC(T0, 0),
        ADDI(T0, T0, -12),
        CSRW(CSR_SEPC, T0),
        SRET,
        NOP,
        /* 12: */ CSRR(A1, CSR_SCAUSE),
        CSRR(A2, CSR_SEPC),
        ECALL,
        J(0),
    };
    for (unsigned i = 0; can_translate() && i < ARRAY_SIZE(models); i++) {
        struct fixture f;
        run_to_ecall(&f, models[i], code, ARRAY_SIZE(code));
        assert_int_equal(hart_reg(f.hart, A1), EXC_ILLEGAL);
        assert_int_equal((uint32_t)hart_reg(f.hart, A2), RAM + 4 * 4);
        fixture_finish(&f);
    }
}

/* An interrupt that pends is taken right behind the instruction that enables it, and not before. */
static void test_enabling_takes_what_pends(void **state)
{
    (void)state;
    static const uint32_t code[] = {
        AUIPC(T0, 0),
        ADDI(T0, T0, 4 * 13),
        CSRW(CSR_STVEC, T0),
        LI(T1, 2),
        CSRS(CSR_SIE, T1),
        LI(S0, 3),
        /* 6: */ CSRRC(A3, CSR_SSTATUS, T1),
        BNEZ(S0, 8),
        CSRS(CSR_SIP, T1),
        ADDI(S0, S0, -1),
        CSRRS(A4, CSR_SSTATUS, T1),
        ADDI(A0, A0, 1),
        J(-24),
        /* 13: */ CSRR(A1, CSR_SCAUSE),
        CSRR(A2, CSR_SEPC),
        ECALL,
        J(0),
    };
    for (unsigned i = 0; can_translate() && i < ARRAY_SIZE(models); i++) {
        struct fixture f;
        run_to_ecall(&f, models[i], code, ARRAY_SIZE(code));
        assert_int_equal(hart_reg(f.hart, A1), interrupt_cause(models[i], 1));
        assert_int_equal((uint32_t)hart_reg(f.hart, A2), RAM + 4 * 11);
        assert_int_equal(hart_reg(f.hart, A0), 3);
        assert_int_equal(hart_reg(f.hart, A3) & 2, 2);
        assert_int_equal(hart_reg(f.hart, A4) & 2, 0);
        fixture_finish(&f);
    }
}

static uint64_t times_left(const struct fixture *f)
{
    const struct jit_hart *jh = f->hart->engine_data;
    uint64_t n = 0;
    for (unsigned i = 0; i < EXIT_KINDS; i++)
        n += counter_get(&jh->counts.exits[i]);
    return n;
}

/* A system call and the return from it go from translated code to translated code. */
static void test_traps_stay_in_translated_code(void **state)
{
    (void)state;
    static const uint32_t code[] = {
        AUIPC(T0, 0),
        ADDI(T1, T0, 4 * 10),
        CSRW(CSR_STVEC, T1),
        ADDI(T1, T0, 4 * 7),
        CSRW(CSR_SEPC, T1),
        LI(S1, 2000),
        SRET,
        /* 7: */ ADDI(S0, S0, 1),
        ECALL,
        J(-8),
        /* 10: */ CSRR(T0, CSR_SEPC),
        ADDI(T0, T0, 4),
        CSRW(CSR_SEPC, T0),
        BEQ(S0, S1, 8),
        SRET,
        ECALL,
        J(0),
    };
    for (unsigned i = 0; can_translate() && i < ARRAY_SIZE(models); i++) {
        struct fixture f;
        run_to_ecall(&f, models[i], code, ARRAY_SIZE(code));
        assert_int_equal(hart_reg(f.hart, S0), 2000);
        assert_int_equal(counter_get(&f.hart->counts.traps), 2000);
        assert_true(times_left(&f) < 100);
        fixture_finish(&f);
    }
}

/* A jump's target has no bit 0; what lies at the end of all addresses is no entry of the table either. */
static void test_jumps_to_odd_addresses(void **state)
{
    (void)state;
    static const uint32_t code[] = {
        AUIPC(T0, 0),
        ADDI(T1, T0, 4 * 10),
        CSRW(CSR_STVEC, T1),
        LI(S0, 1000),
        ADDI(T2, T0, 4 * 8 + 1),
        LI(A1, -1),
        /* 6: */ JALR(RA, 0, T2),
        JALR(ZERO, 0, A1),
        /* 8: */ ADDI(A0, A0, 1),
        JALR(ZERO, 1, RA),
        /* 10: */ CSRR(A2, CSR_SEPC),
        ADDI(S0, S0, -1),
        BNEZ(S0, -4 * 6),
        ECALL,
        J(0),
    };
    for (unsigned i = 0; can_translate() && i < ARRAY_SIZE(models); i++) {
        struct fixture f;
        run_to_ecall(&f, models[i], code, ARRAY_SIZE(code));
        assert_int_equal(hart_reg(f.hart, A0), 1000);
        assert_int_equal((int32_t)hart_reg(f.hart, A2), -2);
        assert_true(regions_made(&f) >= 1);
        fixture_finish(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_loop_is_translated),
        cmocka_unit_test(test_every_cycle_heeds_the_limit),
        cmocka_unit_test(test_inline_csrs_heed_the_privilege),
        cmocka_unit_test(test_enabling_takes_what_pends),
        cmocka_unit_test(test_traps_stay_in_translated_code),
        cmocka_unit_test(test_jumps_to_odd_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
