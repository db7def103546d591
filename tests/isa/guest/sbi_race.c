/* SPDX-License-Identifier: MIT */
/*
 * Races through the SBI, started in S-mode: harts started and stopped again and again, remote
 * fences from everybody to everybody, pages remapped under a hart that reads them, IPIs that must
 * wake.
 */
#include "sbi.h"
#include "sync.h"

#ifndef HARTS
#define HARTS 4
#endif
#ifndef ROUNDS
#define ROUNDS 100
#endif
#define SCALED(n) ((uint32_t)((uint64_t)(n)*ROUNDS / 100))
enum { STARTS = 1500, STORM = 10000, REMAPS = 10000, PAGES = 16, IPIS = 10000, PAGE = 4096 };
enum { PTE_LEAF = 0xcf /* V R W X A D */, ALL = (1 << HARTS) - 1 };
#define WINDOW 0x40000000ul /* the page that is remapped */

enum job { JOB_COUNT, JOB_STAY };

void sbi_main(ulong hart);
void sbi_hart(ulong hart, ulong job);
void sbi_secondary(void);

static struct barrier barrier;
static volatile uint32_t started[HARTS], fence_errors, stale_reads, failures, remapped, checked,
    ipis[HARTS];
static volatile ulong boot_hart;
static ulong root[PAGE / sizeof(ulong)] __attribute__((aligned(4096)));
static ulong middle[PAGE / sizeof(ulong)] __attribute__((aligned(4096)));
static ulong last[PAGE / sizeof(ulong)] __attribute__((aligned(4096)));
static volatile uint32_t page[2][PAGE / 4] __attribute__((aligned(4096)));

static void sync_all(void)
{
    barrier_wait(&barrier, HARTS);
}

/* Boot hart only. */
static void expect(const char *what, ulong got, ulong want)
{
    put(got == want ? "ok " : "FAIL ");
    put(what);
    put(" ");
    put_dec(got);
    put_time();
    if (got != want)
        failures++;
}

/* --- hart start and stop --- */

static void test_start_stop(void)
{
    uint32_t n = SCALED(STARTS);
    ulong wrong = 0;
    for (uint32_t round = 1; round <= n; round++) {
        for (ulong h = 0; h < HARTS; h++)
            if (h != boot_hart)
                wrong += hart_start(h, (ulong)sbi_secondary, JOB_COUNT).error != 0;
        for (ulong h = 0; h < HARTS; h++) {
            if (h == boot_hart)
                continue;
            wait_for(&started[h], round);
            while (hart_status(h) != HSM_STOPPED)
                relax();
        }
    }
    ulong total = 0;
    for (ulong h = 0; h < HARTS; h++)
        total += started[h];
    expect("hart starts", total, (ulong)n * (HARTS - 1));
    expect("hart start errors", wrong, 0);
    expect("starting a running hart", (ulong)-hart_start(boot_hart, (ulong)sbi_secondary, 0).error,
           6);
}

/* --- remote fences --- */

static void test_storm(ulong hart)
{
    uint32_t wrong = 0;
    sync_all();
    for (uint32_t i = 0; i < SCALED(STORM); i++) {
        ulong mask = i & 1 ? ALL : ALL & ~(1ul << hart);
        switch (i % 4) {
        case 0: wrong += remote_fence_i(mask) != 0; break;
        case 1: wrong += remote_sfence(mask, 0, 0) != 0; break;
        case 2: wrong += remote_sfence(mask, WINDOW, PAGE * 4) != 0; break;
        default: wrong += remote_sfence_asid(mask, WINDOW, PAGE, hart) != 0; break;
        }
    }
    atomic_add(&fence_errors, wrong);
    sync_all();
    if (hart == boot_hart)
        expect("remote-fence storm, errors", fence_errors, 0);
}

/* All pages of the window to one of the two. */
static void map_window(unsigned which)
{
    for (unsigned i = 0; i < PAGES; i++)
        ((volatile ulong *)last)[i] = (ulong)page[which] >> 2 | PTE_LEAF;
}

