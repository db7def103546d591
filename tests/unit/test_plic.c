/* SPDX-License-Identifier: MIT */
#include "dev/plic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define PRIORITY(n)  (4 * (n))
#define PENDING(w)   (0x1000 + 4 * (w))
#define ENABLE(c, w) (0x2000 + 0x80 * (c) + 4 * (w))
#define THRESHOLD(c) (0x200000 + 0x1000 * (c))
#define CLAIM(c)     (0x200004 + 0x1000 * (c))

struct fixture {
    struct plic *plic;
    bool out[4];
};

static void set_out(void *ctx, unsigned n, bool level)
{
    ((bool *)ctx)[n] = level;
}

static int setup(void **state)
{
    static struct fixture f;
    struct irq_line out[4];
    for (unsigned i = 0; i < 4; i++) {
        f.out[i] = false;
        out[i] = (struct irq_line){set_out, f.out, i};
    }
    f.plic = plic_create(4, out);
    *state = &f;
    return !f.plic;
}

static int teardown(void **state)
{
    plic_chip.destroy(((struct fixture *)*state)->plic);
    return 0;
}

static void put(struct fixture *f, uint64_t off, uint32_t val)
{
    plic_chip.mmio->write(f->plic, off, val, 4);
}

static uint32_t get(struct fixture *f, uint64_t off)
{
    return (uint32_t)plic_chip.mmio->read(f->plic, off, 4);
}

static void level(struct fixture *f, unsigned n, bool on)
{
    struct irq_line line = plic_line(f->plic, n);
    irq_set(&line, on);
}

static void test_claim_and_complete(void **state)
{
    struct fixture *f = *state;
    put(f, PRIORITY(10), 1);
    put(f, ENABLE(1, 0), 1 << 10);
    level(f, 10, true);
    assert_true(f->out[1]);
    assert_false(f->out[0]);
    assert_int_equal(get(f, PENDING(0)), 1 << 10);
    assert_int_equal(get(f, CLAIM(1)), 10);
    assert_false(f->out[1]);
    assert_int_equal(get(f, CLAIM(1)), 0);
    put(f, CLAIM(1), 10); /* the level is still up, but nothing is new */
    assert_false(f->out[1]);
    level(f, 10, true); /* a new event */
    assert_int_equal(get(f, CLAIM(1)), 10);
    level(f, 10, true); /* and one while it is claimed */
    assert_false(f->out[1]);
    assert_int_equal(get(f, CLAIM(1)), 0);
    put(f, CLAIM(1), 10);
    assert_true(f->out[1]);
    assert_int_equal(get(f, CLAIM(1)), 10);
    level(f, 10, false);
    put(f, CLAIM(1), 10);
    assert_false(f->out[1]);
    level(f, 10, true); /* not claimed: withdrawn with its level */
    level(f, 10, false);
    assert_false(f->out[1]);
}

static void test_completion_needs_enable(void **state)
{
    struct fixture *f = *state;
    put(f, PRIORITY(3), 1);
    put(f, ENABLE(1, 0), 1 << 3);
    level(f, 3, true);
    assert_int_equal(get(f, CLAIM(1)), 3);
    put(f, ENABLE(1, 0), 0);
    put(f, CLAIM(1), 3);
    put(f, CLAIM(1), 4000000000u);
    put(f, CLAIM(3), 3);
    level(f, 3, true);
    put(f, ENABLE(1, 0), 1 << 3);
    assert_false(f->out[1]); /* still claimed */
    put(f, CLAIM(1), 3);
    assert_true(f->out[1]);
}

static void test_priorities_and_thresholds(void **state)
{
    struct fixture *f = *state;
    put(f, ENABLE(3, 0), ~0u);
    put(f, ENABLE(3, 3), ~0u);
    assert_int_equal(get(f, ENABLE(3, 0)), ~1u);
    assert_int_equal(get(f, ENABLE(3, 3)), 1); /* source 96 is the last */
    level(f, 5, true);
    level(f, 96, true);
    assert_false(f->out[3]); /* priority 0 never interrupts */
    put(f, PRIORITY(5), 2);
    put(f, PRIORITY(96), 2);
    put(f, THRESHOLD(3), 2);
    assert_false(f->out[3]);
    put(f, THRESHOLD(3), 1);
    assert_true(f->out[3]);
    assert_int_equal(get(f, CLAIM(3)), 5); /* ties: the lower number */
    put(f, PRIORITY(96), 0xff);
    assert_int_equal(get(f, PRIORITY(96)), 7);
    assert_int_equal(get(f, CLAIM(3)), 96);
}

static void test_reset_keeps_levels(void **state)
{
    struct fixture *f = *state;
    put(f, PRIORITY(7), 1);
    put(f, ENABLE(0, 0), 1 << 7);
    level(f, 7, true);
    assert_int_equal(get(f, CLAIM(0)), 7);
    plic_chip.reset(f->plic);
    assert_false(f->out[0]);
    assert_int_equal(get(f, PRIORITY(7)), 0);
    put(f, PRIORITY(7), 1);
    put(f, ENABLE(0, 0), 1 << 7);
    assert_true(f->out[0]);
}

static void test_outside_reads_zero(void **state)
{
    struct fixture *f = *state;
    const uint64_t off[] = {0,        PRIORITY(97), PENDING(4),        ENABLE(4, 0), ENABLE(0, 4),
                            CLAIM(4), 0x200008,     plic_chip.size - 4};
    for (unsigned i = 0; i < ARRAY_SIZE(off); i++) {
        put(f, off[i], ~0u);
        assert_int_equal(get(f, off[i]), 0);
    }
}

/* When a machine ends, its harts go first. */
static void test_disconnected_it_calls_no_hart(void **state)
{
    struct fixture *f = *state;
    put(f, PRIORITY(10), 1);
    put(f, ENABLE(1, 0), 1 << 10);
    plic_disconnect(f->plic);
    level(f, 10, true);
    assert_int_equal(get(f, PENDING(0)), 1 << 10);
    assert_false(f->out[1]);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_claim_and_complete),        TEST(test_completion_needs_enable),
        TEST(test_priorities_and_thresholds), TEST(test_reset_keeps_levels),
        TEST(test_outside_reads_zero),        TEST(test_disconnected_it_calls_no_hart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
