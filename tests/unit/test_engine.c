/* SPDX-License-Identifier: MIT */
/*
 * The seam between harts and what runs their code (cpu/engine.h): engines of a few lines, which
 * count, go block by block or instruction by instruction, and leave the work to the interpreter.
 */
#include "cpu/engine.h"

#include "cpu/block.h"
#include "cpu/hart.h"
#include "host/thread.h"
#include "kit/asm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAM UINT64_C(0x80000000)

struct fixture {
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct cpu *cpu;
    struct hart *hart;
    struct host_wakeup called; /* the guest has made its SBI call */
    unsigned created, destroyed, runs, bound, forgot, steps, traps, left;
    uint16_t hot;
    bool leaves; /* hot_run: blocks that are hot stay left */
};

static void stop_at_ecall(void *ctx, struct hart *hart)
{
    struct fixture *f = ctx;
    hart_stop_self(hart);
    host_wakeup_raise(&f->called);
}

static const struct cpu_sbi_ops sbi = {.ecall = stop_at_ecall};

static void fixture_init(struct fixture *f, const struct engine_ops *engine, const char *model,
                         bool single)
{
    struct error err;
    memset(f, 0, sizeof(*f));
    f->mem = gmem_create(RAM, 1 << 20);
    f->map = map_create();
    f->clock = vclock_create();
    host_wakeup_init(&f->called);
    struct cpu_config config = {.harts = 1,
                                .single_thread = single,
                                .mem = f->mem,
                                .map = f->map,
                                .clock = f->clock,
                                .sbi = &sbi,
                                .sbi_ctx = f,
                                .engine = engine};
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

/* Runs a program until its ecall; then the hart is parked. */
static void run_program(struct fixture *f, const uint32_t *words, size_t n)
{
    assert_true(gmem_write(f->mem, RAM, words, n * sizeof(*words)));
    assert_true(hart_start(f->hart, RAM, false, 0, 0));
    assert_true(host_wakeup_wait(&f->called, HOST_FOREVER));
    cpu_park(f->cpu);
}

/* Adds 9 + 8 + ... + 0. */
static const uint32_t sum[] = {
    LI(S0, 10), ADDI(S0, S0, -1), ADD(A0, A0, S0), BNEZ(S0, -8), ECALL, J(0),
};
#define SUM_INSNS (1 + 3 * 10 + 1)

/* --- an engine that counts --- */

static void *count_create(struct cpu *cpu)
{
    struct fixture *f = cpu->cfg.sbi_ctx;
    f->created++;
    return f;
}

static void count_destroy(void *engine)
{
    struct fixture *f = engine;
    f->destroyed++;
}

static void count_run(struct hart *h)
{
    struct fixture *f = h->cpu->engine;
    f->runs++;
    interp_run(h);
}

static void count_bind(struct hart *h, struct block *b)
{
    struct fixture *f = h->cpu->engine;
    f->bound++;
    assert_null(b->native);
    assert_int_equal(b->heat, 0);
    interp_bind(h, b);
}

static void count_forget(struct hart *h)
{
    struct fixture *f = h->cpu->engine;
    f->forgot++;
}

static const struct engine_ops counting = {.create = count_create,
                                           .destroy = count_destroy,
                                           .run = count_run,
                                           .bind = count_bind,
                                           .forget = count_forget};

static void test_an_engine_is_made_run_and_ended(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, &counting, "rv64", false);
    assert_int_equal(f.created, 1);
    run_program(&f, sum, ARRAY_SIZE(sum));
    assert_int_equal(hart_reg(f.hart, 10), 45);
    assert_true(f.runs >= 1);
    assert_int_equal(f.bound, 2); /* the program, and the loop's head */
    assert_int_equal(f.forgot, 0);
    cpu_reset(f.cpu);
    assert_int_equal(f.forgot, 1);
    fixture_finish(&f);
    assert_int_equal(f.destroyed, 1);
}

static void *no_memory(struct cpu *cpu)
{
    (void)cpu;
    return NULL;
}

