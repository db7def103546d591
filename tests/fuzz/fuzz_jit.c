/* SPDX-License-Identifier: MIT */
/*
 * The translator against the interpreter. Two harts with the same memory start the same program
 * (jit_program.c). One runs in translated code until its limit or until it leaves by itself; the other
 * is interpreted to the same instruction, and everything that a guest can see must be the same: the
 * architectural state, memory, and what a device saw and from which pc.
 *
 * A program that differs is reduced: instructions are replaced by nops as long as it still differs.
 * What is left is printed, and the input is written to fuzz_jit.input, by which
 * `fuzz_jit_replay fuzz_jit.input` repeats it.
 */
#include "cpu/engine.h"
#include "cpu/mmu.h"
#include "cpu/pmp.h"
#include "fuzz/jit_program.h"
#include "jit/internal.h"

#define CODE_CACHE (UINT64_C(2) << 20)
#define OVERSHOOT  600 /* steps that translated code may do beyond its limit */

/* A device whose registers tell what was read and written before. */
struct device {
    struct hart *hart;
    uint64_t seen; /* a hash of all accesses */
    unsigned accesses;
};

struct side {
    struct gmem *mem;
    struct cpu *cpu;
    struct hart *hart;
    struct device device;
};

/* The two sides of a model; they live as long as the process. */
struct bench {
    const char *model;
    struct side native, oracle;
    struct hart_arch reset;
};

/* --- the harts --- */

static void note(struct device *d, uint64_t off, uint64_t val, unsigned size)
{
    d->accesses++;
    d->seen = (d->seen ^ off ^ val << 16 ^ (uint64_t)size << 60) * UINT64_C(0x9e3779b97f4a7c15);
    d->seen ^= hart_store_pc(d->hart);
    d->seen ^= d->seen >> 29;
}

static uint64_t device_read(void *dev, uint64_t off, unsigned size)
{
    struct device *d = dev;
    note(d, off, 0, size);
    volatile double one = 1, three = 3, third = one / three; /* a device may compute */
    return d->seen ^ (third > 1);
}

static void device_write(void *dev, uint64_t off, uint64_t val, unsigned size)
{
    struct device *d = dev;
    note(d, off, val, size);
    if (off % 64 == 8)
        atomic_store(&d->hart->limit, 0);
}

static void side_init(struct side *s, const char *model, const struct engine_ops *engine)
{
    static const struct mmio_ops ops = {
        .min_size = 1, .max_size = 8, .read = device_read, .write = device_write};
    struct error err;
    struct map *map = map_create();
    struct vclock *clock = vclock_create();
    vclock_stop(clock);
    vclock_set_ticks(clock, 0);
    s->mem = gmem_create(RAM, RAM_SIZE);
    FUZZ_CHECK(map_add(map, DEVICE, 4096, &ops, &s->device));
    struct cpu_config config = {.harts = 1,
                                .mem = s->mem,
                                .map = map,
                                .clock = clock,
                                .engine = engine,
                                .engine_hot = 1,
                                .engine_memory = CODE_CACHE};
    FUZZ_CHECK(cpu_model_parse(model, &config.model, &err));
    s->cpu = cpu_create(&config);
    FUZZ_CHECK(s->cpu);
    s->hart = s->device.hart = cpu_hart(s->cpu, 0);
}

static struct bench *bench_of(unsigned n)
{
    static struct bench benches[] = {{.model = "rv64"}, {.model = "rv32"}, {.model = "rv64,c=off"}};
    struct bench *b = &benches[n % ARRAY_SIZE(benches)];
    if (!b->native.cpu) {
        side_init(&b->native, b->model, &jit_engine);
        side_init(&b->oracle, b->model, &interp_engine);
        b->reset = b->native.hart->arch;
    }
    return b;
}

