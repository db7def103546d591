/* SPDX-License-Identifier: MIT */
/*
 * Races between harts, in M-mode without firmware: counters by LR/SC and AMO, code patched by one
 * hart and run by another, litmus tests, wake-ups that must not get lost. Each test says what it
 * counted; a hang is a failure too (the runner's time limit).
 */
#include "sync.h"

#ifndef HARTS
#define HARTS 4
#endif
#ifndef ROUNDS
#define ROUNDS 100 /* percent of the full numbers */
#endif
#define SCALED(n) ((uint32_t)((uint64_t)(n)*ROUNDS / 100))

static struct barrier barrier;
static uint32_t failures; /* hart 0 only */

/* Eight harts on fewer host processors only count: the rest is for pairs. */
enum { PAIRS = HARTS <= 4 };

static void sync_all(void)
{
    barrier_wait(&barrier, HARTS);
}

static void expect(const char *what, ulong got, ulong want)
{
    put(got == want ? "ok " : "FAIL ");
    put(what);
    put(" ");
    put_dec(got);
    if (got != want) {
        put(" want ");
        put_dec(want);
        failures++;
    }
    put_time();
}

/* --- counters --- */

enum { INCREMENTS = 100000 };

static volatile uint32_t lr_counter, lr_neighbour, amo_counter, amo_xor;
static volatile ulong lr_wide, amo_max;

static void lr_add32(volatile uint32_t *p)
{
    uint32_t old, failed;
    __asm__ volatile("1: lr.w %0, %2\n addi %0, %0, 1\n sc.w %1, %0, %2\n bnez %1, 1b"
                     : "=&r"(old), "=&r"(failed), "+A"(*p)::"memory");
}

