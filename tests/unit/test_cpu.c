/* SPDX-License-Identifier: MIT */
/*
 * Harts without a board: what a supervisor call costs in TLB misses and decoding, and models. The
 * programs are a few words in guest RAM (kit/asm.h); a supervisor's ecall ends up in the test.
 */
#include "cpu/cpu.h"

#include "cpu/engine.h"
#include "cpu/hart.h"

#include "host/clock.h"
#include "host/thread.h"
#include "kit/asm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define RAM     UINT64_C(0x80000000)
#define ROUNDS  1000
#define WARM_AT 900 /* rounds left when counting starts */

struct bench {
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct cpu *cpu;
    struct hart_stats stats[2]; /* warm, at the end */
    unsigned calls;
    struct host_wakeup done;
    uint64_t store[2]; /* from where the two words of a device were written */
};

static void ecall(void *ctx, struct hart *hart)
{
    struct bench *b = ctx;
    hart_stats(hart, &b->stats[b->calls > 0]);
    if (++b->calls == 2) {
        hart_stop_self(hart);
        host_wakeup_raise(&b->done);
    }
}

static const struct cpu_sbi_ops sbi = {.ecall = ecall};

static void put(struct bench *b, uint64_t at, const uint32_t *words, size_t n)
{
    assert_true(gmem_write(b->mem, RAM + at, words, n * sizeof(*words)));
}

static void bench_init_harts(struct bench *b, const char *model, bool single, unsigned harts)
{
    struct error err;
    memset(b, 0, sizeof(*b));
    b->mem = gmem_create(RAM, 1 << 20);
    b->map = map_create();
    b->clock = vclock_create();
    host_wakeup_init(&b->done);
    struct cpu_config config = {.harts = harts,
                                .single_thread = single,
                                .mem = b->mem,
                                .map = b->map,
                                .clock = b->clock,
                                .sbi = &sbi,
                                .sbi_ctx = b,
                                .engine = &interp_engine};
    assert_true(cpu_model_parse(model, &config.model, &err));
    b->cpu = cpu_create(&config);
    assert_non_null(b->cpu);
    assert_int_equal(cpu_start(b->cpu), 0);
}

static void bench_init(struct bench *b, const char *model, bool single)
{
    bench_init_harts(b, model, single, 1);
}

static void bench_finish(struct bench *b)
{
    cpu_destroy(b->cpu);
    host_wakeup_finish(&b->done);
    vclock_destroy(b->clock);
    map_destroy(b->map);
    gmem_destroy(b->mem);
}

/* S-mode enters U-mode, which calls S-mode ROUNDS times. */
static void run_round_trips(struct bench *b)
{
    static const uint32_t setup[] = {
        AUIPC(T0, 0),       ADDI(T0, T0, 0x100), CSRW(CSR_STVEC, T0), ADDI(T0, T0, 0x100),
        CSRW(CSR_SEPC, T0), LI(S0, ROUNDS),      LI(S1, WARM_AT),     SRET, /* to U-mode at 0x200 */
    };
    static const uint32_t handler[] = {
        CSRR(T0, CSR_SEPC),
        ADDI(T0, T0, 4),
        CSRW(CSR_SEPC, T0),
        BEQ(S0, S1, 8),
        BNEZ(S0, 8),
        ECALL, /* to the test */
        SRET,
    };
    static const uint32_t user[] = {
        ADDI(S0, S0, -1),
        ECALL,
        BNEZ(S0, -8),
        J(0),
    };
    put(b, 0, setup, ARRAY_SIZE(setup));
    put(b, 0x100, handler, ARRAY_SIZE(handler));
    put(b, 0x200, user, ARRAY_SIZE(user));
    assert_true(hart_start(cpu_hart(b->cpu, 0), RAM, false, 0, 0));
    assert_true(host_wakeup_wait(&b->done, HOST_FOREVER));
}

static void check_round_trips(const char *model, bool single)
{
    struct bench b;
    bench_init(&b, model, single);
    run_round_trips(&b);
    const struct hart_stats *warm = &b.stats[0], *end = &b.stats[1];
    assert_int_equal(end->traps - warm->traps, WARM_AT);
    assert_int_equal(end->tlb_misses - warm->tlb_misses, 0);
    assert_int_equal(end->tlb_flushes - warm->tlb_flushes, 0);
    /* the end is a block of its own, decoded once */
    assert_in_range(end->instructions_decoded - warm->instructions_decoded, 0, 8);
    bench_finish(&b);
}

static void test_ecalls_miss_nothing(void **state)
{
    (void)state;
    check_round_trips("rv64", false);
    check_round_trips("rv32", false);
    check_round_trips("rv64,c=off", false);
    check_round_trips("rv64", true);
}

