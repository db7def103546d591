/* SPDX-License-Identifier: MIT */
/*
 * Translated floating point: each row of insns.def that computes, in every rounding mode, gives the
 * value and the flags that the interpreter gives, operation by operation; a device that is read
 * between an operation and its flags computes in the host's MXCSR and raises none of the guest's.
 */
#include "cpu/csr_bits.h"
#include "cpu/engine.h"
#include "cpu/hart.h"
#include "cpu/mmu.h"
#include "jit/internal.h"
#include "kit/asm.h"
#include "unit/fpu_ops.h"

#include <immintrin.h>
#include <string.h>

#define RAM     UINT64_C(0x80000000)
#define RECORDS (RAM + 0x1000)
#define DEVICE  UINT64_C(0x10000000)
#define COUNT   300

/* What one run of the instruction reads and writes. */
struct record {
    uint64_t in[3], in_int, out, out_int, flags, unused;
};

enum format { R, I, S, B, U, J, AUIPC, SH, SYS, FL, FS, FF, FFR, FX, FXR, F4R };
enum { RV32 = 1, RV64 = 2, RVANY = RV32 | RV64, EXT_BASE = EXT_COUNT };

static const struct row {
    const char *name;
    uint32_t match, mask;
    uint8_t format, ext, xlen;
} rows[] = {
#define INSN(name, match, mask, format, ext, xlen, flags)                                          \
    {#name, match, mask, format, EXT_##ext, xlen},
#include "cpu/insns.def"
#undef INSN
};

struct side {
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct cpu *cpu;
    struct hart *hart;
    uint32_t mxcsr; /* the host's */
    unsigned reads;
};

static uint64_t device_read(void *dev, uint64_t off, unsigned size)
{
    struct side *s = dev;
    volatile double one = 1, three = 3, third = one / three;
    (void)off, (void)size, (void)third;
    assert_int_equal(_mm_getcsr() & ~0x3fu, s->mxcsr & ~0x3fu);
    return s->reads++;
}

static void device_write(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    (void)dev, (void)off, (void)val, (void)size;
}

static void side_init(struct side *s, const struct engine_ops *engine)
{
    static const struct mmio_ops ops = {
        .min_size = 4, .max_size = 4, .read = device_read, .write = device_write};
    struct error err;
    *s = (struct side){
        .mem = gmem_create(RAM, 1 << 20), .map = map_create(), .clock = vclock_create()};
    assert_true(map_add(s->map, DEVICE, 4096, &ops, s));
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
    atomic_store(&s->hart->state, HART_STARTED);
    s->mxcsr = _mm_getcsr();
}

static void side_finish(struct side *s)
{
    cpu_destroy(s->cpu);
    vclock_destroy(s->clock);
    map_destroy(s->map);
    gmem_destroy(s->mem);
}

/* Runs the instruction on all records. f and x registers of the same number are loaded, so that it
 * does not matter which of them it reads. */
static void run(struct side *s, uint32_t insn, unsigned rm, bool device, struct record *records)
{
    const uint32_t code[] = {
        0x00105073,                                   /* csrwi fflags, 0: the loop */
        0x00043587,       0x00843607,     0x01043687, /* fld fa1, fa2, fa3 from 0, 8, 16 of s0 */
        LD(A1, 24, S0),   insn,           device ? LW(A5, 0, S1) : NOP,
        0x001027f3, /* csrr a5, fflags */
        0x02e43027, /* fsd fa4, 32(s0) */
        SD(A4, 40, S0),   SD(A5, 48, S0), ADDI(S0, S0, 64),
        ADDI(A0, A0, -1), BNEZ(A0, -52),  J(0),
    };
    struct hart *h = s->hart;
    uint64_t end = h->icount + COUNT * 14 + 10;
    assert_true(gmem_write(s->mem, RAM, code, sizeof(code)));
    assert_true(gmem_write(s->mem, RECORDS, records, COUNT * sizeof(*records)));
    hart_fence_i(h);
    h->arch.pc = RAM;
    h->arch.frm = rm;
    h->arch.mstatus |= MSTATUS_FS;
    h->arch.x[S0] = RECORDS;
    h->arch.x[S1] = DEVICE;
    h->arch.x[A0] = COUNT;
    h->arch.x[A4] = h->arch.f[A4] = 0;
    hart_refresh(h);
    while (h->icount < end) {
        atomic_store(&h->limit, end);
        h->cpu->cfg.engine->run(h);
    }
    assert_int_equal(h->arch.x[A0], 0);
    assert_int_equal(_mm_getcsr() & ~0x3fu, s->mxcsr & ~0x3fu);
    assert_true(gmem_read(s->mem, RECORDS, records, COUNT * sizeof(*records)));
}

static void make_records(struct rng *g, struct record *records)
{
    static const enum type types[2][3] = {{T_S, T_S, T_S}, {T_D, T_D, T_D}};
    memset(records, 0, COUNT * sizeof(*records));
    for (unsigned n = 0; n < COUNT; n++) {
        struct record *r = &records[n];
        random_operands(g, types[n % 2], r->in);
        for (unsigned i = 0; i < 3 && n % 2 == 0; i++)
            r->in[i] |= n % 32 ? UINT64_C(0xffffffff00000000) : 0; /* some are not boxed */
        r->in_int = random_int(g);
    }
    /* inf * 0 + a quiet NaN; what unsigned conversions must not call inexact */
    records[1].in[0] = UINT64_C(0x7ff0000000000000);
    records[1].in[1] = 0;
    records[1].in[2] = UINT64_C(0x7ff8000000000000);
    records[3].in[0] = UINT64_C(0x41f2a05f20080000); /* 5e9 + 0.5 */
    records[5].in[0] = UINT64_C(0xbfe0000000000000); /* -0.5 */
}

static bool computes(const struct row *row)
{
    return row->format >= FF && (row->ext == EXT_F || row->ext == EXT_D) && (row->xlen & RV64);
}

static uint32_t word_of(const struct row *row)
{
    uint32_t operands = A4 << 7 | A1 << 15 | A2 << 20 | (uint32_t)A3 << 27;
    if (row->format == FFR || row->format == FXR || row->format == F4R)
        operands |= 7u << 12;
    if (row->format != F4R)
        operands &= ~(31u << 27);
    return row->match | (operands & ~row->mask);
}

static void check(const struct row *row, unsigned rm, struct side *native, struct side *oracle,
                  struct rng *g)
{
    struct record records[COUNT], a[COUNT], b[COUNT];
    make_records(g, records);
    memcpy(a, records, sizeof(a));
    memcpy(b, records, sizeof(b));
    run(native, word_of(row), rm, rm % 2, a);
    run(oracle, word_of(row), rm, rm % 2, b);
    for (unsigned n = 0; n < COUNT; n++)
        if (memcmp(&a[n], &b[n], sizeof(a[n])) != 0)
            fail_msg("%s, rm %u: %" PRIx64 " %" PRIx64 " %" PRIx64 " or %" PRIx64 ": f %" PRIx64
                     " x %" PRIx64 " flags %" PRIx64 ", interpreter f %" PRIx64 " x %" PRIx64
                     " flags %" PRIx64,
                     row->name, rm, records[n].in[0], records[n].in[1], records[n].in[2],
                     records[n].in_int, a[n].out, a[n].out_int, a[n].flags, b[n].out, b[n].out_int,
                     b[n].flags);
}

static void test_each_operation_has_its_value_and_flags(void **state)
{
    (void)state;
    struct side native, oracle;
    unsigned tested = 0;
    if (!jit_supported())
        return;
    struct rng g = rng_seeded("translated operations");
    side_init(&native, &jit_engine);
    side_init(&oracle, &interp_engine);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
        for (unsigned rm = 0; rm < 5 && computes(&rows[i]); rm++, tested++)
            check(&rows[i], rm, &native, &oracle, &g);
    assert_true(tested >= 5 * 50);
    assert_true(native.reads == oracle.reads && native.reads >= COUNT);
    side_finish(&native);
    side_finish(&oracle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_operation_has_its_value_and_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
