/* SPDX-License-Identifier: MIT */
/* The split ring: every framing, every interrupt rule, and what hostile drivers do to it. */
#include "kit/driver.h"
#include "kit/echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAM          (UINT64_C(8) << 20)
#define NO_INTERRUPT 1

struct fix {
    struct kit kit;
    struct echo *echo;
};

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof(*f));
    kit_init(&f->kit, RAM);
    f->echo = echo_create(f->kit.mem);
    kit_attach(&f->kit, &f->echo->dev, NULL);
    assert_true(kit_start(&f->kit, KIT_ALL_FEATURES));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;
    kit_finish(&f->kit);
    free(f);
    return 0;
}

/* One echo of n bytes comes back whole. */
static void round_trip(struct fix *f, uint32_t n)
{
    uint8_t req[600], resp[600];
    for (uint32_t i = 0; i < n; i++)
        req[i] = (uint8_t)(i * 7 + n);
    memset(resp, 0, sizeof(resp));
    assert_int_equal(kit_request(&f->kit, 0, req, n, resp, n), n);
    assert_memory_equal(req, resp, n);
}

static void test_framings(void **state)
{
    struct fix *f = *state;
    static const struct kit_framing framings[] = {
        {0, false, 0}, {9, false, 0}, {0, true, 0}, {1, true, 0},
        {7, true, 0},  {1, true, 3},  {5, true, 1}, {16, true, 0},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(framings); i++) {
        f->kit.framing = framings[i];
        for (unsigned k = 0; k < 200; k++) /* the ring wraps */
            round_trip(f, k + 1);
    }
    f->kit.framing = (struct kit_framing){1, false, 0};
    for (unsigned k = 0; k < 100; k++)
        round_trip(f, 1 + k % 32); /* 64 descriptors hold 32 + 32 bytes */
}

static void test_index_wrap(void **state)
{
    struct fix *f = *state;
    for (unsigned k = 0; k < 70000; k++) /* 16-bit indices wrap */
        round_trip(f, 4);
    assert_int_equal(f->echo->served, 70000);
}

static void test_all_sizes(void **state)
{
    struct fix *f = *state;
    static const uint16_t size[] = {1, 2, 3, 4, 8, 10, 16, 32, 63, 64, 100, VQ_MAX_SIZE};
    for (unsigned i = 0; i < ARRAY_SIZE(size); i++) {
        assert_true(kit_negotiate(&f->kit, kit_offered(&f->kit)));
        assert_true(kit_queue_setup(&f->kit, 0, size[i]));
        kit_wr(&f->kit, MMIO_STATUS, 15);
        f->kit.framing = (struct kit_framing){.indirect = true};
        for (unsigned k = 0; k < 200; k++)
            round_trip(f, 33);
    }
}

static void test_short_answer_room(void **state)
{
    struct fix *f = *state;
    uint8_t req[32] = {1, 2, 3}, resp[8];
    assert_int_equal(kit_request(&f->kit, 0, req, 32, resp, 8), 8);
    assert_memory_equal(req, resp, 8);
    assert_int_equal(kit_request(&f->kit, 0, req, 32, NULL, 0), 0);
    assert_int_equal(kit_request(&f->kit, 0, NULL, 0, resp, 8), 0);
}

/* Sends one hand-made chain that starts at `head`; the used length, UINT32_MAX if none. */
static uint32_t send_head(struct fix *f, uint16_t head)
{
    uint16_t got;
    uint32_t len;
    kit_avail_push(&f->kit, 0, head);
    kit_notify(&f->kit, 0);
    if (!kit_used(&f->kit, 0, &got, &len))
        return UINT32_MAX;
    assert_int_equal(got, head);
    return len;
}

static void test_zero_length_descriptors(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    uint64_t table = kit->queue[0].desc, req = kit_put(kit, "abcd", 4), resp = kit_alloc(kit, 8, 8);
    kit_desc_set(kit, table, 0, 0, 0, VRING_DESC_NEXT, 1); /* nowhere, but nothing either */
    kit_desc_set(kit, table, 1, req, 4, VRING_DESC_NEXT, 2);
    kit_desc_set(kit, table, 2, ~0ull, 0, VRING_DESC_NEXT | VRING_DESC_WRITE, 3);
    kit_desc_set(kit, table, 3, resp, 8, VRING_DESC_WRITE, 0);
    assert_int_equal(send_head(f, 0), 4);
    char back[4];
    kit_read(kit, resp, back, 4);
    assert_memory_equal(back, "abcd", 4);
    kit_desc_set(kit, table, 5, req, 0, 0, 0);
    assert_int_equal(send_head(f, 5), 0);
}