static void side_start(struct side *s, const struct program *p, uint64_t icount)
{
    struct hart *h = s->hart;
    if (p->afresh)
        hart_reset(h);
    for (unsigned i = 0; i < IMAGE_PAGES; i++)
        memcpy(gmem_span(s->mem, image_pa(i), 4096), p->image + i * 4096, 4096);
    hart_fence_i(h);
    h->icount = icount;
    h->minstret_base = h->mcycle_base = -(int64_t)hart_retired(h);
    h->arch = p->arch;
    h->fp_dirty = h->triggers_on = false;
    pmp_changed(h);
    hart_timer_update(h);
    atomic_store(&h->state, HART_STARTED);
    s->device = (struct device){.hart = h};
}

/* --- a leg: up to a comparison --- */

static void run_native(struct hart *h, unsigned steps)
{
    atomic_store(&h->limit, h->icount + steps);
    jit_engine.run(h);
}

/* The interpreter ends between two blocks: the last steps are single ones. */
static void run_oracle(struct hart *h, uint64_t until)
{
    while (h->icount + BLOCK_MAX_INSNS < until) {
        atomic_store(&h->limit, until - BLOCK_MAX_INSNS);
        interp_run(h);
    }
    while (h->icount < until) {
        atomic_store(&h->limit, until);
        interp_step(h);
    }
}

static bool same_memory(const struct side *a, const struct side *b)
{
    for (unsigned i = 0; i < IMAGE_PAGES; i++)
        if (memcmp(gmem_span(a->mem, image_pa(i), 4096), gmem_span(b->mem, image_pa(i), 4096),
                   4096))
            return false;
    return true;
}

static bool same_state(const struct side *a, const struct side *b)
{
    hart_refresh(a->hart);
    hart_refresh(b->hart);
    a->hart->arch.x[32] = b->hart->arch.x[32] = 0;
    a->hart->arch.wfi = b->hart->arch.wfi = false;
    return !memcmp(&a->hart->arch, &b->hart->arch, sizeof(a->hart->arch)) &&
           a->hart->icount == b->hart->icount && hart_retired(a->hart) == hart_retired(b->hart) &&
           a->device.seen == b->device.seen;
}

enum result { SAME, STATE, MEMORY, LATE };

static enum result run_program(struct bench *b, const struct program *p)
{
    struct hart *native = b->native.hart, *oracle = b->oracle.hart;
    struct jit *j = b->native.cpu->engine;
    uint64_t icount = native->icount;
    native->hot = p->hot;
    j->cold = p->cold;
    side_start(&b->native, p, icount);
    side_start(&b->oracle, p, icount);
    for (unsigned i = 0; i < p->legs; i++) {
        uint64_t end = native->icount + p->leg[i];
        run_native(native, p->leg[i]);
        if (native->icount > end + OVERSHOOT)
            return LATE;
        run_oracle(oracle, native->icount);
        if (!same_state(&b->native, &b->oracle))
            return STATE;
        if (!same_memory(&b->native, &b->oracle))
            return MEMORY;
    }
    return SAME;
}

/* --- what differs --- */

static void print_code(const struct bench *b, const struct program *p)
{
    for (unsigned i = 0; i < p->insns; i++) {
        uint32_t word = 0;
        struct op op;
        memcpy(&word, p->image + p->insn[i].at, p->insn[i].len);
        if (word == 0x13 || word == 1)
            continue;
        enum insn_id id = decode(b->oracle.cpu->decoder, word, 0, true, &op);
        printf("  %5x: %0*x %-12s rd %u rs1 %u rs2 %u imm %d\n", p->insn[i].at, p->insn[i].len * 2,
               word, insn_name(id), op.rd, op.rs1, op.rs2, op.imm);
    }
}

static void print_word(const char *name, unsigned i, uint64_t was, uint64_t a, uint64_t b)
{
    if (a != b)
        printf("  %s%u: native %llx, interpreter %llx, at the start %llx\n", name, i,
               (unsigned long long)a, (unsigned long long)b, (unsigned long long)was);
}

