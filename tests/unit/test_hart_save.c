/* SPDX-License-Identifier: MIT */
/*
 * Saving and loading harts: a program that is saved in the middle ends the same in the machine where
 * it began and in one that loaded it, and whatever is loaded is either refused or saved again as the
 * same bytes.
 */
#include "base/blob.h"
#include "cpu/cpu.h"
#include "cpu/csr_bits.h"
#include "cpu/engine.h"
#include "cpu/hart.h"
#include "host/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAM      UINT64_C(0x80000000)
#define RAM_SIZE (UINT64_C(1) << 16)

struct bench {
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct cpu *cpu;
    struct hart *hart;
    struct host_wakeup called;
};

/* The first call suspends the hart until an interrupt is due, the last stops it. */
enum { A7 = 17, CALL_SUSPEND = 1 };

static void ecall(void *ctx, struct hart *hart)
{
    struct bench *b = ctx;
    if (hart_reg(hart, A7) == CALL_SUSPEND)
        hart_suspend_self(hart, true, 0, 0);
    else
        hart_stop_self(hart);
    host_wakeup_raise(&b->called);
}

static const struct cpu_sbi_ops sbi = {.ecall = ecall};

static void bench_init(struct bench *b, const char *model, unsigned harts, bool single)
{
    struct error err;
    *b = (struct bench){.mem = gmem_create(RAM, RAM_SIZE), .map = map_create()};
    b->clock = vclock_create();
    host_wakeup_init(&b->called);
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
    b->hart = cpu_hart(b->cpu, 0);
}

static void bench_finish(struct bench *b)
{
    cpu_destroy(b->cpu);
    host_wakeup_finish(&b->called);
    vclock_destroy(b->clock);
    map_destroy(b->map);
    gmem_destroy(b->mem);
}

static uint8_t *save(struct bench *b, size_t *size)
{
    struct blob_out out = {0};
    cpu_save(b->cpu, &out);
    uint8_t *bytes = blob_out_take(&out, size);
    assert_non_null(bytes);
    return bytes;
}

static bool load(struct bench *b, const uint8_t *bytes, size_t size, char *reason, size_t room)
{
    struct blob_in in;
    blob_in_init(&in, bytes, size);
    bool good = cpu_load(b->cpu, &in) && blob_in_done(&in);
    if (!good && reason)
        blob_in_reason(&in, reason, room);
    return good;
}

/* s0 is 0x400 behind the program's start; what it computes is stored there. */
static const uint32_t program[] = {
    0x00000297, /* auipc t0, 0 */
    0x20028293, /* addi t0, t0, 0x200 */
    0x10529073, /* csrw stvec, t0 */
    0x5a500313, /* li t1, 0x5a5 */
    0x14031073, /* csrw sscratch, t1 */
    0xd2237553, /* fcvt.d.l fa0, t1 */
    0x00300393, /* li t2, 3 */
    0xd223f5d3, /* fcvt.d.l fa1, t2 */
    0x1ab57653, /* fdiv.d fa2, fa0, fa1: inexact */
    0x00000417, /* auipc s0, 0 */
    0x3dc40413, /* addi s0, s0, 0x3dc */
    0x100434af, /* lr.d s1, (s0) */
    0x10416073, /* csrsi sie, 2 */
    0x00100893, /* li a7, CALL_SUSPEND */
    0x00000073, /* ecall */
    0x00748493, /* addi s1, s1, 7 */
    0x1894392f, /* sc.d s2, s1, (s0): the reservation holds */
    0x02b676d3, /* fadd.d fa3, fa2, fa1 */
    0x00d43427, /* fsd fa3, 8(s0) */
    0x14049e73, /* csrrw t3, sscratch, s1 */
    0x01c43823, /* sd t3, 16(s0) */
    0x01243c23, /* sd s2, 24(s0) */
    0xc0202ef3, /* csrr t4, instret */
    0x03d43023, /* sd t4, 32(s0) */
    0x00302f73, /* csrr t5, fcsr */
    0x03e43423, /* sd t5, 40(s0) */
    0x14417073, /* csrci sip, 2 */
    0xffffffff, /* illegal: to the handler */
    0x00000893, /* li a7, 0 */
    0x00000073, /* ecall */
};
static const uint32_t handler[] = {
    0x14102ff3, /* csrr t6, sepc */
    0x004f8f93, /* addi t6, t6, 4 */
    0x141f9073, /* csrw sepc, t6 */
    0x14202ff3, /* csrr t6, scause */
    0x03f43823, /* sd t6, 48(s0) */
    0x10200073, /* sret */
};

static uint64_t stored(const struct bench *b, unsigned at)
{
    uint64_t v;
    assert_true(gmem_read(b->mem, RAM + 0x400 + at, &v, sizeof(v)));
    return v;
}

