/* SPDX-License-Identifier: MIT */
/*
 * Saved state of a hart, made by anyone: bytes are written over the state of a hart at work, and that
 * is loaded. If it is refused, the hart is stopped. If not, it is saved again as the same bytes, the
 * hart runs, and whatever its state is then can be saved and loaded, too.
 *
 * Input: the number of a model, then patches: an offset (16 bits), a length (8 bits) and the bytes.
 */
#include "base/blob.h"
#include "cpu/engine.h"
#include "cpu/hart.h"
#include "fuzz/fuzz.h"
#include "kit/asm.h"

#define RAM       UINT64_C(0x80000000)
#define RAM_SIZE  (UINT64_C(1) << 14)
#define RUNS      4
#define STEPS     64
#define MAX_STATE 4096 /* bytes */

/* One for each model; they live as long as the process. */
struct bench {
    const char *model;
    bool sbi;
    struct gmem *mem;
    struct cpu *cpu;
    uint8_t good[MAX_STATE]; /* the state of a hart at work */
    size_t size;
};

static void ecall(void *ctx, struct hart *hart)
{
    (void)ctx;
    hart_stop_self(hart);
}

static size_t save(struct bench *b, uint8_t state[MAX_STATE])
{
    struct blob_out out = {0};
    cpu_save(b->cpu, &out);
    size_t size = out.size;
    FUZZ_CHECK(!out.failed && size <= MAX_STATE);
    memcpy(state, out.bytes, size);
    blob_out_finish(&out);
    return size;
}

static bool load(struct bench *b, const uint8_t *state, size_t size)
{
    struct blob_in in;
    blob_in_init(&in, state, size);
    bool good = cpu_load(b->cpu, &in);
    FUZZ_CHECK(good == !in.error);
    return good && blob_in_done(&in);
}

static void make_good(struct bench *b)
{
    struct hart *h = cpu_hart(b->cpu, 0);
    h->arch.pc = h->arch.sepc = h->arch.mepc = h->arch.stvec = h->arch.mtvec = RAM;
    h->arch.x[T1] = hart_is64(h) ? RAM + 0x100 : (uint64_t)(int32_t)(RAM + 0x100);
    atomic_store(&h->state, HART_STARTED);
    b->size = save(b, b->good);
    FUZZ_CHECK(load(b, b->good, b->size));
}

static void bench_init(struct bench *b)
{
    static const struct cpu_sbi_ops sbi = {.ecall = ecall};
    struct error err;
    struct vclock *clock = vclock_create();
    vclock_stop(clock);
    b->mem = gmem_create(RAM, RAM_SIZE);
    struct cpu_config config = {.harts = 1,
                                .mem = b->mem,
                                .map = map_create(),
                                .clock = clock,
                                .sbi = b->sbi ? &sbi : NULL,
                                .engine = &interp_engine};
    FUZZ_CHECK(cpu_model_parse(b->model, &config.model, &err));
    b->cpu = cpu_create(&config);
    FUZZ_CHECK(b->cpu);
    make_good(b);
}

static struct bench *bench_of(unsigned n)
{
    static struct bench benches[] = {{.model = "rv64", .sbi = true},
                                     {.model = "rv64,c=off"},
                                     {.model = "rv32", .sbi = true},
                                     {.model = "rv32,sstc=off"}};
    struct bench *b = &benches[n % ARRAY_SIZE(benches)];
    if (!b->cpu)
        bench_init(b);
    return b;
}

/* All over RAM, so that there is something to do at any pc in it. */
static void fill_ram(struct bench *b)
{
    static const uint32_t code[] = {
        0x1003242f, /* lr.w s0, (t1) */
        LW(T0, 0, T1),
        CSRRW(T2, CSR_SEPC, T0),
        0x1883252f, /* sc.w a0, s0, (t1) */
        SFENCE_VMA(ZERO, ZERO),
        CSRRS(T1, CSR_STVEC, ZERO),
        0x30200073, /* mret */
        SRET,
        0x003170d3, /* fadd.s ft1, ft2, ft3, by frm */
        WFI,
        ECALL,
        SW(T2, 8, T1),
    };
    for (uint64_t at = 0; at < RAM_SIZE; at += 4)
        FUZZ_CHECK(gmem_write(b->mem, RAM + at, &code[at / 4 % ARRAY_SIZE(code)], 4));
}

static void run(struct hart *h)
{
    for (unsigned i = 0; i < RUNS; i++) {
        hart_service(h);
        if (hart_runnable(h))
            hart_run(h, h->icount + STEPS);
    }
}

static size_t patched(struct fuzz_input *in, const struct bench *b, uint8_t state[MAX_STATE])
{
    memcpy(state, b->good, b->size);
    while (in->left) {
        size_t at = fuzz_u16(in), n = fuzz_u8(in) % 16;
        if (at >= b->size) /* cut off */
            return at % b->size;
        fuzz_bytes(in, state + at, n < b->size - at ? n : b->size - at);
    }
    return b->size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t state[MAX_STATE], again[MAX_STATE];
    struct bench *b = bench_of(fuzz_u8(&in));
    fill_ram(b);
    size_t n = patched(&in, b, state);
    if (!load(b, state, n)) {
        FUZZ_CHECK(hart_state(cpu_hart(b->cpu, 0)) == HART_STOPPED);
        return 0;
    }
    FUZZ_CHECK(save(b, again) == n && !memcmp(state, again, n));
    run(cpu_hart(b->cpu, 0));
    n = save(b, state);
    FUZZ_CHECK(load(b, state, n));
    FUZZ_CHECK(save(b, again) == n && !memcmp(state, again, n));
    return 0;
}
