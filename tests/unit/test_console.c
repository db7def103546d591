/* SPDX-License-Identifier: MIT */
/* chr_stdio over pipes: flow control both ways, and ends of all kinds. */
#include "backend/chr_stdio.h"

#include "host/clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define MIB (1u << 20)

struct fixture {
    struct loop *loop;
    struct chr_stdio *chr;
    int in[2], out[2]; /* pipes: [0] is read, [1] is written */
    size_t room, got, writables, quits;
};

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

static size_t input(void *ctx, const uint8_t *bytes, size_t n)
{
    struct fixture *f = ctx;
    n = MIN(n, f->room);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(bytes[i], pattern(f->got + i));
    f->got += n;
    f->room -= n;
    return n;
}

static void writable(void *ctx)
{
    ((struct fixture *)ctx)->writables++;
}

static void quit(void *ctx)
{
    ((struct fixture *)ctx)->quits++;
}

static const struct chr_user_ops user_ops = {input, writable};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    if (pipe(f.in) || pipe(f.out))
        return 1;
    fcntl(f.in[1], F_SETFL, O_NONBLOCK);
    fcntl(f.out[0], F_SETFL, O_NONBLOCK);
    f.loop = loop_create();
    f.chr = chr_stdio_create(f.loop, f.in[0], f.out[1], quit, &f);
    if (f.chr)
        chr_attach(chr_stdio_chr(f.chr), &user_ops, &f);
    *state = &f;
    return !f.chr;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    chr_stdio_destroy(f->chr);
    loop_destroy(f->loop);
    for (unsigned i = 0; i < 2; i++) {
        close(f->in[i]);
        close(f->out[i]);
    }
    return 0;
}

/* A quarter of a megabyte, into a device that often has no room. */
static void test_input_loses_nothing(void **state)
{
    struct fixture *f = *state;
    size_t sent = 0;
    uint8_t buf[1000];
    for (unsigned step = 0; f->got < MIB / 4; step++) {
        size_t n = MIN(sizeof(buf), MIB / 4 - sent);
        for (size_t i = 0; i < n; i++)
            buf[i] = pattern(sent + i);
        ssize_t done = write(f->in[1], buf, n);
        sent += done > 0 ? (size_t)done : 0;
        if (step % 3) {
            f->room = 997;
            chr_accept(chr_stdio_chr(f->chr));
        }
        loop_step(f->loop, 0);
    }
    assert_int_equal(sent, MIB / 4);
    close(f->in[1]);
    for (unsigned i = 0; i < 4; i++) /* the end of input changes nothing else */
        loop_step(f->loop, 0);
    assert_true(chr_write(chr_stdio_chr(f->chr), (const uint8_t *)"x", 1));
    assert_int_equal(f->quits, 0);
}

/* Nobody reads: writers are stopped before anything is lost, and go on later. */
static void test_output_is_flow_controlled(void **state)
{
    struct fixture *f = *state;
    size_t sent = 0, got = 0;
    uint8_t buf[500];
    bool more = true;
    while (more) {
        for (size_t i = 0; i < sizeof(buf); i++)
            buf[i] = pattern(sent + i);
        more = chr_write(chr_stdio_chr(f->chr), buf, sizeof(buf));
        sent += sizeof(buf);
        loop_step(f->loop, 0);
        assert_true(sent < MIB);
    }
    assert_int_equal(f->writables, 0);
    while (got < sent) {
        ssize_t n = read(f->out[0], buf, sizeof(buf));
        for (ssize_t i = 0; i < n; i++)
            assert_int_equal(buf[i], pattern(got + (size_t)i));
        got += n > 0 ? (size_t)n : 0;
        loop_step(f->loop, NS_PER_SEC / 1000);
    }
    assert_int_equal(f->writables, 1);
}

static void test_a_closed_reader_swallows(void **state)
{
    struct fixture *f = *state;
    uint8_t buf[1000] = {0};
    signal(SIGPIPE, SIG_IGN);
    close(f->out[0]);
    for (unsigned i = 0; i < 2000; i++) {
        chr_write(chr_stdio_chr(f->chr), buf, sizeof(buf));
        loop_step(f->loop, 0);
    }
    while (!chr_write(chr_stdio_chr(f->chr), buf, 1)) /* soon, without anyone reading */
        loop_step(f->loop, NS_PER_SEC / 1000);
}

/* What was written just before the end still comes out. */
static void test_the_last_words(void **state)
{
    struct fixture *f = *state;
    uint8_t buf[64];
    chr_write(chr_stdio_chr(f->chr), (const uint8_t *)"goodbye", 7);
    chr_stdio_destroy(f->chr);
    f->chr = NULL;
    assert_int_equal(read(f->out[0], buf, sizeof(buf)), 7);
    assert_memory_equal(buf, "goodbye", 7);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_input_loses_nothing),
        TEST(test_output_is_flow_controlled),
        TEST(test_a_closed_reader_swallows),
        TEST(test_the_last_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