static void test_without_memory_for_the_engine_there_is_no_cpu(void **state)
{
    (void)state;
    const struct engine_ops poor = {
        .create = no_memory, .destroy = count_destroy, .run = interp_run, .bind = interp_bind};
    struct gmem *mem = gmem_create(RAM, 1 << 20);
    struct map *map = map_create();
    struct vclock *clock = vclock_create();
    const struct cpu_config config = {
        .model = {64, 0}, .harts = 2, .mem = mem, .map = map, .clock = clock, .engine = &poor};
    assert_null(cpu_create(&config));
    vclock_destroy(clock);
    map_destroy(map);
    gmem_destroy(mem);
}

/* --- an engine that goes block by block --- */

/* As a translator would for its heat: each block is looked up, counted, and interpreted alone. */
static void block_run(struct hart *h)
{
    for (;;) {
        uint64_t limit = atomic_load(&h->limit), one = h->icount + 1;
        if (limit <= h->icount)
            return;
        struct block *b = block_next(h, h->arch.pc, NULL, NULL);
        assert_non_null(b);
        b->native = b;
        b->heat++;
        if (!atomic_compare_exchange_strong(&h->limit, &limit, one))
            return;
        interp_run(h);
        atomic_compare_exchange_strong(&h->limit, &one, limit);
    }
}

static const struct engine_ops blockwise = {.run = block_run, .bind = interp_bind};

static void test_blocks_have_room_for_an_engine(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, &blockwise, "rv64", false);
    run_program(&f, sum, ARRAY_SIZE(sum));
    assert_int_equal(hart_reg(f.hart, 10), 45);
    const struct block *whole = block_next(f.hart, RAM, NULL, NULL);
    const struct block *loop = block_next(f.hart, RAM + 4, NULL, NULL);
    assert_int_equal(whole->heat, 1);
    assert_int_equal(loop->heat, 9);
    assert_ptr_equal(loop->native, loop);
    fixture_finish(&f);
}

static void test_a_block_keeps_the_ids_of_its_instructions(void **state)
{
    (void)state;
    static const uint16_t expected[] = {INSN_addi, INSN_addi, INSN_add, INSN_bne, INSN_ecall};
    struct fixture f;
    fixture_init(&f, &interp_engine, "rv64", false);
    run_program(&f, sum, ARRAY_SIZE(sum));
    const struct block *b = block_next(f.hart, RAM, NULL, NULL);
    assert_int_equal(b->insns, ARRAY_SIZE(expected));
    assert_memory_equal(block_ids(b), expected, sizeof(expected));
    assert_memory_equal(block_src(b), sum, b->bytes);
    const struct block_pos at = block_position(b, &b->ops[5]); /* behind bne's link */
    assert_int_equal(at.index, 4);
    assert_int_equal(at.bytes, 16);
    fixture_finish(&f);
}

/* --- an engine that has runs counted --- */

/* A block that the interpreter leaves to it stays left from then on, and is executed by single
 * steps; or (with f->leaves false) it becomes plain. */
static void hot_run(struct hart *h)
{
    struct fixture *f = h->cpu->engine;
    for (;;) {
        interp_run(h);
        f->runs++;
        uint64_t limit = atomic_load(&h->limit);
        if (h->icount >= limit)
            return;
        struct block *b = block_next(h, h->arch.pc, NULL, NULL);
        assert_non_null(b);
        assert_true(b->heat >= h->hot);
        assert_int_equal(block_pa(b), h->arch.pc); /* addresses are not translated */
        assert_true(block_exists(h, h->arch.pc));
        f->left++;
        if (f->leaves) {
            interp_bind_leave(h, b);
            assert_true(interp_step(h)); /* "native code" of one instruction */
        } else {
            interp_bind_plain(b);
        }
    }
}

static void hot_bind(struct hart *h, struct block *b)
{
    struct fixture *f = h->cpu->engine;
    f->bound++;
    h->hot = f->hot;
    interp_bind_counting(h, b);
    assert_ptr_not_equal(b->first, b->ops[0].handler);
}

static const struct engine_ops hot = {
    .create = count_create, .destroy = count_destroy, .run = hot_run, .bind = hot_bind};

static uint64_t run_hot(struct fixture *f, const char *model, uint16_t heat, bool leaves)
{
    fixture_init(f, &hot, model, true);
    f->hot = heat;
    f->leaves = leaves;
    run_program(f, sum, ARRAY_SIZE(sum));
    assert_int_equal(hart_reg(f->hart, 10), 45);
    return f->hart->icount;
}

