/* SPDX-License-Identifier: MIT */
#include "dev/uart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

enum { DATA = 0, IER = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7 };

struct fixture {
    struct chr chr;
    struct uart *uart;
    char out[64];
    unsigned n, rooms;
    bool irq, full;
    unsigned raised; /* how often the line was set, though it may have been up */
};

static bool output(struct chr *chr, const uint8_t *bytes, size_t n)
{
    struct fixture *f = container_of(chr, struct fixture, chr);
    memcpy(f->out + f->n, bytes, n);
    f->n += (unsigned)n;
    return !f->full;
}

static void room(struct chr *chr)
{
    container_of(chr, struct fixture, chr)->rooms++;
}

static void set_irq(void *ctx, unsigned n, bool level)
{
    (void)n;
    ((struct fixture *)ctx)->irq = level;
    ((struct fixture *)ctx)->raised += level;
}

static int setup(void **state)
{
    static struct fixture f;
    static const struct chr_ops ops = {output, room};
    memset(&f, 0, sizeof(f));
    f.chr.ops = &ops;
    f.uart = uart_create((struct irq_line){set_irq, &f, 0}, &f.chr);
    *state = &f;
    return !f.uart;
}

static int teardown(void **state)
{
    uart_chip.destroy(((struct fixture *)*state)->uart);
    return 0;
}

static void put(struct fixture *f, unsigned reg, uint8_t val)
{
    uart_chip.mmio->write(f->uart, reg, val, 1);
}

static uint8_t get(struct fixture *f, unsigned reg)
{
    return (uint8_t)uart_chip.mmio->read(f->uart, reg, 1);
}

static void test_transmits(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(get(f, LSR), 0x60);
    assert_int_equal(get(f, IIR), 1);
    put(f, DATA, 'x');
    assert_string_equal(f->out, "x");
    assert_false(f->irq);
    put(f, IER, 2); /* THR is empty: interrupts at once */
    assert_true(f->irq);
    assert_int_equal(get(f, IIR), 2);
    assert_false(f->irq); /* reading IIR cleared it */
    put(f, DATA, 'y');
    assert_true(f->irq);
}

static void test_waits_for_the_host(void **state)
{
    struct fixture *f = *state;
    put(f, IER, 2);
    get(f, IIR);
    f->full = true;
    put(f, DATA, 'x');
    assert_int_equal(get(f, LSR) & 0x60, 0);
    assert_false(f->irq);
    assert_int_equal(uart_console_write(f->uart, (const uint8_t *)"abc", 3), 0);
    f->full = false;
    chr_writable(&f->chr);
    assert_true(f->irq);
    assert_int_equal(get(f, LSR), 0x60);
    assert_int_equal(uart_console_write(f->uart, (const uint8_t *)"abc", 3), 3);
}

/* A long input, offered again whenever there is room, arrives whole and in order. */
static void test_receives_without_loss(void **state)
{
    struct fixture *f = *state;
    uint8_t data[1000];
    size_t sent = 0, got = 0;
    for (unsigned i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 3);
    put(f, FCR, 1);
    put(f, IER, 1);
    while (got < sizeof(data)) {
        unsigned rooms = f->rooms;
        sent += chr_input(&f->chr, data + sent, sizeof(data) - sent);
        assert_true(f->irq);
        assert_int_equal(get(f, IIR), 0xc4);
        bool more = sent < sizeof(data);
        while (get(f, LSR) & 1)
            assert_int_equal(get(f, DATA), data[got++]);
        assert_int_equal(f->rooms - rooms, more ? 1 : 0);
        assert_int_equal(got, sent);
    }
    assert_false(f->irq);
    assert_int_equal(get(f, DATA), 0);
}

static void test_console_reads_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    uint8_t b[8];
    assert_int_equal(uart_console_read(f->uart, b, 8), 0);
    assert_int_equal(chr_input(&f->chr, (const uint8_t *)"hello", 5), 5);
    assert_int_equal(uart_console_read(f->uart, b, 2), 2);
    assert_memory_equal(b, "he", 2);
    assert_int_equal(get(f, DATA), 'l');
}

static void test_dlab_loopback_and_scratch(void **state)
{
    struct fixture *f = *state;
    put(f, LCR, 0x83);
    put(f, DATA, 0x34);
    put(f, IER, 0x12);
    assert_int_equal(get(f, DATA), 0x34);
    assert_int_equal(get(f, IER), 0x12);
    put(f, LCR, 3);
    assert_int_equal(get(f, IER), 0);
    assert_int_equal(f->n, 0);
    put(f, SCR, 0x5a);
    assert_int_equal(get(f, SCR), 0x5a);
    assert_int_equal(get(f, MSR), 0xb0);
    put(f, MCR, 0x1a); /* the probe of Linux's 8250 driver */
    assert_int_equal(get(f, MSR), 0x90);
    put(f, DATA, 'q');
    assert_int_equal(f->n, 0);
    assert_int_equal(get(f, DATA), 'q');
    assert_int_equal(get(f, 8), 0);
    put(f, 200, 1);
}

/* A driver that never reads IIR is interrupted once for each byte it sends and no more. */
static void test_thre_without_iir(void **state)
{
    struct fixture *f = *state;
    put(f, IER, 3);
    assert_int_equal(f->raised, 1);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(get(f, LSR), 0x60);
    put(f, IER, 3);
    get(f, DATA);
    assert_true(f->raised <= 2 && f->irq);
    unsigned before = f->raised;
    put(f, DATA, 'x');
    assert_int_equal(f->raised, before + 1);
    assert_int_equal(get(f, IIR), 2); /* by the book it is still there */
    assert_false(f->irq);
}

/* One byte taken in each interrupt: the line is raised again for those that are left. */
static void test_one_byte_an_interrupt(void **state)
{
    struct fixture *f = *state;
    put(f, IER, 1);
    assert_int_equal(chr_input(&f->chr, (const uint8_t *)"abc", 3), 3);
    assert_int_equal(f->raised, 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(f->raised, i + 1);
        assert_true(f->irq);
        assert_int_equal(get(f, DATA), 'a' + i);
    }
    assert_int_equal(f->raised, 3);
    assert_false(f->irq);
}

/* What was typed ahead outlives the clearing of the FIFOs, loopback's bytes do not. */
static void test_typed_ahead(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(chr_input(&f->chr, (const uint8_t *)"hello", 5), 5);
    put(f, FCR, 7);
    put(f, FCR, 0);
    put(f, MCR, 0x10);
    assert_int_equal(get(f, LSR) & 1, 0); /* the line is cut off */
    put(f, DATA, 'q');
    put(f, DATA, 'r');
    assert_int_equal(get(f, DATA), 'q');
    put(f, FCR, 2);
    assert_int_equal(get(f, LSR) & 1, 0);
    put(f, MCR, 0);
    put(f, FCR, 7);
    uart_chip.reset(f->uart);
    for (const char *c = "hello"; *c; c++)
        assert_int_equal(get(f, DATA), *c);
    assert_int_equal(get(f, LSR) & 1, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_transmits),
        TEST(test_waits_for_the_host),
        TEST(test_receives_without_loss),
        TEST(test_console_reads_the_same_bytes),
        TEST(test_dlab_loopback_and_scratch),
        TEST(test_thre_without_iir),
        TEST(test_one_byte_an_interrupt),
        TEST(test_typed_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
