/* SPDX-License-Identifier: MIT */
/* The TLB's views (cpu/tlb.h): what they hold, flushes, and the native jumps of a view. */
#include "cpu/tlb.h"

#include "cpu/csr_bits.h"
#include "cpu/engine.h"
#include "cpu/mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define RAM  UINT64_C(0x80000000)
#define PAGE UINT64_C(0x1000)
#define FAR  (PAGE * TLB_SIZE) /* as many pages as a view has entries */

struct fixture {
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct cpu *cpu;
    struct hart *h;
};

/* A hart in M-mode, which nothing runs. */
static void fixture_init(struct fixture *f)
{
    struct error err;
    f->mem = gmem_create(RAM, 4 * FAR);
    f->map = map_create();
    f->clock = vclock_create();
    struct cpu_config config = {
        .harts = 1, .mem = f->mem, .map = f->map, .clock = f->clock, .engine = &interp_engine};
    assert_true(cpu_model_parse("rv64", &config.model, &err));
    f->cpu = cpu_create(&config);
    assert_non_null(f->cpu);
    f->h = cpu_hart(f->cpu, 0);
}

static void fixture_finish(struct fixture *f)
{
    cpu_destroy(f->cpu);
    vclock_destroy(f->clock);
    map_destroy(f->map);
    gmem_destroy(f->mem);
}

static bool may(const struct fixture *f, enum access access, uint64_t va)
{
    return tlb_hit(tlb_slot(f->h->data, va), access, va, 1);
}

static void load(struct fixture *f, uint64_t va)
{
    uint64_t v;
    assert_true(mmu_load(f->h, va, 8, &v));
}

static uint64_t misses(const struct fixture *f)
{
    struct hart_stats s;
    hart_stats(f->h, &s);
    return s.tlb_misses;
}

/* Fresh memory holds zeros, which are no page: neither page 0 nor another. */
static void test_an_empty_view_holds_nothing(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < TLB_SIZE; i++)
            for (enum access a = ACCESS_LOAD; a <= ACCESS_FETCH; a++)
                assert_false(tlb_hit(&f.h->data->entry[i], a, (uint64_t)i << 12, 1));
        for (uint64_t i = 0; i < 2 * NATIVE_JUMPS; i++)
            assert_true(mmu_native_jump(f.h, i)->pc != i && mmu_native_jump(f.h, ~i)->pc != ~i);
        for (uint64_t pc = 0; pc < 2 * NATIVE_JUMPS; pc += 2)
            mmu_set_native(f.h, pc, &f);
        mmu_flush_all(f.h);
    }
    fixture_finish(&f);
}

/* Until the page is flushed, whatever address inside it is named. */
static void test_a_page_is_looked_up_once(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    for (unsigned round = 1; round < 4; round++) {
        load(&f, RAM + 8);
        load(&f, RAM + 16);
        assert_true(may(&f, ACCESS_LOAD, RAM) && !may(&f, ACCESS_LOAD, RAM + PAGE));
        assert_int_equal(misses(&f), round);
        mmu_flush(f.h, true, RAM + 0x123, false, 0);
        assert_false(may(&f, ACCESS_LOAD, RAM) || may(&f, ACCESS_STORE, RAM));
    }
    fixture_finish(&f);
}

/* At any stride that is a power of two, 64 pages are held at once. */
static void test_pages_a_power_of_two_apart_do_not_conflict(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    for (uint64_t stride = PAGE; stride <= FAR; stride *= 2) {
        uint64_t before = misses(&f), pages = 4 * FAR / stride < 64 ? 4 * FAR / stride : 64;
        for (unsigned round = 0; round < 3; round++)
            for (uint64_t i = 0; i < pages; i++)
                load(&f, RAM + i * stride);
        assert_in_range(misses(&f) - before, 0, pages);
    }
    fixture_finish(&f);
}

/* Two pages that have one entry: each displaces the other, wholly. */
static void test_a_page_displaces_another(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    uint64_t other = RAM + FAR + 32 * PAGE; /* bit 24 and, folded, bit 17 */
    assert_ptr_equal(tlb_slot(f.h->data, RAM), tlb_slot(f.h->data, other));
    for (unsigned i = 0; i < 3; i++) {
        assert_true(mmu_store(f.h, RAM, 8, i));
        assert_true(may(&f, ACCESS_STORE, RAM) && !may(&f, ACCESS_LOAD, other));
        load(&f, other);
        assert_true(may(&f, ACCESS_LOAD, other) && !may(&f, ACCESS_STORE, RAM));
    }
    assert_int_equal(misses(&f), 6);
    fixture_finish(&f);
}