static void enable_paging(void)
{
#if __riscv_xlen == 64
    root[2] = 0x80000000ul >> 2 | PTE_LEAF;
    root[0] = 0x00000000ul >> 2 | PTE_LEAF; /* devices */
    root[1] = (ulong)middle >> 2 | 1;
    middle[0] = (ulong)last >> 2 | 1;
    ulong mode = 8ul << 60;
#else
    for (ulong i = 0; i < 64; i++) /* RAM by 4 MiB pages, devices below 512 MiB */
        root[512 + i] = (0x80000000ul + (i << 22)) >> 2 | PTE_LEAF;
    for (ulong i = 0; i < 128; i++)
        root[i] = i << 20 | PTE_LEAF;
    root[256] = (ulong)last >> 2 | 1;
    (void)middle;
    ulong mode = 1ul << 31;
#endif
    map_window(0);
    __asm__ volatile("sfence.vma" ::: "memory");
    CSR_WRITE(satp, mode | (ulong)root >> 12);
    __asm__ volatile("sfence.vma" ::: "memory");
}

static uint32_t count_other(uint32_t value)
{
    volatile uint32_t *window = (volatile uint32_t *)WINDOW;
    uint32_t other = 0;
    for (unsigned i = 0; i < PAGES; i++)
        other += window[i * PAGE / 4] != value;
    return other;
}

/* The boot hart remaps; the others must see the new page as soon as the fence is done. */
static void test_remap(ulong hart)
{
    volatile uint32_t *window = (volatile uint32_t *)WINDOW;
    uint32_t n = SCALED(REMAPS), wrong = 0;
    if (hart == boot_hart)
        page[1][0] = 1;
    sync_all();
    enable_paging();
    sync_all();
    for (uint32_t round = 1; round <= n; round++) {
        if (hart == boot_hart) {
            map_window(round & 1);
            FENCE(rw, rw);
            remote_sfence(ALL, WINDOW, PAGE * PAGES);
            publish(&remapped, round);
            wait_for(&checked, round * (HARTS - 1));
        } else {
            for (uint32_t i = 0; (int32_t)(remapped - round) < 0; i++) {
                relax();
                (void)window[i % PAGES * (PAGE / 4)]; /* keeps the old translations alive */
            }
            FENCE(r, rw);
            wrong += count_other(round & 1);
            atomic_add(&checked, 1);
        }
    }
    atomic_add(&stale_reads, wrong);
    sync_all();
    if (hart == boot_hart)
        expect("remapped pages, stale reads", stale_reads, 0);
}

/* --- IPIs --- */

/* Each hart wakes the next in the ring; the token must come round. */
static void test_ipi(ulong hart)
{
    uint32_t n = SCALED(IPIS);
    CSR_WRITE(sie, 2);
    sync_all();
    for (uint32_t i = 0; i < n; i++) {
        if (hart == boot_hart)
            send_ipi(1ul << (hart + 1) % HARTS);
        while (!(CSR_READ(sip) & 2))
            __asm__ volatile("wfi");
        CSR_CLEAR(sip, 2);
        ipis[hart]++;
        if (hart != boot_hart)
            send_ipi(1ul << (hart + 1) % HARTS);
    }
    CSR_WRITE(sie, 0);
    sync_all();
    for (unsigned h = 0; hart == boot_hart && h < HARTS; h++)
        expect("IPIs round the ring", ipis[h], n);
}

static void together(ulong hart)
{
    test_storm(hart);
    test_remap(hart);
    test_ipi(hart);
}

void sbi_hart(ulong hart, ulong job)
{
    if (job == JOB_COUNT) {
        started[hart]++;
        FENCE(rw, rw);
        hart_stop();
    }
    together(hart);
    for (;;)
        hart_stop();
}

void sbi_main(ulong hart)
{
    boot_hart = hart;
    test_start_stop();
    for (ulong h = 0; h < HARTS; h++)
        if (h != hart)
            hart_start(h, (ulong)sbi_secondary, JOB_STAY);
    together(hart);
    put(failures ? "FAILED\n" : "PASS\n");
    finish(failures ? 1 : 0);
}