static void test_a_block_is_left_when_it_is_hot(void **state)
{
    (void)state;
    static const char *const models[] = {"rv64", "rv32"};
    for (unsigned i = 0; i < ARRAY_SIZE(models); i++) {
        struct fixture f;
        assert_int_equal(run_hot(&f, models[i], 4, false), SUM_INSNS);
        assert_int_equal(f.left, 1); /* the loop's head, once; then it is plain */
        assert_int_equal(block_next(f.hart, RAM, NULL, NULL)->heat, 1);
        assert_int_equal(block_next(f.hart, RAM + 4, NULL, NULL)->heat, 4);
        fixture_finish(&f);
        assert_int_equal(run_hot(&f, models[i], 4, true), SUM_INSNS);
        /* from the fourth entry on, each of the loop's head and of the block behind its step */
        assert_int_equal(f.left, (9 - 3) + (6 - 3));
        fixture_finish(&f);
    }
}

/* At heat 1 every block is left before it has run; one begins with a system instruction. */
static void test_heat_1_leaves_each_block_at_once(void **state)
{
    (void)state;
    for (unsigned leaves = 0; leaves < 2; leaves++) {
        struct fixture f;
        assert_int_equal(run_hot(&f, "rv64", 1, leaves), SUM_INSNS);
        assert_true(f.left >= 2);
        f.hart->arch.pc = RAM + 16;
        atomic_store(&f.hart->limit, f.hart->icount + 1);
        hot_run(f.hart);
        assert_int_equal(hart_pc(f.hart), RAM + 20);
        assert_int_equal(f.hart->icount, SUM_INSNS + 1);
        fixture_finish(&f);
    }
}

static void test_only_blocks_that_hold_exist(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t nop = NOP;
    fixture_init(&f, &interp_engine, "rv64", false);
    run_program(&f, sum, ARRAY_SIZE(sum));
    assert_true(block_exists(f.hart, RAM) && block_exists(f.hart, RAM + 4));
    assert_false(block_exists(f.hart, RAM + 8)); /* no jump leads there */
    f.hart->fp_on = !f.hart->fp_on;
    assert_false(block_exists(f.hart, RAM));
    f.hart->fp_on = !f.hart->fp_on;
    struct block *b = block_next(f.hart, RAM, NULL, NULL);
    assert_true(gmem_write(f.mem, RAM + 8, &nop, 4));
    hart_fence_i(f.hart);
    assert_ptr_equal(block_next(f.hart, RAM, NULL, NULL), b);
    assert_true(b->epoch < f.hart->code_epoch);
    assert_false(block_verify(f.hart, b, RAM));
    assert_false(block_exists(f.hart, RAM));
    assert_true(block_exists(f.hart, RAM + 4)); /* as long as none looks */
    fixture_finish(&f);
}

/* --- epochs --- */

/* Two harts, which do not run: a fence of one, and one for the other. */
static void test_harts_share_a_code_epoch(void **state)
{
    (void)state;
    struct error err;
    struct gmem *mem = gmem_create(RAM, 1 << 20);
    struct map *map = map_create();
    struct vclock *clock = vclock_create();
    struct cpu_config config = {
        .harts = 2, .mem = mem, .map = map, .clock = clock, .engine = &interp_engine};
    assert_true(cpu_model_parse("rv64", &config.model, &err));
    struct cpu *cpu = cpu_create(&config);
    struct hart *a = cpu_hart(cpu, 0), *b = cpu_hart(cpu, 1);
    uint64_t first = a->code_epoch;
    assert_true(first >= 1 && b->code_epoch == first);
    hart_fence_i(a);
    assert_true(a->code_epoch == first + 1 && b->code_epoch == first);
    hart_fence_i(b);
    assert_true(a->code_epoch == first + 1 && b->code_epoch == first + 2);
    cpu_remote_fence_i(cpu, NULL, 3);
    hart_apply_fences(a);
    hart_apply_fences(b);
    assert_true(a->code_epoch == first + 3 && b->code_epoch == first + 3);
    cpu_destroy(cpu);
    vclock_destroy(clock);
    map_destroy(map);
    gmem_destroy(mem);
}