/* An access that one walk allows stays allowed, until another walk finds another page. */
static void test_an_entry_holds_by_access(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct tlb_view *v = f.h->data;
    const struct tlb_entry *e = tlb_slot(v, PAGE);
    const uint8_t *a = gmem_span(f.mem, RAM, PAGE), *b = gmem_span(f.mem, RAM + PAGE, PAGE);
    const bool load_only[3] = {true}, store_only[3] = {false, true};
    tlb_fill(f.h, v, PAGE, a, load_only, -1);
    assert_true(tlb_hit(e, ACCESS_LOAD, PAGE, 8) && !tlb_hit(e, ACCESS_STORE, PAGE, 8));
    assert_false(tlb_hit(e, ACCESS_LOAD, PAGE + 4, 8)); /* misaligned */
    assert_true(tlb_hit(e, ACCESS_LOAD, PAGE + 4, 4));
    tlb_fill(f.h, v, PAGE, a, store_only, -1);
    assert_true(tlb_hit(e, ACCESS_LOAD, PAGE, 8) && tlb_hit(e, ACCESS_STORE, PAGE, 8));
    tlb_fill(f.h, v, PAGE, b, load_only, -1);
    assert_true(tlb_hit(e, ACCESS_LOAD, PAGE, 8) && !tlb_hit(e, ACCESS_STORE, PAGE, 8));
    assert_ptr_equal((uint8_t *)(uintptr_t)(PAGE + e->addend), b);
    fixture_finish(&f);
}

static void set_satp(struct fixture *f, uint64_t satp)
{
    f->h->arch.satp = satp;
    hart_refresh(f->h);
}

/* More address spaces than views: each finds its own pages again, or none. */
static void test_views_are_found_again(void **state)
{
    (void)state;
    enum { SPACES = 2 * CTX_CACHE };
    struct fixture f;
    fixture_init(&f);
    f.h->arch.priv = PRIV_S;
    const bool may[3] = {true, true};
    unsigned kept = 0;
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < SPACES; i++) {
            uint64_t space = round == 1 ? SPACES - 1 - i : i;
            set_satp(&f, UINT64_C(8) << 60 | (space + 1) << 44);
            const struct tlb_entry *e = tlb_slot(f.h->data, PAGE);
            const uint8_t *host = gmem_span(f.mem, RAM + space * PAGE, PAGE);
            if (tlb_hit(e, ACCESS_LOAD, PAGE, 8)) {
                assert_ptr_equal((uint8_t *)(uintptr_t)(PAGE + e->addend), host);
                kept++;
            }
            tlb_fill(f.h, f.h->data, PAGE, host, may, -1);
        }
    }
    assert_in_range(kept, CTX_CACHE - 2, 2 * CTX_CACHE);
    mmu_flush(f.h, false, 0, true, SPACES); /* the one that is in use */
    assert_false(tlb_hit(tlb_slot(f.h->data, PAGE), ACCESS_LOAD, PAGE, 8));
    set_satp(&f, UINT64_C(8) << 60 | (uint64_t)(SPACES - 1) << 44);
    assert_true(tlb_hit(tlb_slot(f.h->data, PAGE), ACCESS_LOAD, PAGE, 8));
    fixture_finish(&f);
}

/* A new address space begins with the global mappings of the last one, and with no others; an
 * sfence.vma of their page ends them in all. */
