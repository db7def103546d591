/* SPDX-License-Identifier: MIT */
/* The built-in SBI on a processor that only writes down what it was asked for. */
#include "sbi/sbi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define HARTS 4
#define RAM   UINT64_C(0x80000000)

struct hart {
    unsigned id;
    uint64_t x[32];
    enum hart_state state;
    uint64_t timer, pc, opaque;
    bool ssi, stopped, suspended, retentive;
    unsigned again;
};

struct cpu {
    struct cpu_model model;
    struct hart hart[HARTS];
    uint64_t fence_i, sfence, va, size, asid;
    bool with_asid, mapped;
    uint64_t mask_in_memory;
};

/* --- the pretended processor --- */

unsigned cpu_harts(const struct cpu *cpu)
{
    (void)cpu;
    return HARTS;
}
struct hart *cpu_hart(struct cpu *cpu, unsigned id)
{
    return &cpu->hart[id];
}
const struct cpu_model *cpu_model_of(const struct cpu *cpu)
{
    return &cpu->model;
}
unsigned hart_id(const struct hart *h)
{
    return h->id;
}
uint64_t hart_reg(const struct hart *h, unsigned i)
{
    return h->x[i];
}
void hart_set_reg(struct hart *h, unsigned i, uint64_t val)
{
    h->x[i] = val;
}
void hart_set_timer(struct hart *h, uint64_t ticks)
{
    h->timer = ticks;
}
void hart_irq(struct hart *h, unsigned irq, bool level)
{
    h->ssi = irq == HART_IRQ_SSI ? level : h->ssi;
}
void hart_send_ssi(struct hart *h)
{
    h->ssi = true;
}
enum hart_state hart_state(const struct hart *h)
{
    return h->state;
}
bool hart_start(struct hart *h, uint64_t pc, bool machine_mode, uint64_t a0, uint64_t a1)
{
    if (h->state != HART_STOPPED || machine_mode || a0 != h->id)
        return false;
    h->pc = pc;
    h->opaque = a1;
    h->state = HART_STARTED;
    return true;
}
void hart_stop_self(struct hart *h)
{
    h->stopped = true;
}
void hart_again_self(struct hart *h)
{
    h->again++;
}
void hart_suspend_self(struct hart *h, bool retentive, uint64_t pc, uint64_t opaque)
{
    h->suspended = true;
    h->retentive = retentive;
    h->pc = pc;
    h->opaque = opaque;
}
void cpu_remote_fence_i(struct cpu *cpu, struct hart *from, uint64_t mask)
{
    (void)from;
    cpu->fence_i = mask;
}
void cpu_remote_sfence(struct cpu *cpu, struct hart *from, uint64_t mask, uint64_t va,
                       uint64_t size, bool with_asid, uint64_t asid)
{
    (void)from;
    cpu->sfence = mask;
    cpu->va = va;
    cpu->size = size;
    cpu->with_asid = with_asid;
    cpu->asid = asid;
}
bool hart_copy_from_virt(struct hart *h, uint64_t va, void *dst, size_t len)
{
    struct cpu *cpu = container_of(h - h->id, struct cpu, hart[0]);
    (void)va;
    memcpy(dst, &cpu->mask_in_memory, len);
    return cpu->mapped;
}

/* --- the board --- */

struct fixture {
    struct cpu cpu;
    struct gmem *mem;
    struct sbi *sbi;
    char out[2048];
    size_t written, room;
    const char *in;
    int power; /* -1: nothing; what * 2 + failed */
};

static size_t console_write(void *ctx, const uint8_t *bytes, size_t n)
{
    struct fixture *f = ctx;
    n = MIN(n, f->room - f->written);
    memcpy(f->out + f->written, bytes, n);
    f->written += n;
    return n;
}

static size_t console_read(void *ctx, uint8_t *bytes, size_t n)
{
    struct fixture *f = ctx;
    n = MIN(n, strlen(f->in));
    memcpy(bytes, f->in, n);
    f->in += n;
    return n;
}

static void power(void *ctx, enum sbi_power what, bool failed)
{
    ((struct fixture *)ctx)->power = (int)what * 2 + failed;
}

static int setup(void **state)
{
    static struct fixture f;
    const struct sbi_host host = {console_write, console_read, power, &f};
    memset(&f, 0, sizeof(f));
    f.cpu.model.xlen = 64;
    f.room = sizeof(f.out);
    f.in = "";
    f.power = -1;
    for (unsigned i = 0; i < HARTS; i++)
        f.cpu.hart[i] = (struct hart){.id = i, .state = i ? HART_STOPPED : HART_STARTED};
    f.mem = gmem_create(RAM, 1 << 20);
    f.sbi = sbi_create(f.mem, NULL, &host);
    sbi_set_cpu(f.sbi, &f.cpu);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    sbi_destroy(f->sbi);
    gmem_destroy(f->mem);
    return 0;
}