static void print_difference(const struct bench *b, const struct program *p)
{
    const struct hart *n = b->native.hart, *o = b->oracle.hart;
    for (unsigned i = 0; i < 32; i++)
        print_word("x", i, p->arch.x[i], n->arch.x[i], o->arch.x[i]);
    for (unsigned i = 0; i < 32; i++)
        print_word("f", i, p->arch.f[i], n->arch.f[i], o->arch.f[i]);
    const uint64_t *a = (const uint64_t *)(const void *)&n->arch;
    const uint64_t *c = (const uint64_t *)(const void *)&o->arch;
    for (unsigned i = 0; i < sizeof(n->arch) / 8; i++)
        if (i < 33 || (i > 33 && i - 34 >= 32))
            print_word("word of struct hart_arch ", i, 0, a[i], c[i]);
    print_word("pc", 0, p->arch.pc, n->arch.pc, o->arch.pc);
    print_word("icount", 0, 0, n->icount, o->icount);
    print_word("retired", 0, 0, hart_retired(n), hart_retired(o));
    print_word("device accesses", 0, 0, b->native.device.accesses, b->oracle.device.accesses);
    for (unsigned i = 0; i < IMAGE_PAGES; i++) {
        const uint8_t *x = gmem_span(b->native.mem, image_pa(i), 4096);
        const uint8_t *y = gmem_span(b->oracle.mem, image_pa(i), 4096);
        for (unsigned k = 0; k < 4096; k++)
            if (x[k] != y[k]) {
                printf("  memory at page %u + %x: native %02x, interpreter %02x\n", i, k, x[k],
                       y[k]);
                break;
            }
    }
}

/* The same on sides of its own, so that nothing of earlier programs counts. */
static enum result run_alone(const struct bench *b, const struct program *p, struct bench *alone)
{
    *alone = (struct bench){.model = b->model};
    side_init(&alone->native, b->model, &jit_engine);
    side_init(&alone->oracle, b->model, &interp_engine);
    return run_program(alone, p);
}

static void side_finish(struct side *s)
{
    struct map *map = s->cpu->cfg.map;
    struct vclock *clock = s->cpu->cfg.clock;
    cpu_destroy(s->cpu);
    vclock_destroy(clock);
    map_destroy(map);
    gmem_destroy(s->mem);
}

static bool still_differs(const struct bench *b, const struct program *p)
{
    struct bench alone;
    enum result r = run_alone(b, p, &alone);
    side_finish(&alone.native);
    side_finish(&alone.oracle);
    return r != SAME;
}

static void reduce(const struct bench *b, struct program *p)
{
    struct program tried;
    while (p->legs > 1) {
        tried = *p;
        tried.legs--;
        if (!still_differs(b, &tried))
            break;
        *p = tried;
    }
    for (unsigned i = p->insns; i-- > 0;) {
        tried = *p;
        program_drop(&tried, i);
        if (still_differs(b, &tried))
            *p = tried;
    }
}

static void report(const struct bench *b, struct program *p, enum result r, const uint8_t *data,
                   size_t size)
{
    static const char *const what[] = {"", "state", "memory", "no end at the limit"};
    printf("fuzz_jit: %s, %s, hot %u%s%s, priv %u\n", b->model, what[r], p->hot,
           p->cold ? ", cold" : "", p->paged ? ", paged" : "", p->arch.priv);
    print_difference(b, p);
    FILE *f = fopen("fuzz_jit.input", "wb");
    if (f) {
        fwrite(data, 1, size, f);
        fclose(f);
        printf("to repeat it: fuzz_jit_replay fuzz_jit.input\n");
    }
    if (still_differs(b, p)) {
        struct bench alone;
        reduce(b, p);
        printf("reduced, %u legs from pc %llx:\n", p->legs, (unsigned long long)p->arch.pc);
        print_code(b, p);
        if (run_alone(b, p, &alone) != SAME)
            print_difference(&alone, p);
    } else {
        printf("only after the inputs before it:\n");
        print_code(b, p);
    }
    fflush(stdout);
    __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct program p;
    struct fuzz_input in = {data, size};
    if (!jit_supported())
        return 0;
    struct bench *b = bench_of(fuzz_u8(&in));
    program_make(&p, &in, &b->reset, &b->native.cpu->cfg.model);
    enum result r = run_program(b, &p);
    if (r != SAME)
        report(b, &p, r, data, size);
    return 0;
}