static void test_global_mappings_are_in_each_view(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.h->arch.priv = PRIV_S;
    const bool may_load[3] = {true};
    set_satp(&f, UINT64_C(8) << 60 | UINT64_C(1) << 44);
    tlb_fill(f.h, f.h->data, PAGE, gmem_span(f.mem, RAM, PAGE), may_load, -1);
    tlb_note_global(f.h->data, PAGE);
    tlb_fill(f.h, f.h->data, 2 * PAGE, gmem_span(f.mem, RAM, PAGE), may_load, -1);
    for (uint64_t asid = 2; asid < 4; asid++) {
        set_satp(&f, UINT64_C(8) << 60 | asid << 44);
        assert_true(may(&f, ACCESS_LOAD, PAGE));
        assert_false(may(&f, ACCESS_LOAD, 2 * PAGE) || may(&f, ACCESS_STORE, PAGE));
    }
    set_satp(&f, UINT64_C(9) << 60 | UINT64_C(5) << 44); /* other tables */
    assert_false(may(&f, ACCESS_LOAD, PAGE));
    mmu_flush(f.h, true, PAGE, false, 0);
    for (uint64_t asid = 1; asid < 5; asid++) {
        set_satp(&f, UINT64_C(8) << 60 | asid << 44);
        assert_false(may(&f, ACCESS_LOAD, PAGE));
    }
    fixture_finish(&f);
}

/* The global bit goes with the mapping that had it. */
static void test_a_page_that_is_not_global_any_more(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.h->arch.priv = PRIV_S;
    const bool may_load[3] = {true};
    set_satp(&f, UINT64_C(8) << 60 | UINT64_C(1) << 44);
    tlb_fill(f.h, f.h->data, PAGE, gmem_span(f.mem, RAM, PAGE), may_load, -1);
    tlb_note_global(f.h->data, PAGE);
    tlb_fill(f.h, f.h->data, PAGE, gmem_span(f.mem, RAM, PAGE), may_load, -1);
    set_satp(&f, UINT64_C(8) << 60 | UINT64_C(2) << 44);
    assert_false(may(&f, ACCESS_LOAD, PAGE));
    fixture_finish(&f);
}

/* A superpage goes as a whole, and with its view. */
static void test_a_superpage_ends_with_its_view(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    const bool may[3] = {true};
    tlb_fill(f.h, f.h->data, PAGE, gmem_span(f.mem, RAM, PAGE), may, 1);
    mmu_flush(f.h, true, 0x1ff000, false, 0);
    assert_false(tlb_hit(tlb_slot(f.h->data, PAGE), ACCESS_LOAD, PAGE, 8));
    fixture_finish(&f);
}

static bool native_is(const struct fixture *f, uint64_t pc, const void *code)
{
    const struct native_jump *j = mmu_native_jump(f->h, pc);
    return j->pc == pc && j->code == code;
}

/* By FS and view; until an sfence.vma of that page, a flush, or the engine's word. */
static void test_native_jumps_end_with_their_pages(void **state)
{
    (void)state;
    static const char code[2];
    struct fixture f;
    fixture_init(&f);
    mmu_set_native(f.h, RAM, code);
    assert_true(native_is(&f, RAM, code));
    f.h->arch.mstatus ^= MSTATUS_FS;
    hart_refresh(f.h);
    assert_false(native_is(&f, RAM, code));
    mmu_set_native(f.h, RAM, code + 1);
    f.h->arch.priv = PRIV_S;
    hart_refresh(f.h);
    assert_false(native_is(&f, RAM, code + 1));
    f.h->arch.priv = PRIV_M;
    hart_refresh(f.h);
    assert_true(native_is(&f, RAM, code + 1));
    uint64_t key = f.h->jump_key;
    mmu_flush(f.h, true, RAM + PAGE, false, 0);
    assert_true(native_is(&f, RAM, code + 1) && f.h->jump_key == key);
    mmu_flush(f.h, true, RAM, false, 0);
    assert_false(native_is(&f, RAM, code + 1) || f.h->jump_key == key);
    mmu_set_native(f.h, RAM, code);
    mmu_flush_all(f.h);
    assert_false(native_is(&f, RAM, code));
    mmu_set_native(f.h, RAM, code);
    mmu_forget_native(f.h);
    assert_false(native_is(&f, RAM, code));
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_view_holds_nothing),
        cmocka_unit_test(test_a_page_is_looked_up_once),
        cmocka_unit_test(test_pages_a_power_of_two_apart_do_not_conflict),
        cmocka_unit_test(test_a_page_displaces_another),
        cmocka_unit_test(test_an_entry_holds_by_access),
        cmocka_unit_test(test_views_are_found_again),
        cmocka_unit_test(test_global_mappings_are_in_each_view),
        cmocka_unit_test(test_a_page_that_is_not_global_any_more),
        cmocka_unit_test(test_a_superpage_ends_with_its_view),
        cmocka_unit_test(test_native_jumps_end_with_their_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