static void lr_add_long(volatile ulong *p)
{
    ulong old, failed;
#if __riscv_xlen == 64
    __asm__ volatile("1: lr.d.aq %0, %2\n addi %0, %0, 1\n sc.d.rl %1, %0, %2\n bnez %1, 1b"
#else
    __asm__ volatile("1: lr.w.aq %0, %2\n addi %0, %0, 1\n sc.w.rl %1, %0, %2\n bnez %1, 1b"
#endif
                     : "=&r"(old), "=&r"(failed), "+A"(*p)::"memory");
}

static void test_counters(ulong hart)
{
    uint32_t n = SCALED(INCREMENTS);
    sync_all();
    for (uint32_t i = 0; i < n; i++) {
        lr_add32(hart & 1 ? &lr_neighbour : &lr_counter);
        lr_add_long(&lr_wide);
        __atomic_fetch_add(&amo_counter, 1, __ATOMIC_RELAXED);
        __atomic_fetch_xor(&amo_xor, (i * HARTS + (uint32_t)hart) * 2654435761u, __ATOMIC_RELAXED);
        ulong mine = i * HARTS + hart;
        __asm__ volatile("amomaxu.w zero, %1, %0" : "+A"(amo_max) : "r"(mine) : "memory");
    }
    sync_all();
    if (hart)
        return;
    uint32_t parity = 0;
    for (uint32_t i = 0; i < n * HARTS; i++)
        parity ^= i * 2654435761u;
    expect("lr/sc even harts", lr_counter, (HARTS + 1) / 2 * n);
    expect("lr/sc odd harts", lr_neighbour, HARTS / 2 * n);
    expect("lr/sc all", lr_wide, (ulong)HARTS * n);
    expect("amoadd", amo_counter, HARTS * n);
    expect("amoxor", amo_xor, parity);
    expect("amomaxu", amo_max, n * HARTS - 1);
}

/* --- code patched by another hart --- */

enum { PATCH_ROUNDS = 32000, SLOTS = 64, SLOT_WORDS = 4, REG_A0 = 10 };

typedef uint32_t (*code_fn)(void);
extern uint32_t patch_slots[];
uint32_t patch_hot(void);

/* A page of code that is patched, behind a function that the waiting hart keeps calling. */
__asm__(".section .patch, \"awx\", @progbits\n"
        ".balign 4096\n"
        ".globl patch_hot, patch_slots\n"
        "patch_hot: li a0, 7\n ret\n"
        ".balign 16\n"
        "patch_slots: .skip 2048\n .balign 4096\n"
        ".text\n");

static volatile uint32_t patched[HARTS / 2 + 1], ran[HARTS / 2 + 1], patch_wrong;

/* lui a0, hi; addi a0, a0, lo; ret: gives value. */
static void write_slot(uint32_t *slot, uint32_t value)
{
    uint32_t high = (value + 0x800) >> 12, low = value & 0xfff;
    slot[0] = high << 12 | REG_A0 << 7 | 0x37;
    slot[1] = low << 20 | REG_A0 << 15 | REG_A0 << 7 | 0x13;
    slot[2] = 0x00008067;
}

/* Slot n of a pair of harts, and what it gives after a round's patch. */
static uint32_t *slot_of(uint32_t pair, uint32_t n)
{
    return patch_slots + (pair * SLOTS + n) * SLOT_WORDS;
}

static uint32_t slot_value(uint32_t pair, uint32_t n, uint32_t round)
{
    return (round * SLOTS + n) * 2 + pair;
}

static void run_slots(uint32_t pair, uint32_t round)
{
    uint32_t wrong = 0;
    FENCE_I();
    for (uint32_t n = 0; n < SLOTS; n++)
        wrong += ((code_fn)slot_of(pair, n))() != slot_value(pair, n, round);
    if (wrong)
        atomic_add(&patch_wrong, wrong);
}

static void patch_and_run(uint32_t pair, uint32_t round)
{
    for (uint32_t n = 0; n < SLOTS; n++)
        write_slot(slot_of(pair, n), slot_value(pair, n, round));
    publish(&patched[pair], round);
    run_slots(pair, round);
    wait_for(&ran[pair], round);
}

/* Meanwhile the other runs code of the same page. */
static void wait_and_run(uint32_t pair, uint32_t round)
{
    while ((int32_t)(patched[pair] - round) < 0) {
        relax();
        if (patch_hot() != 7)
            atomic_add(&patch_wrong, 1);
    }
    FENCE(r, rw);
    run_slots(pair, round);
    publish(&ran[pair], round);
}

/* Harts in pairs: the even one patches, both run; after half of the rounds, the other way. */
static void test_patch(ulong hart)
{
    uint32_t n = SCALED(PATCH_ROUNDS), pair = (uint32_t)hart / 2;
    sync_all();
    for (uint32_t round = 1; round <= n; round++) {
        if (round == n / 2 + 1)
            sync_all(); /* the last one to patch may still be running what it wrote */
        if ((hart & 1) == (round > n / 2))
            patch_and_run(pair, round);
        else
            wait_and_run(pair, round);
    }
    sync_all();
    if (hart)
        return;
    expect("patched code, stale runs", patch_wrong, 0);
    put("   patched and run ");
    put_dec((ulong)n * SLOTS * (HARTS / 2));
    put("\n");
}

/* --- litmus tests --- */

enum { CELLS = 512, BATCHES = 200 };

struct cell {
    volatile uint32_t x, pad[15], y, pad2[15];
};

static struct cell cells[CELLS] __attribute__((aligned(64)));
static volatile uint32_t seen[2][CELLS];

enum litmus { MP, SB, LB, MP_AMO, SB_AMO, SB_PLAIN, LITMUS_COUNT };

static const char *const litmus_name[] = {"MP+fences", "SB+fences", "LB+fences",
                                          "MP+rl+aq",  "SB+aqrl",   "SB, unordered (allowed)"};

static void swap_release(volatile uint32_t *p, uint32_t v)
{
    __asm__ volatile("amoswap.w.rl zero, %1, %0" : "+A"(*p) : "r"(v) : "memory");
}

static uint32_t read_acquire(volatile uint32_t *p)
{
    uint32_t v;
    __asm__ volatile("amoor.w.aq %0, zero, %1" : "=r"(v), "+A"(*p)::"memory");
    return v;
}

static uint32_t swap_both(volatile uint32_t *p, uint32_t v)
{
    uint32_t old;
    __asm__ volatile("amoswap.w.aqrl %0, %2, %1" : "=r"(old), "+A"(*p) : "r"(v) : "memory");
    return old;
}

static uint32_t litmus_first(enum litmus test, struct cell *c)
{
    uint32_t r = 0;
    switch (test) {
    case MP: c->x = 1, FENCE(w, w), c->y = 1; break;
    case SB: c->x = 1, FENCE(rw, rw), r = c->y; break;
    case LB: r = c->x, FENCE(rw, rw), c->y = 1; break;
    case MP_AMO: c->x = 1, swap_release(&c->y, 1); break;
    case SB_AMO: swap_both(&c->x, 1), r = read_acquire(&c->y); break;
    default: c->x = 1, r = c->y; break;
    }
    return r;
}

static uint32_t litmus_second(enum litmus test, struct cell *c)
{
    uint32_t r = 0;
    switch (test) {
    case MP: r = c->y, FENCE(r, r), r |= c->x << 1; break;
    case SB: c->y = 1, FENCE(rw, rw), r = c->x; break;
    case LB: r = c->y, FENCE(rw, rw), c->x = 1; break;
    case MP_AMO: r = read_acquire(&c->y), r |= c->x << 1; break;
    case SB_AMO: swap_both(&c->y, 1), r = read_acquire(&c->x); break;
    default: c->y = 1, r = c->x; break;
    }
    return r;
}

static int litmus_forbidden(enum litmus test, uint32_t first, uint32_t second)
{
    switch (test) {
    case MP:
    case MP_AMO: return second == 1; /* y seen, x not */
    case LB: return first == 1 && second == 1;
    default: return first == 0 && second == 0;
    }
}

static void litmus_run(enum litmus test, ulong hart)
{
    uint32_t bad = 0;
    for (uint32_t batch = 0; batch < SCALED(BATCHES); batch++) {
        sync_all();
        for (unsigned i = 0; hart < 2 && i < CELLS; i++)
            seen[hart][i] = hart ? litmus_second(test, &cells[i]) : litmus_first(test, &cells[i]);
        sync_all();
        for (unsigned i = 0; hart == 0 && i < CELLS; i++) {
            bad += (uint32_t)litmus_forbidden(test, seen[0][i], seen[1][i]);
            cells[i].x = cells[i].y = 0;
        }
    }
    if (hart)
        return;
    if (test == SB_PLAIN) {
        put("   ");
        put(litmus_name[test]);
        put(" ");
        put_dec(bad);
        put("\n");
        return;
    }
    expect(litmus_name[test], bad, 0);
}

/* --- wake-ups --- */

enum { WAKES = 20000, TIMERS = 200 };

#define MSIP(hart) ((volatile uint32_t *)0x2000000 + (hart))
#define MTIMECMP   0x2004000ul
#define MTIME      0x200bff8ul

static volatile uint32_t wakes[HARTS];

/* Sleeps until this hart's software interrupt is pending; MIE stays off. */
static void sleep_for_msip(ulong hart)
{
    while (!(CSR_READ(mip) & 8))
        __asm__ volatile("wfi");
    *MSIP(hart) = 0;
    while (CSR_READ(mip) & 8)
        continue;
}

/* Pairs of harts wake each other in turn, each asleep until then. */
static void test_wake(ulong hart)
{
    uint32_t n = SCALED(WAKES);
    ulong other = hart ^ 1;
    CSR_WRITE(mie, 8);
    sync_all();
    for (uint32_t i = 0; i < n; i++) {
        if (hart & 1)
            sleep_for_msip(hart);
        *MSIP(other) = 1;
        if (!(hart & 1))
            sleep_for_msip(hart);
        wakes[hart]++;
    }
    CSR_WRITE(mie, 0);
    sync_all();
    for (unsigned i = 0; hart == 0 && i < HARTS; i++)
        expect("wake-ups by MSIP", wakes[i], n);
}

static uint64_t read64(ulong address)
{
    volatile uint32_t *p = (volatile uint32_t *)address;
    for (;;) {
        uint32_t high = p[1], low = p[0];
        if (high == p[1])
            return (uint64_t)high << 32 | low;
    }
}

static void write_timer(ulong hart, uint64_t value)
{
    volatile uint32_t *p = (volatile uint32_t *)(MTIMECMP + 8 * hart);
    p[1] = 0xffffffff;
    p[0] = (uint32_t)value;
    p[1] = (uint32_t)(value >> 32);
}

/* Deadlines from none to a millisecond away; every sleep must end, none too early. */
static void test_timer(ulong hart)
{
    uint32_t early = 0;
    CSR_WRITE(mie, 1 << 7);
    sync_all();
    for (uint32_t i = 0; i < SCALED(TIMERS); i++) {
        uint64_t deadline = read64(MTIME) + i * 7919 % 10000;
        write_timer(hart, deadline);
        while (!(CSR_READ(mip) & 1 << 7))
            __asm__ volatile("wfi");
        early += read64(MTIME) < deadline;
    }
    write_timer(hart, -1ull);
    CSR_WRITE(mie, 0);
    wakes[hart] = early;
    sync_all();
    for (unsigned i = 0; hart == 0 && i < HARTS; i++)
        expect("timers that rang early", wakes[i], 0);
}

void guest_main(ulong hart)
{
    test_counters(hart);
    if (PAIRS) {
        test_patch(hart);
        for (unsigned test = 0; test < LITMUS_COUNT; test++)
            litmus_run((enum litmus)test, hart);
        test_wake(hart);
        test_timer(hart);
    }
    if (hart)
        for (;;)
            __asm__ volatile("wfi");
    put(failures ? "FAILED\n" : "PASS\n");
    finish(failures ? 1 : 0);
}
