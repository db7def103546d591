/* SPDX-License-Identifier: MIT */
/* What cpu_report says of a run: --stats and query-stats. */
#include "base/visit.h"
#include "cpu/engine.h"
#include "cpu/hart.h"
#include "jit/jit.h"
#include "kit/asm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define RAM UINT64_C(0x80000000)

/* --- a visitor that keeps values by their paths, as in "translator exits limit" --- */

#define MAX_VALUES 128

struct values {
    struct visitor visitor;
    char path[128];
    struct {
        char path[192];
        double value;
    } at[MAX_VALUES];
    unsigned n;
};

static void keep_real(struct visitor *v, const char *name, double value)
{
    struct values *s = container_of(v, struct values, visitor);
    assert_in_range(s->n, 0, MAX_VALUES - 1);
    snprintf(s->at[s->n].path, sizeof(s->at[0].path), "%s%s", s->path, name);
    s->at[s->n++].value = value;
}

static void keep_number(struct visitor *v, const char *name, uint64_t value)
{
    keep_real(v, name, (double)value);
}

static void keep_open(struct visitor *v, const char *name)
{
    struct values *s = container_of(v, struct values, visitor);
    size_t n = strlen(s->path);
    snprintf(s->path + n, sizeof(s->path) - n, "%s ", name ? name : "member");
}

static void keep_end(struct visitor *v)
{
    struct values *s = container_of(v, struct values, visitor);
    s->path[strlen(s->path) - 1] = '\0';
    char *space = strrchr(s->path, ' ');
    space ? (void)(space[1] = '\0') : (void)(s->path[0] = '\0');
}

static const double *find(const struct values *s, const char *path)
{
    for (unsigned i = 0; i < s->n; i++)
        if (!strcmp(s->at[i].path, path))
            return &s->at[i].value;
    return NULL;
}

static double value_of(const struct values *s, const char *path)
{
    const double *value = find(s, path);
    if (!value)
        fail_msg("no value of '%s'", path);
    return *value;
}

/* --- a machine of one hart --- */

struct fixture {
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct cpu *cpu;
    struct hart *hart;
    struct host_wakeup called;
    bool cold;
    uint64_t at_ecall; /* instructions, as hart_stats says inside the ecall */
    struct values values;
};

static void stop_at_ecall(void *ctx, struct hart *hart)
{
    struct fixture *f = ctx;
    struct hart_stats s;
    hart_stats(hart, &s);
    f->at_ecall = s.instructions;
    hart_stop_self(hart);
    host_wakeup_raise(&f->called);
}

static const struct cpu_sbi_ops sbi = {.ecall = stop_at_ecall};

static void fixture_init(struct fixture *f, const struct engine_ops *engine, const uint32_t *words,
                         size_t n)
{
    struct error err;
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
                                .engine = engine,
                                .engine_hot = 8,
                                .engine_cold = f->cold};
    assert_true(cpu_model_parse("rv64", &config.model, &err));
    f->cpu = cpu_create(&config);
    assert_non_null(f->cpu);
    f->hart = cpu_hart(f->cpu, 0);
    assert_int_equal(cpu_start(f->cpu), 0);
    assert_true(gmem_write(f->mem, RAM, words, n * sizeof(*words)));
    assert_true(hart_start(f->hart, RAM, false, 0, 0));
}

static void fixture_finish(struct fixture *f)
{
    cpu_destroy(f->cpu);
    host_wakeup_finish(&f->called);
    vclock_destroy(f->clock);
    map_destroy(f->map);
    gmem_destroy(f->mem);
}

static const struct values *report(struct fixture *f)
{
    f->values = (struct values){.visitor = {.number = keep_number,
                                            .real = keep_real,
                                            .begin_object = keep_open,
                                            .begin_list = keep_open,
                                            .end = keep_end}};
    cpu_report(f->cpu, &f->values.visitor);
    assert_string_equal(f->values.path, "");
    return &f->values;
}

/* Runs to the ecall; the hart is parked then. */
static const struct values *run(struct fixture *f)
{
    assert_true(host_wakeup_wait(&f->called, HOST_FOREVER));
    cpu_park(f->cpu);
    return report(f);
}

/* --- tests --- */

/* Reads one word of each of 8 pages, 1000 times. */
static const uint32_t pages[] = {
    LI(S0, 1000),     AUIPC(A0, 1),  LI(A1, 8),        LW(A2, 0, A0), LUI(A3, 1), ADD(A0, A0, A3),
    ADDI(A1, A1, -1), BNEZ(A1, -16), ADDI(S0, S0, -1), BNEZ(S0, -32), ECALL,      J(0),
};
#define PAGES_INSNS (1 + 1000 * (2 + 8 * 5 + 2))

