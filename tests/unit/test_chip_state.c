/* SPDX-License-Identifier: MIT */
/* Every chip's state: saved, loaded into a fresh chip and saved again; cut short and changed. */
#include "dev/rtc.h"
#include "dev/uart.h"
#include "host/clock.h"
#include "host/thread.h"
#include "kit/chip_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int setup(void **state)
{
    static struct chip_parts parts;
    chip_parts_init(&parts);
    *state = &parts;
    return 0;
}

static int teardown(void **state)
{
    chip_parts_finish(*state);
    return 0;
}

/* A driven chip's state, malloc'd. */
static uint8_t *driven(const struct chip_row *row, const struct chip_parts *parts, size_t *size)
{
    void *dev = row->make(parts);
    assert_non_null(dev);
    row->drive(dev, parts);
    uint8_t *bytes = chip_rows_save(row, dev, size);
    chip_rows_destroy(row, dev);
    return bytes;
}

static void assert_saves(const struct chip_row *row, void *dev, const uint8_t *bytes, size_t size)
{
    size_t n;
    uint8_t *saved = chip_rows_save(row, dev, &n);
    assert_int_equal(n, size);
    assert_memory_equal(saved, bytes, size);
    free(saved);
}

static void test_what_was_saved_is_loaded(void **state)
{
    for (const struct chip_row *row = chip_rows; row < chip_rows + CHIP_ROWS; row++) {
        char reason[96];
        size_t size, fresh_size;
        uint8_t *bytes = driven(row, *state, &size);
        void *dev = row->make(*state);
        uint8_t *fresh = chip_rows_save(row, dev, &fresh_size);
        assert_true(size != fresh_size || memcmp(bytes, fresh, size));
        assert_true(chip_rows_load(row, dev, bytes, size, reason, sizeof(reason)));
        assert_saves(row, dev, bytes, size);
        assert_true(chip_rows_load(row, dev, fresh, fresh_size, reason, sizeof(reason)));
        assert_saves(row, dev, fresh, fresh_size);
        chip_rows_destroy(row, dev);
        free(fresh);
        free(bytes);
    }
}

/* The copies end where their memory does, for the sanitizer to see. The chip stays as it was. */
static void test_prefixes_are_refused(void **state)
{
    for (const struct chip_row *row = chip_rows; row < chip_rows + CHIP_ROWS; row++) {
        char reason[96];
        size_t size, fresh_size;
        uint8_t *bytes = driven(row, *state, &size);
        void *dev = row->make(*state);
        uint8_t *fresh = chip_rows_save(row, dev, &fresh_size);
        for (size_t n = 0; n < size; n++) {
            uint8_t *copy = malloc(n + !n);
            memcpy(copy, bytes, n);
            assert_false(chip_rows_load(row, dev, copy, n, reason, sizeof(reason)));
            assert_non_null(strstr(reason, "it ends too early"));
            free(copy);
        }
        assert_saves(row, dev, fresh, fresh_size);
        chip_rows_destroy(row, dev);
        free(fresh);
        free(bytes);
    }
}

/* What is loaded in spite of a changed byte is a state that a chip can be in: it loads again. */
static void try_changed(const struct chip_row *row, const struct chip_parts *parts,
                        const uint8_t *bytes, size_t size)
{
    char reason[96];
    size_t n;
    void *dev = row->make(parts);
    if (chip_rows_load(row, dev, bytes, size, reason, sizeof(reason))) {
        uint8_t *again = chip_rows_save(row, dev, &n);
        assert_true(chip_rows_load(row, dev, again, n, reason, sizeof(reason)));
        assert_saves(row, dev, again, n);
        free(again);
    }
    chip_rows_destroy(row, dev);
}

static void test_changed_bytes_do_no_harm(void **state)
{
    static const uint8_t values[] = {0, 1, 2, 0x7f, 0x80, 0xff};
    for (const struct chip_row *row = chip_rows; row < chip_rows + CHIP_ROWS; row++) {
        size_t size;
        uint8_t *bytes = driven(row, *state, &size);
        for (size_t i = 0; i < size * ARRAY_SIZE(values); i++) {
            uint8_t *p = &bytes[i / ARRAY_SIZE(values)], kept = *p;
            *p = values[i % ARRAY_SIZE(values)];
            try_changed(row, *state, bytes, size);
            *p = kept;
        }
        free(bytes);
    }
}

/* --- what a load sets off --- */

static void count_raises(void *ctx, unsigned n, bool level)
{
    (void)n;
    *(unsigned *)ctx += level;
}