/* Each malformed chain comes back with length 0, and the queue lives on. */
static void expect_refused(struct fix *f, uint16_t head)
{
    assert_int_equal(send_head(f, head), 0);
    assert_int_equal(f->echo->served, 0);
    struct kit *kit = &f->kit;
    kit_desc_set(kit, kit->queue[0].desc, 63, kit_alloc(kit, 8, 8), 8, VRING_DESC_WRITE, 0);
    assert_int_equal(send_head(f, 63), 0);
    assert_int_equal(f->echo->served, 1);
    f->echo->served = 0;
}

static void test_hostile_direct(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    uint64_t t = kit->queue[0].desc, ok = kit_alloc(kit, 64, 8);
    kit_desc_set(kit, t, 0, ok, 4, VRING_DESC_NEXT, 0); /* a loop of one */
    expect_refused(f, 0);
    kit_desc_set(kit, t, 0, ok, 4, VRING_DESC_NEXT, 1);
    kit_desc_set(kit, t, 1, ok, 4, VRING_DESC_NEXT, 0); /* of two */
    expect_refused(f, 0);
    kit_desc_set(kit, t, 0, ok, 0, VRING_DESC_NEXT, 0); /* of nothing */
    expect_refused(f, 0);
    kit_desc_set(kit, t, 0, ok, 4, VRING_DESC_NEXT, ECHO_SIZE); /* next outside */
    expect_refused(f, 0);
    kit_desc_set(kit, t, 0, ok, 4, VRING_DESC_NEXT, 0xffff);
    expect_refused(f, 0);
    kit_desc_set(kit, t, 0, ok, 4, VRING_DESC_NEXT | VRING_DESC_WRITE,
                 1); /* readable after writable */
    kit_desc_set(kit, t, 1, ok, 4, 0, 0);
    expect_refused(f, 0);
}

static void test_hostile_addresses(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    uint64_t t = kit->queue[0].desc, end = KIT_RAM_BASE + RAM;
    const struct kit_buf bad[] = {
        {0, 4, 0},
        {KIT_RAM_BASE - 1, 4, 0},
        {end - 2, 4, 0},
        {end, 1, 1},
        {~0ull, 2, 0},
        {~0ull - 3, 8, 1},
        {KIT_RAM_BASE, ~0u, 0},
        {KIT_RAM_BASE, RAM + 1, 1},
        {KIT_SLOT, 4, 1},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        kit_desc_set(kit, t, 0, bad[i].pa, bad[i].len, bad[i].write ? VRING_DESC_WRITE : 0, 0);
        expect_refused(f, 0);
    }
    /* 4 GiB and more, by naming the same RAM again and again: 64 x 256 MiB does not exist, but
     * 4096 x 2 MiB through a table does. */
    uint64_t table = kit_alloc(kit, 4096 * 16, 16);
    for (unsigned i = 0; i < 4096; i++)
        kit_desc_set(kit, table, i, KIT_RAM_BASE, 2 << 20, i < 4095 ? VRING_DESC_NEXT : 0,
                     (uint16_t)(i + 1));
    kit_desc_set(kit, t, 0, table, 4096 * 16, VRING_DESC_INDIRECT, 0);
    expect_refused(f, 0);
}

static void test_hostile_indirect(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    uint64_t t = kit->queue[0].desc, ok = kit_alloc(kit, 64, 8), table = kit_alloc(kit, 64, 16);
    static const uint32_t lens[] = {0, 8, 15, 17, 40};
    for (unsigned i = 0; i < ARRAY_SIZE(lens); i++) {
        kit_desc_set(kit, t, 0, table, lens[i], VRING_DESC_INDIRECT, 0);
        expect_refused(f, 0);
    }
    kit_desc_set(kit, t, 0, KIT_RAM_BASE + RAM - 16, 32, VRING_DESC_INDIRECT, 0); /* outside RAM */
    expect_refused(f, 0);
    kit_desc_set(kit, t, 0, table, 16, VRING_DESC_INDIRECT | VRING_DESC_NEXT, 1);
    expect_refused(f, 0);
    kit_desc_set(kit, t, 0, table, 16, VRING_DESC_INDIRECT, 0);
    kit_desc_set(kit, table, 0, table, 16, VRING_DESC_INDIRECT, 0); /* nested */
    expect_refused(f, 0);
    kit_desc_set(kit, table, 0, ok, 4, VRING_DESC_NEXT, 1); /* out of the table */
    expect_refused(f, 0);
    kit_desc_set(kit, table, 0, ok, 4, VRING_DESC_NEXT, 0); /* loop in the table */
    expect_refused(f, 0);
    kit_desc_set(kit, t, 0, ok, 4, VRING_DESC_NEXT, 1); /* a loop that ends in a table is fine */
    kit_desc_set(kit, t, 1, table, 16, VRING_DESC_INDIRECT | VRING_DESC_WRITE, 0);
    kit_desc_set(kit, table, 0, ok, 4, VRING_DESC_WRITE, 0);
    assert_int_equal(send_head(f, 0), 4);
}