static void check_common(struct fixture *f, const struct values *s)
{
    double instructions = value_of(s, "instructions");
    assert_int_equal(f->at_ecall, PAGES_INSNS);
    assert_int_equal((uint64_t)instructions, PAGES_INSNS + 1); /* and the ecall */
    assert_int_equal((uint64_t)value_of(s, "harts member instructions"), PAGES_INSNS + 1);
    assert_int_equal((uint64_t)value_of(s, "ecalls"), 1);
    assert_in_range((uint64_t)value_of(s, "tlb misses"), 9, 100);
    assert_true(value_of(s, "seconds") > 0);
    assert_true(value_of(s, "hart-seconds") > 0);
    assert_true(value_of(s, "mips") > 0);
    double hart_mips = instructions / value_of(s, "hart-seconds") / 1e6;
    assert_true(value_of(s, "hart-mips") > 0.99 * hart_mips);
    assert_true(value_of(s, "hart-mips") < 1.01 * hart_mips);
}

static void test_interpreter(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_init(&f, &interp_engine, pages, ARRAY_SIZE(pages));
    const struct values *s = run(&f);
    check_common(&f, s);
    assert_null(find(s, "translator regions"));
    fixture_finish(&f);
}

static void test_translator(void **state)
{
    (void)state;
    struct fixture f = {0};
    if (!jit_supported())
        skip();
    fixture_init(&f, &jit_engine, pages, ARRAY_SIZE(pages));
    const struct values *s = run(&f);
    check_common(&f, s);
    double native = value_of(s, "translator native-instructions");
    assert_in_range((uint64_t)native, PAGES_INSNS * 9 / 10, PAGES_INSNS + 1);
    assert_true(value_of(s, "translator native-share") == native / value_of(s, "instructions"));
    double insns = value_of(s, "translator instructions");
    assert_in_range((uint64_t)value_of(s, "translator regions"), 1, 5);
    assert_in_range((uint64_t)insns, 9, 50);
    assert_in_range((uint64_t)value_of(s, "translator x86-per-instruction"), 1, 30);
    assert_true(value_of(s, "translator bytes") > value_of(s, "translator x86-instructions"));
    assert_true(value_of(s, "translator ns-per-instruction") > 0);
    assert_true(value_of(s, "translator cache-flushes") == 0);
    assert_in_range((uint64_t)value_of(s, "translator tlb-refills"), 0, 100);
    assert_true(value_of(s, "translator calls store") == 0);
    assert_in_range((uint64_t)value_of(s, "translator exits lookup"), 0, 100);
    fixture_finish(&f);
}

/* With engine_cold each access calls C. */
static void test_refills_are_counted(void **state)
{
    (void)state;
    struct fixture f = {.cold = true};
    if (!jit_supported())
        skip();
    fixture_init(&f, &jit_engine, pages, ARRAY_SIZE(pages));
    const struct values *s = run(&f);
    assert_in_range((uint64_t)value_of(s, "translator tlb-refills"), 7900, 8000);
    assert_true(value_of(s, "translator calls load") == value_of(s, "translator tlb-refills"));
    fixture_finish(&f);
}

/* Reading does not disturb a hart that runs, and counts never fall. */
static void test_reading_while_harts_run(void **state)
{
    (void)state;
    static const uint32_t forever[] = {ADDI(A0, A0, 1), J(-4)};
    const struct engine_ops *engines[] = {&interp_engine, &jit_engine};
    for (unsigned i = 0; i < (jit_supported() ? 2 : 1); i++) {
        struct fixture f = {0};
        uint64_t last = 0, first = 0;
        fixture_init(&f, engines[i], forever, ARRAY_SIZE(forever));
        while (!cpu_instructions(f.cpu))
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        for (unsigned n = 0; n < 1000 || last == first; n++) {
            uint64_t now = (uint64_t)value_of(report(&f), "instructions");
            assert_true(now >= last);
            first = n ? first : now;
            last = now;
        }
        cpu_park(f.cpu);
        assert_int_equal((uint64_t)value_of(report(&f), "instructions"), hart_retired(f.hart));
        fixture_finish(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interpreter),
        cmocka_unit_test(test_translator),
        cmocka_unit_test(test_refills_are_counted),
        cmocka_unit_test(test_reading_while_harts_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
