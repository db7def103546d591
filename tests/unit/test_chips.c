/* SPDX-License-Identifier: MIT */
/* aclint, rtc and syscon, on a loop that the test steps by hand. */
#include "dev/aclint.h"
#include "dev/rtc.h"
#include "dev/syscon.h"

#include "host/clock.h"
#include "host/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define MTIMECMP(h) (0x4000 + 8 * (h))
#define MTIME       0xbff8

struct fixture {
    struct loop *loop;
    struct vclock *clock;
    struct aclint *aclint;
    struct rtc *rtc;
    bool msi[2], mti[2], alarm;
};

static void set_flag(void *ctx, unsigned n, bool level)
{
    ((bool *)ctx)[n] = level;
}

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    f.loop = loop_create();
    f.clock = vclock_create();
    const struct irq_line msi[] = {{set_flag, f.msi, 0}, {set_flag, f.msi, 1}};
    const struct irq_line mti[] = {{set_flag, f.mti, 0}, {set_flag, f.mti, 1}};
    f.aclint = aclint_create(2, msi, mti, f.clock);
    f.rtc = rtc_create((struct irq_line){set_flag, &f.alarm, 0}, f.clock);
    *state = &f;
    return !f.aclint || !f.rtc || !vclock_attach(f.clock, f.loop);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    aclint_chip.destroy(f->aclint);
    rtc_chip.destroy(f->rtc);
    vclock_destroy(f->clock);
    loop_destroy(f->loop);
    return 0;
}

static void test_software_interrupts(void **state)
{
    struct fixture *f = *state;
    aclint_chip.mmio->write(f->aclint, 4, 0xffffffff, 4);
    assert_true(f->msi[1] && !f->msi[0]);
    assert_int_equal(aclint_chip.mmio->read(f->aclint, 4, 4), 1);
    aclint_chip.mmio->write(f->aclint, 4, 0xfffffffe, 4);
    assert_false(f->msi[1]);
    aclint_chip.mmio->write(f->aclint, 8, 1, 4); /* no such hart */
    assert_int_equal(aclint_chip.mmio->read(f->aclint, 8, 4), 0);
}

/* Both harts' timers fire in order, neither early, each soon. */
static void test_timers(void **state)
{
    struct fixture *f = *state;
    uint64_t now = vclock_ticks(f->clock), late = now + VCLOCK_HZ / 100,
             soon = now + VCLOCK_HZ / 500;
    aclint_chip.mmio->write(f->aclint, MTIMECMP(0), late, 8);
    aclint_chip.mmio->write(f->aclint, MTIMECMP(1), (uint32_t)soon, 4);
    aclint_chip.mmio->write(f->aclint, MTIMECMP(1) + 4, soon >> 32, 4);
    assert_int_equal(aclint_chip.mmio->read(f->aclint, MTIMECMP(1), 8), soon);
    while (!f->mti[1])
        loop_step(f->loop, HOST_FOREVER);
    assert_true(vclock_ticks(f->clock) >= soon);
    assert_true(!f->mti[0] || vclock_ticks(f->clock) >= late);
    while (!f->mti[0])
        loop_step(f->loop, HOST_FOREVER);
    assert_true(vclock_ticks(f->clock) >= late);
    aclint_chip.mmio->write(f->aclint, MTIMECMP(0), UINT64_MAX, 8);
    assert_false(f->mti[0]);
    aclint_chip.mmio->write(f->aclint, MTIMECMP(0), 0, 8); /* in the past: at once */
    assert_true(f->mti[0]);
    aclint_chip.reset(f->aclint);
    assert_true(f->mti[0] && f->mti[1]); /* both are 0 again, as mtime is */
    assert_int_equal(aclint_chip.mmio->read(f->aclint, MTIMECMP(0), 8), 0);
}

static void test_a_stopped_clock_fires_nothing(void **state)
{
    struct fixture *f = *state;
    aclint_chip.mmio->write(f->aclint, MTIMECMP(0), vclock_ticks(f->clock) + VCLOCK_HZ, 8);
    vclock_stop(f->clock);
    uint64_t until = host_now_ns() + NS_PER_SEC * 5 / 4;
    while (host_now_ns() < until)
        loop_step(f->loop, NS_PER_SEC / 10);
    assert_false(f->mti[0]);
    vclock_cont(f->clock);
    while (!f->mti[0])
        loop_step(f->loop, HOST_FOREVER);
}

/* mtime can be read and set, whole and in halves; the timers follow, the RTC does not. */
static void test_mtime_can_be_set(void **state)
{
    struct fixture *f = *state;
    uint64_t before = vclock_ticks(f->clock), mtime = aclint_chip.mmio->read(f->aclint, MTIME, 8);
    uint64_t wall = vclock_wall_ns(f->clock), cmp = UINT64_C(0x500000000);
    assert_true(mtime >= before && mtime <= vclock_ticks(f->clock));
    aclint_chip.mmio->write(f->aclint, MTIMECMP(0), cmp, 8);
    aclint_chip.mmio->write(f->aclint, MTIMECMP(1), UINT64_MAX, 8);
    assert_false(f->mti[0] || f->mti[1]);
    aclint_chip.mmio->write(f->aclint, MTIME + 4, 5, 4);
    assert_int_equal(aclint_chip.mmio->read(f->aclint, MTIME + 4, 4), 5);
    assert_true(f->mti[0] && !f->mti[1]);
    aclint_chip.mmio->write(f->aclint, MTIME + 4, 4, 4);
    assert_false(f->mti[0]);
    aclint_chip.mmio->write(f->aclint, MTIME, 0xffffffff - VCLOCK_HZ / 100,
                            4); /* 10 ms before it */
    while (!f->mti[0])
        loop_step(f->loop, HOST_FOREVER);
    assert_true(vclock_ticks(f->clock) >= cmp);
    aclint_chip.mmio->write(f->aclint, MTIME, UINT64_MAX - 1000, 8);
    assert_true(vclock_ticks(f->clock) >= UINT64_MAX - 1000 || vclock_ticks(f->clock) < cmp);
    aclint_chip.mmio->write(f->aclint, MTIME, 0, 8);
    assert_true(!f->mti[0] && vclock_ticks(f->clock) < cmp);
    assert_in_range(vclock_wall_ns(f->clock) - wall, 0, 3600 * NS_PER_SEC);
}