static void test_too_many_pieces(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    unsigned n = VQ_CHAIN_PIECES;
    uint64_t t = kit->queue[0].desc, ok = kit_alloc(kit, 64, 8);
    uint64_t table = kit_alloc(kit, (n + 1) * 16, 16);
    for (unsigned i = 0; i <= n; i++)
        kit_desc_set(kit, table, i, ok, 1, VRING_DESC_WRITE | VRING_DESC_NEXT, (uint16_t)(i + 1));
    kit_desc_set(kit, table, n, ok, 1, VRING_DESC_WRITE, 0); /* one more than the most */
    kit_desc_set(kit, t, 0, table, (n + 1) * 16, VRING_DESC_INDIRECT, 0);
    expect_refused(f, 0);
    kit_desc_set(kit, table, n - 1, ok, 1, VRING_DESC_WRITE, 0); /* exactly the most */
    assert_int_equal(send_head(f, 0), 0);
    assert_int_equal(f->echo->served, 1);
}

static void test_indirect_not_negotiated(void **state)
{
    struct fix *f = *state;
    assert_true(kit_start(&f->kit, 0));
    uint64_t table = kit_alloc(&f->kit, 16, 16);
    kit_desc_set(&f->kit, table, 0, kit_alloc(&f->kit, 8, 8), 8, 0, 0);
    kit_desc_set(&f->kit, f->kit.queue[0].desc, 0, table, 16, VRING_DESC_INDIRECT, 0);
    expect_refused(f, 0);
}

/* Only a reset of the queue revives a broken one; the other queue never stops. */
static void expect_broken(struct fix *f)
{
    struct kit *kit = &f->kit;
    uint16_t head;
    uint32_t len;
    char b[4];
    assert_false(kit_used(kit, 0, &head, &len));
    assert_true(f->echo->dev.queue[0].broken);
    assert_int_equal(kit_request(kit, 1, "abcd", 4, b, 4), 4);
    kit_wr(kit, MMIO_QUEUE_SEL, 0);
    kit_wr(kit, MMIO_QUEUE_RESET, 1);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_RESET), 0);
    assert_int_equal(kit_rd(kit, MMIO_QUEUE_READY), 0);
    assert_true(kit_queue_setup(kit, 0, 0));
    round_trip(f, 8);
}

static void test_broken_rings(void **state)
{
    struct fix *f = *state;
    static const uint16_t jumps[] = {ECHO_SIZE + 1, 1000, 0x8000, 0xffff};
    for (unsigned i = 0; i < ARRAY_SIZE(jumps); i++) {
        kit_avail_set(&f->kit, 0, (uint16_t)(f->kit.queue[0].avail_idx + jumps[i]));
        kit_notify(&f->kit, 0);
        expect_broken(f);
    }
    kit_avail_push(&f->kit, 0, ECHO_SIZE); /* a head outside the table */
    kit_notify(&f->kit, 0);
    expect_broken(f);
}

/* The same head over and over while the device holds chains: no more than the queue's size. */
static void test_held_chains_bounded(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    f->echo->hold = true;
    kit_desc_set(kit, kit->queue[0].desc, 0, kit_alloc(kit, 8, 8), 8, VRING_DESC_WRITE, 0);
    for (unsigned i = 0; i <= ECHO_SIZE; i++) {
        kit_avail_push(kit, 0, 0);
        kit_notify(kit, 0);
    }
    assert_int_equal(f->echo->num_held, ECHO_SIZE);
    f->echo->hold = false;
    expect_broken(f);
    assert_int_equal(f->echo->num_held, 0); /* dropped by the queue's reset */
}

static void test_out_of_order(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    int heads[8];
    uint16_t head;
    uint32_t len;
    f->echo->hold = true;
    for (unsigned i = 0; i < 8; i++) {
        struct kit_buf b[] = {{kit_put(kit, &i, 4), 4, false}, {kit_alloc(kit, 4, 4), 4, true}};
        heads[i] = kit_add(kit, 0, b, 2);
    }
    kit_kick(kit, 0);
    assert_false(kit_used(kit, 0, &head, &len));
    echo_release(f->echo);
    for (unsigned i = 8; i-- > 0;) {
        assert_true(kit_used(kit, 0, &head, &len));
        assert_int_equal(head, heads[i]);
    }
}