/* Runs the program to its first call; the hart is suspended and parked then. */
static void run_first_half(struct bench *b)
{
    assert_true(gmem_write(b->mem, RAM, program, sizeof(program)));
    assert_true(gmem_write(b->mem, RAM + 0x200, handler, sizeof(handler)));
    assert_int_equal(cpu_start(b->cpu), 0);
    assert_true(hart_start(b->hart, RAM, false, 0, 0));
    assert_true(host_wakeup_wait(&b->called, HOST_FOREVER));
    cpu_park(b->cpu);
}

/* From there to its end: an interrupt ends the suspension. */
static void run_second_half(struct bench *b)
{
    hart_send_ssi(b->hart);
    assert_true(host_wakeup_wait(&b->called, HOST_FOREVER));
    while (hart_state(b->hart) != HART_STOPPED)
        host_pause();
    cpu_park(b->cpu);
}

static void check_continues(bool single)
{
    struct bench here, there;
    size_t size[2];
    uint8_t *bytes[2], ram[RAM_SIZE];
    bench_init(&here, "rv64", 1, single);
    bench_init(&there, "rv64", 1, single);
    run_first_half(&here);
    bytes[0] = save(&here, &size[0]);
    assert_true(gmem_read(here.mem, RAM, ram, sizeof(ram)));
    assert_true(gmem_write(there.mem, RAM, ram, sizeof(ram)));
    char reason[200] = "";
    if (!load(&there, bytes[0], size[0], reason, sizeof(reason)))
        fail_msg("%s", reason);
    bytes[1] = save(&there, &size[1]);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    free(bytes[0]), free(bytes[1]);

    cpu_unpark(here.cpu);
    run_second_half(&here);
    assert_int_equal(cpu_start(there.cpu), 0);
    run_second_half(&there);
    assert_int_equal(stored(&here, 0), 7);
    assert_int_equal(stored(&here, 16), 0x5a5);
    assert_int_equal(stored(&here, 24), 0); /* SC has stored */
    assert_int_equal(stored(&here, 32), 22);
    assert_int_equal(stored(&here, 40), 1); /* NX */
    assert_int_equal(stored(&here, 48), EXC_ILLEGAL);
    uint8_t other[RAM_SIZE];
    assert_true(gmem_read(here.mem, RAM, ram, sizeof(ram)));
    assert_true(gmem_read(there.mem, RAM, other, sizeof(other)));
    assert_memory_equal(ram, other, sizeof(ram));
    bytes[0] = save(&here, &size[0]);
    bytes[1] = save(&there, &size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    free(bytes[0]), free(bytes[1]);
    bench_finish(&here);
    bench_finish(&there);
}

static void test_a_loaded_hart_continues_as_the_saved_one(void **state)
{
    (void)state;
    check_continues(false);
    check_continues(true);
}

/* Each byte changed in two ways, and each length that is too short. */
static void check_changed_bytes(const char *model, bool run)
{
    struct bench b, other;
    size_t size, again;
    bench_init(&b, model, 1, false);
    bench_init(&other, model, 1, false);
    if (run)
        run_first_half(&b);
    uint8_t *bytes = save(&b, &size);
    for (size_t at = 0; at < size * 2; at++) {
        bytes[at / 2] ^= at & 1 ? 0x80 : 1;
        if (load(&other, bytes, size, NULL, 0)) {
            uint8_t *saved = save(&other, &again);
            assert_int_equal(size, again);
            assert_memory_equal(bytes, saved, size);
            free(saved);
        } else {
            assert_int_equal(hart_state(other.hart), HART_STOPPED);
        }
        bytes[at / 2] ^= at & 1 ? 0x80 : 1;
    }
    for (size_t n = 0; n < size; n += 7)
        assert_false(load(&other, bytes, n, NULL, 0));
    assert_true(load(&other, bytes, size, NULL, 0));
    free(bytes);
    bench_finish(&b);
    bench_finish(&other);
}

static void test_what_is_loaded_is_refused_or_exact(void **state)
{
    (void)state;
    check_changed_bytes("rv64", true);
    check_changed_bytes("rv32", false);
}

static void test_another_machine_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        unsigned harts;
        const char *why;
    } others[] = {{"rv64", 1, "another number of harts"},
                  {"rv32", 2, "harts of another width"},
                  {"rv64,sstc=off", 2, "other extensions"}};
    struct bench b, other;
    size_t size;
    bench_init(&b, "rv64", 2, false);
    uint8_t *bytes = save(&b, &size);
    for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
        char reason[200];
        bench_init(&other, others[i].model, others[i].harts, false);
        assert_false(load(&other, bytes, size, reason, sizeof(reason)));
        assert_non_null(strstr(reason, others[i].why));
        bench_finish(&other);
    }
    free(bytes);
    bench_finish(&b);
}

/* Writes a value that no hart can have into the state, and expects the reason. */
static void check_refused(struct bench *b, const char *why)
{
    struct bench other;
    size_t size;
    char reason[200];
    uint8_t *bytes = save(b, &size);
    bench_init(&other, hart_is64(b->hart) ? "rv64" : "rv32", 1, false);
    assert_false(load(&other, bytes, size, reason, sizeof(reason)));
    if (!strstr(reason, why))
        fail_msg("%s", reason);
    free(bytes);
    bench_finish(&other);
    hart_reset(b->hart);
}