/* The same run in one thread takes the same instructions: nothing depends on the host's clock. */
static void test_single_thread_repeats(void **state)
{
    (void)state;
    uint64_t instructions[2];
    for (unsigned i = 0; i < 2; i++) {
        struct bench b;
        bench_init(&b, "rv64", true);
        run_round_trips(&b);
        instructions[i] = b.stats[1].instructions;
        bench_finish(&b);
    }
    assert_int_equal(instructions[0], instructions[1]);
}

/* Two parks in quick succession, the second while the first ends: both are kept. */
static void test_parks_are_not_lost(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, "rv64", false);
    static const uint32_t loop[] = {J(0)};
    put(&b, 0, loop, 1);
    assert_true(hart_start(cpu_hart(b.cpu, 0), RAM, false, 0, 0));
    for (unsigned i = 0; i < 20000; i++) {
        cpu_park(b.cpu);
        cpu_unpark(b.cpu);
    }
    cpu_park(b.cpu); /* a parked processor can be destroyed */
    bench_finish(&b);
}

/* Two loads that share a handler (pairs.def): a fault in either is its own, and the first's result
 * stands when the second faults. */
static void test_a_fault_in_a_pair_has_its_place(void **state)
{
    (void)state;
    static const uint32_t setup[] = {
        AUIPC(T0, 0), ADDI(T0, T0, 0x100), CSRW(CSR_STVEC, T0), LI(S2, 1), LI(S3, 1),
    };
    static const uint32_t handler[] = {
        CSRR(A2, CSR_SEPC), /* the good load reads these two words */
        NOP,
        ECALL,
        ECALL,
        J(0),
    };
    for (unsigned bad = 0; bad < 2; bad++) {
        const uint32_t loads[] = {
            LD(S2, 0, bad == 0 ? ZERO : T0),
            LD(S3, 0, bad == 1 ? ZERO : T0),
        };
        struct bench b;
        bench_init(&b, "rv64", false);
        put(&b, 0, setup, ARRAY_SIZE(setup));
        put(&b, sizeof(setup), loads, ARRAY_SIZE(loads));
        put(&b, 0x100, handler, ARRAY_SIZE(handler));
        struct hart *hart = cpu_hart(b.cpu, 0);
        assert_true(hart_start(hart, RAM, false, 0, 0));
        assert_true(host_wakeup_wait(&b.done, HOST_FOREVER));
        cpu_park(b.cpu);
        assert_int_equal(hart_reg(hart, 12), RAM + sizeof(setup) + 4 * bad);
        assert_int_equal(hart_reg(hart, 18), bad ? ((uint64_t)NOP << 32 | CSRR(A2, CSR_SEPC)) : 1);
        assert_int_equal(hart_reg(hart, 19), 1);
        bench_finish(&b);
    }
}

/* A jump in two pages, called by a jalr, which writes its address: another page in the second place
 * is noticed, and so is another word in that page. */
static void test_an_instruction_in_two_pages(void **state)
{
    (void)state;
    static const uint32_t program[] = {
        CSRW(CSR_SATP, A1),
        SFENCE_VMA(ZERO, ZERO),
        LI(A0, 0),
        LUI(S1, 0x40001),
        ADDI(S1, S1, -2), /* there it is, jr 0(ra) */
        LI(S0, 3),
        JALR(RA, 0, S1),
        ADDI(A0, A0, 1), /* not the second time of three */
        ADDI(A0, A0, 16),
        AUIPC(T0, 0x12), /* the page table, a little further on */
        LD(T1, -28, T0),
        XORI(T1, T1, 0x400), /* the other page, which makes it jr 4(ra) */
        SD(T1, -28, T0),
        ADDI(T2, S1, 2),
        SFENCE_VMA(T2, ZERO),
        ADDI(S0, S0, -1),
        BNEZ(S0, -40),
        AUIPC(T0, 0x23), /* the second of the pages */
        LI(T1, 0x80),    /* jr 8(ra) */
        SH(T1, -68, T0),
        FENCE_I,
        JALR(RA, 0, S1),
        ADDI(A0, A0, 64),
        ADDI(A0, A0, 128),
        ADDI(A0, A0, 256),
        ECALL,
        ECALL,
        J(0),
    };
    static const uint16_t first = 0x8067, second[2] = {0x0000, 0x0040}; /* jr 0(ra), jr 4(ra) */
    enum { ROOT = 0x10000, MIDDLE = 0x11000, LEAVES = 0x12000, CODE = 0x20000 };
    const uint64_t root[] = {(RAM + MIDDLE) >> 2 | 1, RAM >> 2 | 0xcf}, leaf = (RAM + CODE) >> 2;
    const uint64_t middle = (RAM + LEAVES) >> 2 | 1,
                   leaves[] = {leaf | 0xcf, (leaf + 0x800) | 0xcf};
    struct bench b;
    bench_init(&b, "rv64", false);
    put(&b, 0, program, ARRAY_SIZE(program));
    assert_true(gmem_write(b.mem, RAM + ROOT + 8, root, sizeof(root)));
    assert_true(gmem_write(b.mem, RAM + MIDDLE, &middle, sizeof(middle)));
    assert_true(gmem_write(b.mem, RAM + LEAVES, leaves, sizeof(leaves)));
    assert_true(gmem_write(b.mem, RAM + CODE + 0xffe, &first, sizeof(first)));
    for (unsigned i = 0; i < 2; i++)
        assert_true(
            gmem_write(b.mem, RAM + CODE + 0x1000 * (i + 2), &second[i], sizeof(second[i])));
    struct hart *hart = cpu_hart(b.cpu, 0);
    assert_true(hart_start(hart, RAM, false, 0, UINT64_C(8) << 60 | (RAM + ROOT) >> 12));
    assert_true(host_wakeup_wait(&b.done, HOST_FOREVER));
    cpu_park(b.cpu);
    assert_int_equal(hart_reg(hart, 10), 2 * 1 + 3 * 16 + 256);
    bench_finish(&b);
}

