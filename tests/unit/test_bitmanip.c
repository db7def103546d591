/* SPDX-License-Identifier: MIT */
/* Single integer instructions (cpu/bitmanip.h, cpu/muldiv.h) against what the manual's text says
 * of them, bit by bit, for edges and for pseudo-random operands. */
#include "cpu/bitmanip.h"

#include "base/util.h"
#include "cpu/muldiv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

static const uint64_t edges[] = {0,
                                 1,
                                 2,
                                 0x7f,
                                 0x80,
                                 0xff00,
                                 0x7fffffff,
                                 0x80000000,
                                 0xffffffff,
                                 UINT64_C(0x100000000),
                                 UINT64_C(0x0123456789abcdef),
                                 INT64_MAX,
                                 UINT64_C(1) << 63,
                                 UINT64_MAX - 1,
                                 UINT64_MAX};

/* The edges first, then a sequence that repeats. */
static uint64_t operand(unsigned i)
{
    if (i < ARRAY_SIZE(edges))
        return edges[i];
    uint64_t v = i * UINT64_C(0x9e3779b97f4a7c15);
    v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return v ^ v >> 27;
}

#define OPERANDS 60

static bool bit(uint64_t v, unsigned i)
{
    return v >> i & 1;
}

/* Bit i of the carry-less product of the low `width` bits. */
static bool product_bit(uint64_t a, uint64_t b, unsigned width, unsigned i)
{
    bool r = false;
    for (unsigned k = 0; k <= i && k < width; k++)
        r ^= i - k < width && bit(a, k) && bit(b, i - k);
    return r;
}

static uint64_t product_from(uint64_t a, uint64_t b, unsigned width, unsigned from)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < width; i++)
        r |= (uint64_t)product_bit(a, b, width, from + i) << i;
    return r;
}

static void test_carry_less_products(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OPERANDS; i++) {
        for (unsigned j = 0; j < OPERANDS; j++) {
            uint64_t a = operand(i), b = operand(j);
            uint32_t c = (uint32_t)a, d = (uint32_t)b;
            assert_true(bit_clmul64(a, b) == product_from(a, b, 64, 0));
            assert_true(bit_clmulh64(a, b) == product_from(a, b, 64, 64));
            assert_true(bit_clmulr64(a, b) == product_from(a, b, 64, 63));
            assert_true(bit_clmul32(c, d) == product_from(c, d, 32, 0));
            assert_true(bit_clmulh32(c, d) == product_from(c, d, 32, 32));
            assert_true(bit_clmulr32(c, d) == product_from(c, d, 32, 31));
        }
    }
}

static unsigned zeros_from(uint64_t v, int at, int step, unsigned width)
{
    unsigned n = 0;
    for (; n < width && !bit(v, (unsigned)at); at += step)
        n++;
    return n;
}

static void test_zeros_are_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OPERANDS; i++) {
        uint64_t v = operand(i);
        assert_int_equal(bit_clz64(v), zeros_from(v, 63, -1, 64));
        assert_int_equal(bit_ctz64(v), zeros_from(v, 0, 1, 64));
        assert_int_equal(bit_clz32((uint32_t)v), zeros_from(v, 31, -1, 32));
        assert_int_equal(bit_ctz32((uint32_t)v), zeros_from(v, 0, 1, 32));
    }
}

static void test_rotations(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OPERANDS; i++) {
        for (unsigned n = 0; n < 130; n++) {
            uint64_t v = operand(i), left = bit_rol64(v, n);
            uint32_t left32 = bit_rol32((uint32_t)v, n);
            for (unsigned k = 0; k < 64; k++)
                assert_true(bit(left, (k + n) % 64) == bit(v, k));
            for (unsigned k = 0; k < 32; k++)
                assert_true(bit(left32, (k + n) % 32) == bit(v, k));
            assert_true(bit_rol64(left, -n) == v); /* ror */
            assert_true(bit_rol32(left32, -n) == (uint32_t)v);
        }
    }
}

static void test_bytes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OPERANDS; i++) {
        uint64_t v = operand(i), orc = bit_orc64(v), rev = bit_rev64(v);
        for (unsigned k = 0; k < 64; k += 8) {
            assert_int_equal(orc >> k & 0xff, v >> k & 0xff ? 0xff : 0);
            assert_int_equal(rev >> k & 0xff, v >> (56 - k) & 0xff);
        }
        assert_true(bit_orc32((uint32_t)v) == (uint32_t)orc);
        assert_true(bit_rev32((uint32_t)v) == (uint32_t)(rev >> 32));
    }
}

static void test_divisions_that_c_does_not_define(void **state)
{
    (void)state;
    assert_true(int_div64(5, 0) == -1 && int_rem64(5, 0) == 5);
    assert_true(int_div64(INT64_MIN, -1) == INT64_MIN && int_rem64(INT64_MIN, -1) == 0);
    assert_true(int_div32(-5, 0) == -1 && int_rem32(-5, 0) == -5);
    assert_true(int_div32(INT32_MIN, -1) == INT32_MIN && int_rem32(INT32_MIN, -1) == 0);
    assert_true(int_divu64(5, 0) == UINT64_MAX && int_remu64(5, 0) == 5);
    assert_true(int_divu32(5, 0) == UINT32_MAX && int_remu32(5, 0) == 5);
}

/* quotient * divisor + remainder is the dividend; the remainder is smaller and has the
 * dividend's sign. */
static void test_division_and_remainder_agree(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OPERANDS; i++) {
        for (unsigned j = 1; j < OPERANDS; j++) {
            int64_t a = (int64_t)operand(i), b = (int64_t)operand(j);
            uint64_t q = (uint64_t)int_div64(a, b), r = (uint64_t)int_rem64(a, b);
            assert_true(q * (uint64_t)b + r == (uint64_t)a);
            assert_true(r == 0 || (int64_t)r >> 63 == a >> 63);
            q = int_divu64((uint64_t)a, (uint64_t)b), r = int_remu64((uint64_t)a, (uint64_t)b);
            assert_true(q * (uint64_t)b + r == (uint64_t)a && r < (uint64_t)b);
            int32_t c = (int32_t)a, d = (int32_t)b;
            uint32_t t = (uint32_t)int_div32(c, d), u = (uint32_t)int_rem32(c, d);
            assert_true(t * (uint32_t)d + u == (uint32_t)c);
            t = int_divu32((uint32_t)c, (uint32_t)d), u = int_remu32((uint32_t)c, (uint32_t)d);
            assert_true(!d || (t * (uint32_t)d + u == (uint32_t)c && u < (uint32_t)d));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carry_less_products),
        cmocka_unit_test(test_zeros_are_counted),
        cmocka_unit_test(test_rotations),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_divisions_that_c_does_not_define),
        cmocka_unit_test(test_division_and_remainder_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