/* The alarm of a machine that was saved rings in the machine that was loaded, at its time. */
static void test_an_alarm_survives(void **state)
{
    struct chip_parts *parts = *state;
    const struct chip_row row = {.ops = &rtc_chip};
    unsigned raises = 0;
    char reason[96];
    size_t size;
    struct rtc *rtc = rtc_create((struct irq_line){0}, parts->clock);
    uint64_t due = vclock_wall_ns(parts->clock) + 1000000;
    rtc_chip.mmio->write(rtc, 0x10, 1, 4);
    rtc_chip.mmio->write(rtc, 0x0c, due >> 32, 4);
    rtc_chip.mmio->write(rtc, 0x08, (uint32_t)due, 4);
    uint8_t *bytes = chip_rows_save(&row, rtc, &size);
    rtc_chip.destroy(rtc);
    rtc = rtc_create((struct irq_line){count_raises, &raises, 0}, parts->clock);
    assert_true(chip_rows_load(&row, rtc, bytes, size, reason, sizeof(reason)));
    assert_int_equal(vclock_next(parts->clock), vclock_ns(parts->clock) + 1000000);
    assert_int_equal(raises, 0);
    assert_true(vclock_attach(parts->clock, parts->loop));
    vclock_cont(parts->clock);
    while (!raises)
        loop_step(parts->loop, HOST_FOREVER);
    assert_true(vclock_wall_ns(parts->clock) >= due);
    vclock_stop(parts->clock);
    rtc_chip.destroy(rtc);
    free(bytes);
}

static bool refuse_more(struct chr *chr, const uint8_t *bytes, size_t n)
{
    (void)chr, (void)bytes, (void)n;
    return false;
}

static bool take_all(struct chr *chr, const uint8_t *bytes, size_t n)
{
    (void)chr, (void)bytes, (void)n;
    return true;
}

static void accept_nothing(struct chr *chr)
{
    (void)chr;
}

static const struct chr_ops full_ops = {refuse_more, accept_nothing};
static const struct chr_ops ready_ops = {take_all, accept_nothing};

/* A guest that waited for a terminal which took no more is interrupted: this one takes output. */
static void test_a_waiting_transmitter_goes_on(void **state)
{
    (void)state;
    const struct chip_row row = {.ops = &uart_chip};
    struct chr full = {.ops = &full_ops}, ready = {.ops = &ready_ops};
    unsigned raises = 0;
    char reason[96];
    size_t size;
    struct uart *u = uart_create((struct irq_line){0}, &full);
    uart_chip.mmio->write(u, 0, 'x', 1);
    uart_chip.mmio->write(u, 1, 2, 1); /* THRE interrupts */
    assert_int_equal(uart_chip.mmio->read(u, 5, 1) & 0x20, 0);
    uint8_t *bytes = chip_rows_save(&row, u, &size);
    uart_chip.destroy(u);
    u = uart_create((struct irq_line){count_raises, &raises, 0}, &ready);
    assert_true(chip_rows_load(&row, u, bytes, size, reason, sizeof(reason)));
    assert_int_equal(raises, 1);
    assert_int_equal(uart_chip.mmio->read(u, 5, 1) & 0x20, 0x20);
    uart_chip.destroy(u);
    free(bytes);
}

/* A machine may be older than its host is up; deadlines and timers work then, too. */
static void test_a_clock_older_than_the_host(void **state)
{
    struct chip_parts *parts = *state;
    const uint64_t year = 365 * 24 * 3600 * NS_PER_SEC;
    struct blob_out out = {0};
    struct blob_in in;
    size_t size;
    blob_put_u64(&out, year);
    blob_put_u64(&out, 7);
    blob_put_u64(&out, 5 * NS_PER_SEC);
    uint8_t *bytes = blob_out_take(&out, &size);
    blob_in_init(&in, bytes, size);
    assert_true(vclock_chip.load(parts->clock, &in));
    assert_int_equal(vclock_ns(parts->clock), year);
    assert_int_equal(vclock_ticks(parts->clock), year / 100 + 7);
    assert_int_equal(vclock_wall_ns(parts->clock), year + 5 * NS_PER_SEC);
    uint64_t before = host_now_ns();
    vclock_cont(parts->clock);
    uint64_t deadline = vclock_deadline(parts->clock, year / 100 + 7 + VCLOCK_HZ);
    assert_in_range(deadline, before + NS_PER_SEC - 1000, host_now_ns() + NS_PER_SEC);
    blob_in_init(&in, bytes, size);
    assert_false(vclock_chip.load(parts->clock, &in));
    assert_string_equal(in.error, "the machine runs");
    vclock_stop(parts->clock);
    free(bytes);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_saved_is_loaded),      TEST(test_prefixes_are_refused),
        TEST(test_changed_bytes_do_no_harm),      TEST(test_an_alarm_survives),
        TEST(test_a_waiting_transmitter_goes_on), TEST(test_a_clock_older_than_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