/* A device that asks who stores to it. */
static uint64_t no_read(void *dev, uint64_t off, unsigned size)
{
    (void)dev, (void)off, (void)size;
    return 0;
}

static void note_store(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    struct bench *b = dev;
    struct hart *hart = cpu_current(b->cpu);
    (void)val, (void)size;
    b->store[off / 4 % 2] = hart ? hart_store_pc(hart) : 1;
}

static const struct mmio_ops note_ops = {
    .min_size = 4, .max_size = 4, .read = no_read, .write = note_store};

static void test_stores_have_a_place(void **state)
{
    (void)state;
    static const uint32_t program[] = {
        LUI(T0, 0x10000),
        BEQZ(S0, 8),
        NOP,
        SW(T1, 0, T0), /* at 0xc */
        BNEZ(S0, 8),   /* a link inside the block */
        NOP,
        SW(T1, 4, T0), /* at 0x18 */
        ECALL,
        ECALL,
        J(0),
    };
    for (unsigned single = 0; single < 2; single++) {
        struct bench b;
        bench_init(&b, "rv64", single);
        assert_true(map_add(b.map, 0x10000000, 0x1000, &note_ops, &b));
        put(&b, 0x200, program, ARRAY_SIZE(program));
        assert_true(hart_start(cpu_hart(b.cpu, 0), RAM + 0x200, false, 0, 0));
        assert_true(host_wakeup_wait(&b.done, HOST_FOREVER));
        assert_int_equal(b.store[0], RAM + 0x20c);
        assert_int_equal(b.store[1], RAM + 0x218);
        assert_null(cpu_current(b.cpu)); /* this thread is no hart's */
        bench_finish(&b);
    }
}

/* However long a remote fence says its range is, all of it is flushed: sizes do not wrap. */
static void test_long_fences_flush_all(void **state)
{
    (void)state;
    static const uint64_t fences[][2] = {{RAM, 0},
                                         {RAM, UINT64_MAX},
                                         {RAM + 0x10, UINT64_MAX - 1},
                                         {RAM + 0xfff, UINT64_MAX - 0xffe},
                                         {RAM + 0x800, UINT64_MAX - 0x10},
                                         {0xfff, UINT64_C(1) << 63}};
    struct bench b;
    struct hart_stats before, after;
    bench_init(&b, "rv64", false);
    struct hart *hart = cpu_hart(b.cpu, 0);
    cpu_park(b.cpu); /* so that this thread may act as the hart's */
    for (unsigned i = 0; i < ARRAY_SIZE(fences); i++) {
        hart_stats(hart, &before);
        cpu_remote_sfence(b.cpu, hart, 1, fences[i][0], fences[i][1], false, 0);
        hart_stats(hart, &after);
        assert_int_equal(after.tlb_flushes - before.tlb_flushes, 1);
    }
    cpu_unpark(b.cpu);
    bench_finish(&b);
}

/* The lowest bit of where a hart starts is no part of an address, not even at the end of RAM. */
static void test_an_odd_start_is_even(void **state)
{
    (void)state;
    static const uint32_t program[] = {ECALL, ECALL, J(0)};
    struct bench b;
    bench_init(&b, "rv64", false);
    uint64_t at = gmem_size(b.mem) - sizeof(program);
    put(&b, at, program, ARRAY_SIZE(program));
    assert_true(hart_start(cpu_hart(b.cpu, 0), RAM + at + 1, false, 0, 0));
    assert_true(host_wakeup_wait(&b.done, HOST_FOREVER));
    bench_finish(&b);
}