static void test_impossible_values_are_refused(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, "rv64", 1, false);
    struct hart_arch *a = &b.hart->arch;
    a->priv = 2;
    check_refused(&b, "no privilege");
    a->pc = 1;
    check_refused(&b, "no address of an instruction");
    a->frm = 8;
    check_refused(&b, "no value that fcsr can have");
    a->res_addr = RAM + RAM_SIZE;
    check_refused(&b, "a reservation outside RAM");
    a->satp = UINT64_C(3) << 60;
    check_refused(&b, "no value that this CSR can have");
    a->mtvec = 2;
    check_refused(&b, "no value that this CSR can have");
    a->pmpcfg[3] = PMP_W;
    check_refused(&b, "no value that this CSR can have");
    a->mstatus = UINT64_C(2) << MPP_SHIFT;
    check_refused(&b, "no value that this CSR can have");
    a->trigger[1].data1 = 0;
    check_refused(&b, "no value that tdata can have");
    a->mip_soft = MIP_MTIP;
    check_refused(&b, "no bits that mip can have");
    atomic_store(&b.hart->irq_lines, 1);
    check_refused(&b, "no interrupt line of a hart");
    atomic_store(&b.hart->state, HART_SUSPENDED);
    check_refused(&b, "no state of a hart");
    bench_finish(&b);
}

/* An mret to such an mepc would make a pc that the next load refuses. */
static void test_rv32_has_no_more_than_32_bits(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, "rv32", 1, false);
    b.hart->arch.mepc = UINT64_C(1) << 32 | 0x100;
    check_refused(&b, "more than 32 bits in a CSR");
    b.hart->arch.sscratch = UINT64_MAX;
    check_refused(&b, "more than 32 bits in a CSR");
    b.hart->arch.trigger[0].data2 = UINT64_C(1) << 32;
    check_refused(&b, "no value that tdata can have");
    size_t size;
    trap_take(b.hart, EXC_LOAD_ACCESS, false, UINT64_MAX - 3); /* an address, sign-extended */
    uint8_t *bytes = save(&b, &size);
    assert_true(load(&b, bytes, size, NULL, 0));
    free(bytes);
    bench_finish(&b);
}

/* Without C a pc is a multiple of 4, as the mepc of a firmware that starts a hart is. */
static void test_a_start_without_c_is_aligned(void **state)
{
    (void)state;
    struct bench b;
    size_t size;
    bench_init(&b, "rv64,c=off", 1, false);
    assert_true(hart_start(b.hart, RAM + 0x12, false, 0, 0));
    hart_service(b.hart);
    assert_int_equal(hart_pc(b.hart), RAM + 0x10);
    uint8_t *bytes = save(&b, &size);
    assert_true(load(&b, bytes, size, NULL, 0));
    free(bytes);
    bench_finish(&b);
}

/* What is easily lost: locked PMP entries, triggers, stopped counters, a pending start. */
static void test_rare_state_survives(void **state)
{
    (void)state;
    struct bench b, other;
    size_t size, again;
    bench_init(&b, "rv64", 1, false);
    bench_init(&other, "rv64", 1, false);
    struct hart_arch *a = &b.hart->arch;
    for (unsigned i = 0; i < PMP_ENTRIES; i++)
        a->pmpaddr[i] = 0x1000 + i;
    a->pmpcfg[1] = PMP_L | 8 | PMP_R;
    a->pmpcfg[15] = PMP_L | 0x18 | PMP_R | PMP_X;
    a->trigger[1] = (struct trigger){UINT64_C(2) << 60 | 0x5c, 0x1234};
    a->trigger_at = 1;
    a->mcountinhibit = 4;
    b.hart->minstret_base = 77;
    b.hart->mcycle_base = 1000;
    a->mip_soft = MIP_SEIP;
    a->sbi_timer = UINT64_MAX - 12345; /* not yet due */
    assert_true(hart_start(b.hart, RAM + 0x10, true, 1, 2));
    uint8_t *bytes = save(&b, &size);
    assert_true(load(&other, bytes, size, NULL, 0));
    uint8_t *saved = save(&other, &again);
    assert_memory_equal(bytes, saved, size);
    assert_true(other.hart->triggers_on && other.hart->pmp_locked);
    assert_true(other.hart->next_timer == UINT64_MAX - 12345);
    assert_int_equal(other.hart->minstret_base, 77);
    assert_int_equal(hart_state(other.hart), HART_START_PENDING);
    free(bytes), free(saved);
    bench_finish(&b);
    bench_finish(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_loaded_hart_continues_as_the_saved_one),
        cmocka_unit_test(test_what_is_loaded_is_refused_or_exact),
        cmocka_unit_test(test_another_machine_is_refused),
        cmocka_unit_test(test_impossible_values_are_refused),
        cmocka_unit_test(test_rv32_has_no_more_than_32_bits),
        cmocka_unit_test(test_a_start_without_c_is_aligned),
        cmocka_unit_test(test_rare_state_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