/* ecall on hart 0: the error; the value stays in a1. */
static int64_t call(struct fixture *f, uint64_t ext, uint64_t fid, uint64_t a0, uint64_t a1,
                    uint64_t a2)
{
    uint64_t *x = f->cpu.hart[0].x;
    x[10] = a0;
    x[11] = a1;
    x[12] = a2;
    x[16] = fid;
    x[17] = ext;
    sbi_ops.ecall(f->sbi, &f->cpu.hart[0]);
    return (int64_t)x[10];
}

#define BASE   0x10
#define TIME   0x54494d45
#define IPI    0x735049
#define RFENCE 0x52464e43
#define HSM    0x48534d
#define SRST   0x53525354
#define DBCN   0x4442434e
#define PMU    0x504d55
#define ALL    UINT64_MAX

static void test_base(void **state)
{
    struct fixture *f = *state;
    uint64_t *value = &f->cpu.hart[0].x[11];
    assert_int_equal(call(f, BASE, 0, 0, 0, 0), 0);
    assert_int_equal(*value, 0x2000000);
    const uint64_t present[] = {BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN, 0, 8};
    for (unsigned i = 0; i < ARRAY_SIZE(present); i++) {
        assert_int_equal(call(f, BASE, 3, present[i], 0, 0), 0);
        assert_int_equal(*value, 1);
    }
    call(f, BASE, 3, PMU, 0, 0);
    assert_int_equal(*value, 0);
    assert_int_equal(call(f, BASE, 7, 0, 0, 0), -2);
    assert_int_equal(call(f, PMU, 0, 0, 0, 0), -2);
    assert_int_equal(call(f, 9, 0, 0, 0, 0), -2);
}

static void test_masks(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(call(f, IPI, 0, 3, 1, 0), 0);
    assert_true(!f->cpu.hart[0].ssi && f->cpu.hart[1].ssi && f->cpu.hart[2].ssi);
    assert_int_equal(call(f, IPI, 0, 1, 4, 0), -3);
    assert_int_equal(call(f, IPI, 0, 2, 3, 0), -3);
    assert_int_equal(call(f, IPI, 0, UINT64_C(1) << 63, 1, 0), -3);
    assert_int_equal(call(f, IPI, 0, 0, ALL, 0), 0);
    assert_true(f->cpu.hart[0].ssi && f->cpu.hart[3].ssi);
    assert_int_equal(call(f, IPI, 1, 1, 0, 0), -2);
}

static void test_fences(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(call(f, RFENCE, 0, 5, 0, 0), 0);
    assert_int_equal(f->cpu.fence_i, 5);
    f->cpu.hart[0].x[13] = 0x2000;
    f->cpu.hart[0].x[14] = 77;
    assert_int_equal(call(f, RFENCE, 2, 0, ALL, 0x1000), 0);
    assert_int_equal(f->cpu.sfence, 15);
    assert_int_equal(f->cpu.va, 0x1000);
    assert_int_equal(f->cpu.size, 0x2000);
    assert_true(f->cpu.with_asid && f->cpu.asid == 77);
    f->cpu.hart[0].x[13] = 0;
    assert_int_equal(call(f, RFENCE, 1, 1, 0, 0), 0);
    assert_int_equal(f->cpu.size, UINT64_MAX);
    assert_false(f->cpu.with_asid);
    assert_int_equal(call(f, RFENCE, 3, 1, 0, 0), -2);
}

static void test_harts(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(call(f, HSM, 0, 9, RAM, 0), -3);
    assert_int_equal(call(f, HSM, 0, 1, 0x1000, 0), -5);
    assert_int_equal(call(f, HSM, 0, 1, RAM + 0x40, 0xabc), 0);
    assert_int_equal(f->cpu.hart[1].pc, RAM + 0x40);
    assert_int_equal(f->cpu.hart[1].opaque, 0xabc);
    assert_int_equal(call(f, HSM, 0, 1, RAM, 0), -6);
    assert_int_equal(call(f, HSM, 2, 2, 0, 0), 0);
    assert_int_equal(f->cpu.hart[0].x[11], HART_STOPPED);
    assert_int_equal(call(f, HSM, 2, 4, 0, 0), -3);
    assert_int_equal(call(f, HSM, 3, 0x80000000, 0x10, 0), -5);
    assert_int_equal(call(f, HSM, 3, 1, 0, 0), -3);
    assert_int_equal(call(f, HSM, 3, 0x10000000, 0, 0), -2);
    assert_false(f->cpu.hart[0].suspended);
    assert_int_equal(call(f, HSM, 3, 0x80000000, RAM, 5), 0);
    assert_true(f->cpu.hart[0].suspended && !f->cpu.hart[0].retentive);
    assert_int_equal(call(f, HSM, 1, 0, 0, 0), 0);
    assert_true(f->cpu.hart[0].stopped);
}