static uint64_t rtc_time(struct fixture *f)
{
    uint64_t low = rtc_chip.mmio->read(f->rtc, 0, 4);
    return low | rtc_chip.mmio->read(f->rtc, 4, 4) << 32;
}

static void test_rtc_tells_and_wakes(void **state)
{
    struct fixture *f = *state;
    /* The host's date. Its wall clock may be set or slewed while the test runs: an hour either way
     * is right. */
    uint64_t now = rtc_time(f), wall = host_wall_ns(), hour = 3600 * NS_PER_SEC;
    assert_in_range(now, wall - hour, wall + hour);
    uint64_t at = now + NS_PER_SEC / 100;
    rtc_chip.mmio->write(f->rtc, 0x10, 1, 4);
    rtc_chip.mmio->write(f->rtc, 0x0c, at >> 32, 4);
    rtc_chip.mmio->write(f->rtc, 0x08, (uint32_t)at, 4);
    assert_int_equal(rtc_chip.mmio->read(f->rtc, 0x18, 4), 1);
    while (!f->alarm)
        loop_step(f->loop, HOST_FOREVER);
    assert_true(rtc_time(f) >= at);
    assert_int_equal(rtc_chip.mmio->read(f->rtc, 0x18, 4), 0);
    rtc_chip.mmio->write(f->rtc, 0x1c, 1, 4);
    assert_false(f->alarm);
    rtc_chip.mmio->write(f->rtc, 4, 5, 4);
    rtc_chip.mmio->write(f->rtc, 0, 0, 4);
    assert_int_equal(rtc_time(f) >> 32, 5);
}

static void note_sooner(void *ctx)
{
    ++*(unsigned *)ctx;
}

/* With all harts in one thread the clock is counted: all timers run when it says so, none before,
 * in order, whatever the host's clock says. */
static void test_counted_timers(void **state)
{
    struct fixture *f = *state;
    unsigned sooner = 0;
    vclock_set_counted(f->clock, note_sooner, &sooner);
    assert_int_equal(vclock_ns(f->clock), 0);
    uint64_t at = rtc_time(f) + 5000;
    rtc_chip.mmio->write(f->rtc, 0x10, 1, 4);
    rtc_chip.mmio->write(f->rtc, 0x0c, at >> 32, 4);
    rtc_chip.mmio->write(f->rtc, 0x08, (uint32_t)at, 4);
    assert_int_equal(sooner, 1);
    aclint_chip.mmio->write(f->aclint, MTIMECMP(1), 60, 8);
    assert_int_equal(sooner, 1); /* 6000 ns, and the alarm at 5000 */
    aclint_chip.mmio->write(f->aclint, MTIMECMP(0), 20, 8);
    assert_int_equal(sooner, 2);
    assert_int_equal(vclock_next(f->clock), 2000);
    vclock_advance(f->clock, 1999);
    vclock_run(f->clock);
    loop_step(f->loop, NS_PER_SEC / 100);
    assert_false(f->mti[0] || f->mti[1] || f->alarm);
    vclock_advance(f->clock, 1);
    vclock_run(f->clock);
    assert_true(f->mti[0] && !f->mti[1] && !f->alarm);
    assert_int_equal(vclock_next(f->clock), 5000);
    vclock_advance(f->clock, 3000);
    vclock_hurry(f->clock, true);
    vclock_run(f->clock);
    assert_false(f->alarm);
    vclock_hurry(f->clock, false);
    vclock_run(f->clock);
    assert_true(f->alarm && !f->mti[1]);
    vclock_stop(f->clock);
    vclock_advance(f->clock, 10000);
    vclock_run(f->clock);
    assert_false(f->mti[1]);
    vclock_cont(f->clock);
    vclock_advance(f->clock, 1000);
    vclock_run(f->clock);
    assert_true(f->mti[1]);
    assert_int_equal(vclock_next(f->clock), VCLOCK_NEVER);
}

static void note_code(void *ctx, unsigned code)
{
    *(int *)ctx = (int)code;
}

static void note_reboot(void *ctx)
{
    *(int *)ctx = -2;
}

static void test_finisher(void **state)
{
    (void)state;
    int code = -1;
    struct syscon s = {note_code, note_reboot, &code};
    syscon_chip.mmio->write(&s, 0, 0x1234, 4);
    syscon_chip.mmio->write(&s, 4, 0x5555, 4);
    assert_int_equal(code, -1);
    syscon_chip.mmio->write(&s, 0, 0x5555, 4);
    assert_int_equal(code, 0);
    syscon_chip.mmio->write(&s, 0, 7 << 16 | 0x3333, 4);
    assert_int_equal(code, 7);
    syscon_chip.mmio->write(&s, 0, 0x3333, 2);
    assert_int_equal(code, 1); /* failing with 0 is failing */
    syscon_chip.mmio->write(&s, 0, 0x7777, 4);
    assert_int_equal(code, -2);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_software_interrupts),           TEST(test_timers),
        TEST(test_a_stopped_clock_fires_nothing), TEST(test_mtime_can_be_set),
        TEST(test_rtc_tells_and_wakes),           TEST(test_counted_timers),
        cmocka_unit_test(test_finisher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