/* --- an engine that goes instruction by instruction --- */

static void step_run(struct hart *h)
{
    struct fixture *f = h->cpu->engine;
    for (;;) {
        uint64_t before = h->icount, traps = counter_get(&h->counts.traps);
        if (!interp_step(h))
            return;
        f->steps++;
        f->traps += (unsigned)(counter_get(&h->counts.traps) - traps);
        assert_true(h->icount == before + 1);
    }
}

static const struct engine_ops stepping = {
    .create = count_create, .destroy = count_destroy, .run = step_run, .bind = count_bind};

static void test_a_step_is_one_instruction(void **state)
{
    (void)state;
    static const char *const models[] = {"rv64", "rv32", "rv64,c=off"};
    for (unsigned i = 0; i < 2 * ARRAY_SIZE(models); i++) {
        struct fixture f;
        fixture_init(&f, &stepping, models[i / 2], i & 1);
        run_program(&f, sum, ARRAY_SIZE(sum));
        assert_int_equal(hart_reg(f.hart, 10), 45);
        assert_int_equal(f.steps, SUM_INSNS);
        assert_int_equal(f.bound, 0); /* no other block was decoded */
        fixture_finish(&f);
    }
}

/* Jumps, a call and a return, a load that faults, and the handler's way back. */
static void test_steps_jump_and_trap(void **state)
{
    (void)state;
    static const uint32_t program[] = {
        AUIPC(T0, 0),
        ADDI(T0, T0, 44),
        CSRW(CSR_STVEC, T0),
        JAL(RA, 16),
        LD(S2, 0, ZERO), /* faults */
        ADDI(A0, A0, 1),
        ECALL,
        ADDI(A0, A0, 16),
        RET,
        NOP,
        NOP,
        CSRR(A1, CSR_SEPC), /* the handler, at 44 */
        ADDI(A1, A1, 4),
        CSRW(CSR_SEPC, A1),
        LI(A2, 0x100),
        CSRC(CSR_SSTATUS, A2), /* no, SPP stays: to S-mode */
        CSRS(CSR_SSTATUS, A2),
        SRET,
    };
    static const unsigned executed = 4 + 2 + 7 + 2;
    struct fixture f;
    fixture_init(&f, &stepping, "rv64", false);
    run_program(&f, program, ARRAY_SIZE(program));
    assert_int_equal(hart_reg(f.hart, 10), 17);
    assert_int_equal(hart_reg(f.hart, 11), RAM + 20);
    assert_int_equal(f.traps, 1);
    assert_int_equal(f.steps, executed + f.traps);
    fixture_finish(&f);
}

/* A step that may not run does nothing, and one that may leaves the limit as it was. */
static void test_a_step_heeds_the_limit(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, &interp_engine, "rv64", false);
    run_program(&f, sum, ARRAY_SIZE(sum));
    struct hart *h = f.hart;
    h->arch.pc = RAM;
    atomic_store(&h->limit, h->icount);
    assert_false(interp_step(h));
    assert_int_equal(h->arch.pc, RAM);
    uint64_t limit = h->icount + 100;
    atomic_store(&h->limit, limit);
    assert_true(interp_step(h));
    assert_int_equal(h->arch.pc, RAM + 4);
    assert_int_equal(hart_reg(h, 8), 10);
    assert_int_equal(atomic_load(&h->limit), limit);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_engine_is_made_run_and_ended),
        cmocka_unit_test(test_without_memory_for_the_engine_there_is_no_cpu),
        cmocka_unit_test(test_blocks_have_room_for_an_engine),
        cmocka_unit_test(test_a_block_keeps_the_ids_of_its_instructions),
        cmocka_unit_test(test_a_block_is_left_when_it_is_hot),
        cmocka_unit_test(test_heat_1_leaves_each_block_at_once),
        cmocka_unit_test(test_only_blocks_that_hold_exist),
        cmocka_unit_test(test_harts_share_a_code_epoch),
        cmocka_unit_test(test_a_step_is_one_instruction),
        cmocka_unit_test(test_steps_jump_and_trap),
        cmocka_unit_test(test_a_step_heeds_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