static unsigned irqs(struct fix *f)
{
    kit_isr(&f->kit);
    return atomic_exchange(&f->kit.irq_raised, 0);
}

/* One request, without looking at the used ring. */
static void send_one(struct fix *f)
{
    struct kit_buf b = {kit_alloc(&f->kit, 4, 4), 4, true};
    assert_true(kit_add(&f->kit, 0, &b, 1) >= 0);
    kit_kick(&f->kit, 0);
}

static void take_one(struct fix *f)
{
    uint16_t head;
    uint32_t len;
    assert_true(kit_used(&f->kit, 0, &head, &len));
}

static void test_interrupts_by_event_idx(void **state)
{
    struct fix *f = *state;
    uint64_t used_event = f->kit.queue[0].avail + 4 + 2 * ECHO_SIZE;
    irqs(f);
    send_one(f);
    assert_int_equal(irqs(f), 1);
    send_one(f); /* used_event still names the first */
    assert_int_equal(irqs(f), 0);
    take_one(f);
    take_one(f); /* wants the third */
    send_one(f);
    assert_int_equal(irqs(f), 1);
    uint16_t far = 7; /* interrupt when eight are used */
    kit_write(&f->kit, used_event, &far, 2);
    for (unsigned i = 3; i < 7; i++)
        send_one(f);
    assert_int_equal(irqs(f), 0);
    send_one(f);
    assert_int_equal(irqs(f), 1);
}

static void test_interrupts_by_flag(void **state)
{
    struct fix *f = *state;
    assert_true(kit_start(&f->kit, VIRTIO_F_VERSION_1));
    uint16_t flags = NO_INTERRUPT;
    send_one(f);
    assert_int_equal(irqs(f), 1);
    kit_write(&f->kit, f->kit.queue[0].avail, &flags, 2);
    send_one(f);
    assert_int_equal(irqs(f), 0);
    flags = 0;
    kit_write(&f->kit, f->kit.queue[0].avail, &flags, 2);
    send_one(f);
    assert_int_equal(irqs(f), 1);
}

/* The device asks for a kick for the next chain whenever it goes idle, and for all chains without
 * EVENT_IDX. */
static void test_kicks(void **state)
{
    struct fix *f = *state;
    static const uint64_t features[] = {KIT_ALL_FEATURES, 0};
    for (unsigned k = 0; k < 2; k++) {
        assert_true(kit_start(&f->kit, features[k]));
        for (unsigned i = 0; i < 200; i++) {
            struct kit_buf b = {kit_alloc(&f->kit, 4, 4), 4, true};
            assert_true(kit_add(&f->kit, 0, &b, 1) >= 0);
            assert_true(kit_kick(&f->kit, 0));
            take_one(f);
        }
    }
}

static void test_refusals_interrupt(void **state)
{
    struct fix *f = *state;
    irqs(f);
    kit_desc_set(&f->kit, f->kit.queue[0].desc, 0, 0, 4, 0, 0);
    assert_int_equal(send_head(f, 0), 0);
    assert_int_equal(irqs(f), 1);
}

static void test_a_ring_of_garbage_ends(void **state)
{
    struct fix *f = *state;
    struct kit *kit = &f->kit;
    kit_desc_set(kit, kit->queue[0].desc, 0, 0, 4, 0, 0);
    for (unsigned i = 0; i < ECHO_SIZE; i++)
        kit_avail_push(kit, 0, 0);
    kit_notify(kit, 0);
    uint16_t head;
    uint32_t len;
    for (unsigned i = 0; i < ECHO_SIZE; i++)
        assert_true(kit_used(kit, 0, &head, &len));
    expect_broken(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_framings),
        TEST(test_index_wrap),
        TEST(test_all_sizes),
        TEST(test_short_answer_room),
        TEST(test_zero_length_descriptors),
        TEST(test_hostile_direct),
        TEST(test_hostile_addresses),
        TEST(test_hostile_indirect),
        TEST(test_too_many_pieces),
        TEST(test_indirect_not_negotiated),
        TEST(test_broken_rings),
        TEST(test_held_chains_bounded),
        TEST(test_out_of_order),
        TEST(test_interrupts_by_event_idx),
        TEST(test_interrupts_by_flag),
        TEST(test_kicks),
        TEST(test_refusals_interrupt),
        TEST(test_a_ring_of_garbage_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