static void test_system_reset(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(call(f, SRST, 0, 3, 0, 0), -3);
    assert_int_equal(call(f, SRST, 0, 0, 2, 0), -3);
    assert_int_equal(f->power, -1);
    call(f, SRST, 0, 0, 1, 0);
    assert_int_equal(f->power, SBI_POWER_OFF * 2 + 1);
    assert_true(f->cpu.hart[0].stopped);
    call(f, SRST, 0, 1, 0, 0);
    assert_int_equal(f->power, SBI_POWER_REBOOT * 2);
}

static void test_debug_console(void **state)
{
    struct fixture *f = *state;
    uint64_t *value = &f->cpu.hart[0].x[11];
    gmem_fill(f->mem, RAM + 0x800, 'z', 1000);
    assert_int_equal(call(f, DBCN, 0, 1000, RAM + 0x800, 0), 0);
    assert_int_equal(*value, 1000);
    assert_int_equal(f->written, 1000);
    f->room = 1100;
    assert_int_equal(call(f, DBCN, 0, 1000, RAM + 0x800, 0), 0);
    assert_int_equal(*value, 100); /* what the host took */
    assert_int_equal(call(f, DBCN, 2, 'q', 0, 0), -1);
    assert_int_equal(call(f, DBCN, 0, 16, RAM + (1 << 20) - 15, 0), -3);
    assert_int_equal(call(f, DBCN, 0, ALL, RAM, 0), -3);
    assert_int_equal(call(f, DBCN, 0, 1, RAM, 1), -3);
    f->in = "hello";
    assert_int_equal(call(f, DBCN, 1, 100, RAM, 0), 0);
    assert_int_equal(*value, 5);
    assert_memory_equal(gmem_span(f->mem, RAM, 5), "hello", 5);
    assert_int_equal(call(f, DBCN, 3, 0, 0, 0), -2);
}

static void test_timer_and_rv32(void **state)
{
    struct fixture *f = *state;
    call(f, TIME, 0, 0x123456789a, 0, 0);
    assert_int_equal(f->cpu.hart[0].timer, 0x123456789a);
    f->cpu.model.xlen = 32;
    sbi_set_cpu(f->sbi, &f->cpu);
    call(f, TIME, 0, 0xffffffff80000000, 0x12, 0); /* RV32 registers are sign-extended */
    assert_int_equal(f->cpu.hart[0].timer, 0x1280000000);
    assert_int_equal(call(f, HSM, 0, 1, 0xffffffff80000040, 0), 0);
    assert_int_equal(f->cpu.hart[1].pc, RAM + 0x40);
    assert_int_equal(call(f, DBCN, 0, 4, 0xffffffff80000000, 0), 0);
    assert_int_equal(f->written, 4);
}

static void test_legacy(void **state)
{
    struct fixture *f = *state;
    f->in = "a";
    assert_int_equal(call(f, 1, 0, 'x', 99, 0), 0);
    f->room = 1; /* the terminal is full: the call is made again, with its arguments */
    assert_int_equal(call(f, 1, 0, 'y', 99, 0), 'y');
    assert_int_equal(f->cpu.hart[0].again, 1);
    f->room = sizeof(f->out);
    assert_int_equal(call(f, 1, 0, 'y', 99, 0), 0);
    assert_int_equal(f->cpu.hart[0].again, 1);
    assert_memory_equal(f->out, "xy", 2);
    assert_int_equal(f->cpu.hart[0].x[11], 99); /* a1 is the caller's */
    assert_int_equal(f->out[0], 'x');
    assert_int_equal(call(f, 2, 0, 0, 0, 0), 'a');
    assert_int_equal(call(f, 2, 0, 0, 0, 0), -1);
    f->cpu.mask_in_memory = 0xfff6;
    assert_int_equal(call(f, 4, 0, 0x1000, 0, 0), -1); /* not mapped */
    f->cpu.mapped = true;
    assert_int_equal(call(f, 4, 0, 0x1000, 0, 0), 0);
    assert_true(!f->cpu.hart[0].ssi && f->cpu.hart[1].ssi && f->cpu.hart[2].ssi);
    assert_false(f->cpu.hart[3].ssi);
    assert_int_equal(call(f, 5, 0, 0, 0, 0), 0); /* NULL: all */
    assert_int_equal(f->cpu.fence_i, 15);
    f->cpu.hart[0].ssi = true;
    call(f, 3, 0, 0, 0, 0);
    assert_false(f->cpu.hart[0].ssi);
    call(f, 8, 0, 0, 0, 0);
    assert_int_equal(f->power, SBI_POWER_OFF * 2);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_base),           TEST(test_masks),        TEST(test_fences),
        TEST(test_harts),          TEST(test_system_reset), TEST(test_debug_console),
        TEST(test_timer_and_rv32), TEST(test_legacy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