/* A hart that is being started, with a timer from its life before: those who sleep meanwhile find
 * the clock neither set back to it nor at the end of time. */
static void test_a_start_leaves_the_clock_alone(void **state)
{
    (void)state;
    static const uint32_t sleeper[] = {WFI, J(-4)};
    struct bench b;
    bench_init_harts(&b, "rv64", true, 2);
    put(&b, 0, sleeper, ARRAY_SIZE(sleeper));
    cpu_park(b.cpu);
    struct hart *starting = cpu_hart(b.cpu, 1);
    starting->next_timer = 1;
    atomic_store(&starting->state,
                 HART_START_PENDING); /* its bit of the pending word comes later */
    vclock_advance(b.clock, 1000000);
    assert_true(hart_start(cpu_hart(b.cpu, 0), RAM, false, 0, 0));
    cpu_unpark(b.cpu);
    for (unsigned i = 0; i < 20; i++) { /* it goes to sleep again and again */
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        hart_set_pending(cpu_hart(b.cpu, 0), PEND_CLOCK);
    }
    assert_in_range(vclock_ns(b.clock), 1000000, 3600 * NS_PER_SEC);
    bench_finish(&b);
}

/* A hart whose trap handler traps retires nothing, for ever: the other has its turns, and sleeps
 * until a time that comes. */
static void test_traps_take_turns(void **state)
{
    (void)state;
    static const uint32_t handlers[] = {
        ILLEGAL,  EBREAK, LD(T0, 0, ZERO), AMOADD_W(T0, T0, ZERO), CSRW(CSR_MSTATUS, T0),
        JR(ZERO), /* an instruction and a fetch that faults */
    };
    static const uint32_t setup[] = {
        AUIPC(T0, 0),
        ADDI(T0, T0, 0x100),
        CSRW(CSR_STVEC, T0),
        ILLEGAL,
    };
    static const uint32_t sleeper[] = {
        CSRR(T0, CSR_TIME),
        ADDI(T0, T0, 1000),
        CSRW(CSR_STIMECMP, T0),
        LI(T1, 0x20),
        CSRW(CSR_SIE, T1),
        WFI,
        ECALL,
        ECALL,
        J(0),
    };
    for (unsigned i = 0; i < 2 * ARRAY_SIZE(handlers); i++) {
        struct bench b;
        bench_init_harts(&b, "rv64", i & 1, 2);
        put(&b, 0, setup, ARRAY_SIZE(setup));
        put(&b, 0x100, &handlers[i / 2], 1);
        put(&b, 0x200, sleeper, ARRAY_SIZE(sleeper));
        assert_true(hart_start(cpu_hart(b.cpu, 0), RAM, false, 0, 0));
        assert_true(hart_start(cpu_hart(b.cpu, 1), RAM + 0x200, false, 0, 0));
        assert_true(host_wakeup_wait(&b.done, HOST_FOREVER));
        bench_finish(&b);
    }
}

static void test_models(void **state)
{
    (void)state;
    struct error err;
    struct cpu_model m;
    assert_true(cpu_model_parse("rv32,f=off", &m, &err));
    assert_int_equal(m.xlen, 32);
    assert_false(m.ext >> EXT_D & 1); /* D needs F */
    assert_false(m.ext >> EXT_SVNAPOT & 1);
    assert_true(m.ext >> EXT_M & 1);
    static const char *const bad[] = {"",
                                      "rv128",
                                      "rv64,",
                                      "rv64,x=on",
                                      "rv64,f",
                                      "rv64,f=maybe",
                                      "rv64,f=offf",
                                      "rv32,svnapot=on",
                                      "rv64,f=off,d=on"};
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        err.text[0] = 0;
        assert_false(cpu_model_parse(bad[i], &m, &err));
        assert_string_not_equal(err.text, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ecalls_miss_nothing),
        cmocka_unit_test(test_single_thread_repeats),
        cmocka_unit_test(test_a_fault_in_a_pair_has_its_place),
        cmocka_unit_test(test_an_instruction_in_two_pages),
        cmocka_unit_test(test_parks_are_not_lost),
        cmocka_unit_test(test_stores_have_a_place),
        cmocka_unit_test(test_long_fences_flush_all),
        cmocka_unit_test(test_an_odd_start_is_even),
        cmocka_unit_test(test_traps_take_turns),
        cmocka_unit_test(test_a_start_leaves_the_clock_alone),
        cmocka_unit_test(test_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
