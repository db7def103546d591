/* SPDX-License-Identifier: MIT */
/* --jit=verify: what is right passes, with its stores, devices and traps; what is wrong is found, and
 * the interpreter's result counts. */
#include "cpu/engine.h"
#include "cpu/hart.h"
#include "jit/internal.h"
#include "kit/asm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RAM    UINT64_C(0x80000000)
#define DEVICE UINT64_C(0x10000000)

struct fixture {
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct cpu *cpu;
    struct hart *hart;
    uint64_t reads, writes;
};

static uint64_t device_read(void *dev, uint64_t off, unsigned size)
{
    struct fixture *f = dev;
    (void)off, (void)size;
    return f->reads++;
}

static void device_write(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    struct fixture *f = dev;
    (void)off, (void)size, (void)val;
    f->writes++;
}

static void fixture_init(struct fixture *f)
{
    static const struct mmio_ops ops = {
        .min_size = 4, .max_size = 4, .read = device_read, .write = device_write};
    struct error err;
    memset(f, 0, sizeof(*f));
    f->mem = gmem_create(RAM, 1 << 20);
    f->map = map_create();
    f->clock = vclock_create();
    assert_true(map_add(f->map, DEVICE, 4096, &ops, f));
    struct cpu_config config = {.harts = 1,
                                .single_thread = true,
                                .mem = f->mem,
                                .map = f->map,
                                .clock = f->clock,
                                .engine = &jit_engine,
                                .engine_hot = 2,
                                .engine_verify = true};
    assert_true(cpu_model_parse("rv64", &config.model, &err));
    f->cpu = cpu_create(&config);
    assert_non_null(f->cpu);
    f->hart = cpu_hart(f->cpu, 0);
}

static void fixture_finish(struct fixture *f)
{
    cpu_destroy(f->cpu);
    vclock_destroy(f->clock);
    map_destroy(f->map);
    gmem_destroy(f->mem);
}

static void run(struct fixture *f, const uint32_t *code, size_t size, uint64_t steps)
{
    struct hart *h = f->hart;
    uint64_t end = h->icount + steps;
    assert_true(gmem_write(f->mem, RAM, code, size));
    hart_fence_i(h);
    h->arch.pc = RAM;
    atomic_store(&h->state, HART_STARTED);
    while (h->icount < end) {
        hart_service(h);
        hart_run(h, end);
    }
}

static uint64_t differences(const struct fixture *f)
{
    return ((struct jit_hart *)f->hart->engine_data)->differences;
}

static uint64_t native(const struct fixture *f)
{
    return counter_get(&((struct jit_hart *)f->hart->engine_data)->counts.native);
}

/* 100 times: a store, an AMO, a device's register read and written, and a trap. */
static const uint32_t busy[] = {
    AUIPC(S0, 1), LUI(S1, DEVICE >> 12), AUIPC(T0, 0), ADDI(T0, T0, 52),
    CSRW(0x305, T0),              /* mtvec */
    LI(A0, 100), ADDI(A1, A1, 3), /* the loop, at 24 */
    SD(A1, 0, S0), AMOADD_W(A2, A1, S0), LW(A3, 0, S1), SW(A1, 4, S1), EBREAK, ADDI(A0, A0, -1),
    BNEZ(A0, -28), J(0),
    /* the handler, at 60 */
    CSRR(T1, 0x341), ADDI(T1, T1, 4), CSRW(0x341, T1), 0x30200073, /* mret */
};

static void test_what_is_right_passes(void **state)
{
    (void)state;
    struct fixture f;
    if (!jit_supported())
        return;
    fixture_init(&f);
    run(&f, busy, sizeof(busy), 6 + 100 * 13 + 50);
    assert_int_equal(f.hart->arch.x[A0], 0);
    assert_int_equal(f.hart->arch.x[A1], 300);
    assert_int_equal(f.reads, 100); /* once each */
    assert_int_equal(f.writes, 100);
    assert_int_equal(f.hart->arch.x[A3], 99);
    assert_true(native(&f) > 300);
    assert_int_equal(differences(&f), 0);
    fixture_finish(&f);
}

/* Adds 1 to the constant 0x7a5 wherever it is in what was translated. */
static bool spoil(struct fixture *f)
{
    struct jit *j = f->cpu->engine;
    static const uint8_t constant[4] = {0xa5, 0x07};
    bool found = false;
    for (uint64_t at = 0; at + 4 < j->used; at++)
        if (!memcmp(j->rw + at, constant, 4)) {
            j->rw[at]++;
            found = true;
        }
    return found;
}

static void test_what_is_wrong_is_found(void **state)
{
    (void)state;
    static const uint32_t in_a_register[] = {ADDI(A1, A1, 0x7a5), ADDI(A0, A0, 1), J(-8)};
    static const uint32_t in_memory[] = {
        AUIPC(S0, 1), LI(A1, 0x7a5), SW(A1, 0, S0), LI(A1, 0), ADDI(A0, A0, 1), J(-16),
    };
    const struct {
        const uint32_t *code;
        size_t size;
    } programs[] = {{in_a_register, sizeof(in_a_register)}, {in_memory, sizeof(in_memory)}};
    for (unsigned i = 0; i < ARRAY_SIZE(programs) && jit_supported(); i++) {
        struct fixture f;
        fixture_init(&f);
        for (unsigned n = 0; n < 3; n++)
            run(&f, programs[i].code, programs[i].size, 300);
        assert_int_equal(differences(&f), 0);
        assert_true(spoil(&f));
        uint64_t a0 = f.hart->arch.x[A0], a1 = f.hart->arch.x[A1];
        run(&f, programs[i].code, programs[i].size, 30);
        assert_true(differences(&f) > 0);
        if (i == 0)
            assert_int_equal(f.hart->arch.x[A1] - a1, (f.hart->arch.x[A0] - a0) * 0x7a5);
        fixture_finish(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_right_passes),
        cmocka_unit_test(test_what_is_wrong_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
