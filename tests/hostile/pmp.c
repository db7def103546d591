/* SPDX-License-Identifier: MIT */
/*
 * S-mode against M-mode's PMP, whose regions end inside of a page: what S-mode may not execute,
 * load or store it does not, from within the same page either. `page` has a first part that S-mode
 * may use as ALLOWED says, and a second part as DENIED says; all else it may use.
 */
#include "bare.h"

enum { FETCH_FAULT = 1, LOAD_FAULT = 5, STORE_FAULT = 7, CALL = 9, CALL_M = 11 };
enum { R = 1, W = 2, X = 4, TOR = 8, LOCK = 0x80, ALL = R | W | X };
enum { NOP = 0x13, ECALL = 0x73, JUMP_64 = 0x0400006f, BACK_64 = 0xfc1ff06f };

static u32 page[1024] __attribute__((aligned(4096)));
static u32 other[16] __attribute__((aligned(4096))); /* code that loads and stores */
static u64 root[512] __attribute__((aligned(4096)));

#define AT(offset) ((u64)page + (offset))

static struct trap {
    u64 cause, pc, value;
} last;

/* [page, page+border) as `first` says, [border, end) as `second` says, then everything. */
static void protect(u32 border, u32 first, u32 second)
{
    csr_write(pmpaddr0, AT(0) >> 2);
    csr_write(pmpaddr1, AT(border) >> 2);
    csr_write(pmpaddr2, AT(4096) >> 2);
    csr_write(pmpaddr3, ~0ul >> 10);
    csr_write(pmpcfg0, (u64)(ALL | TOR) | (u64)(first | TOR) << 8 | (u64)(second | TOR) << 16 |
                           (u64)(ALL | TOR) << 24);
}

/* Runs code in a mode (1 S, 3 M) with a0 until it traps. */
static void __attribute__((noinline)) run(u64 pc, u64 a0, u64 mode)
{
    __asm__ volatile("lla t0, 1f\n csrw mtvec, t0\n csrw mepc, %3\n li t0, 0x1800\n"
                     "csrc mstatus, t0\n slli t0, %5, 11\n csrs mstatus, t0\n mv a0, %4\n mret\n"
                     ".balign 4\n1: csrr %0, mcause\n csrr %1, mepc\n csrr %2, mtval"
                     : "=&r"(last.cause), "=&r"(last.pc), "=&r"(last.value)
                     : "r"(pc), "r"(a0), "r"(mode)
                     : "t0", "a0", "a1", "memory");
}

static void want(const char *what, u64 cause, u64 pc, u64 value)
{
    if (last.cause == cause && last.pc == pc && (last.value == value || cause >= CALL))
        return;
    note(what, last.cause);
    note("at", last.pc);
    note("value", last.value);
    finish(9);
}

static void nops(void)
{
    for (u32 i = 0; i < 1024; i++)
        page[i] = NOP;
    page[1023] = ECALL;
}

static void fetches(void)
{
    for (u32 border = 4; border < 4096; border += border < 64 ? 4 : 508) {
        nops();
        __asm__ volatile("fence.i");
        protect(border, ALL, R | W);
        run(AT(border > 256 ? border - 256 : 0), 0, 1);
        want("straight on over a border", FETCH_FAULT, AT(border), AT(border));
        protect(border, ALL, ALL);
        run(AT(0), 0, 1);
        want("two regions that allow it", CALL, AT(4092), 0);
        protect(border, 0, ALL);
        run(AT(border), 0, 1);
        want("behind a forbidden part", CALL, AT(4092), 0);
    }
}

/* Jumps that are linked while they may go, and forbidden later: no fence but the PMP's own. */
static void links(void)
{
    nops();
    page[500] = JUMP_64;
    page[516] = ECALL;
    page[600] = BACK_64;
    __asm__ volatile("fence.i");
    for (u32 round = 0; round < 3; round++) {
        protect(2048, ALL, ALL);
        run(AT(1992), 0, 1);
        want("a jump in the page", CALL, AT(2064), 0);
        protect(2048, ALL, 0);
        run(AT(1992), 0, 1);
        want("a jump over a border", FETCH_FAULT, AT(2064), AT(2064));
        protect(2376, 0, ALL);
        run(AT(2396), 0, 1);
        want("a jump back over a border", FETCH_FAULT, AT(2336), AT(2336));
    }
}

static void halves(void)
{
    u16 *half = (u16 *)page;
    nops();
    half[1022] = 1, half[1023] = NOP, half[1024] = 0, half[1025] = 1;
    __asm__ volatile("fence.i");
    protect(2048, ALL, R);
    run(AT(2044), 0, 1);
    want("an instruction across a border", FETCH_FAULT, AT(2046), AT(2048));
    protect(2048, ALL, ALL);
    run(AT(2044), 0, 1);
    want("... that both sides allow", CALL, AT(4092), 0);
}

/* One access by `word`, of what a0 points to; nothing may have been stored. */
static void access(const char *what, u32 word, u64 address, u64 cause, u64 value)
{
    for (u32 i = 0; i < 1024; i++)
        page[i] = 0xaaaaaaaa;
    other[0] = word;
    other[1] = ECALL;
    __asm__ volatile("fence.i");
    run((u64)other, address, 1);
    want(what, cause, (u64)other + (cause == CALL ? 4 : 0), value);
    for (u32 i = 0; i < 1024 && cause != CALL; i++)
        expect(page[i] == 0xaaaaaaaa, what, 10);
}

static void accesses(void)
{
    static const u32 cbo[] = {0x0045200f /* zero */, 0x0015200f, 0x0025200f, 0x0005200f};
    for (u32 i = 0; i < 4; i++) {
        protect(2056, ALL, i ? X : R);
        access("cbo of a line across a border", cbo[i], AT(2049), STORE_FAULT, AT(2049));
        access("cbo of a line across a border", cbo[i], AT(2057), STORE_FAULT, AT(2057));
        access("cbo of a line that is allowed", cbo[i], AT(2047), CALL, 0);
        protect(2056, X, ALL);
        access("cbo of a line across a border", cbo[i], AT(2060), STORE_FAULT, AT(2060));
    }
    protect(2044, ALL, X);
    access("ld across a border", 0x00053583, AT(2040), LOAD_FAULT, AT(2040));
    access("lw in front of it", 0x00052583, AT(2040), CALL, 0);
    access("lw behind it", 0x00052583, AT(2044), LOAD_FAULT, AT(2044));
    access("a misaligned lw", 0x00052583, AT(2041), LOAD_FAULT, AT(2041));
    access("sd across a border", 0x00053023, AT(2040), STORE_FAULT, AT(2040));
    access("a misaligned sw", 0x00052023, AT(2042), STORE_FAULT, AT(2042));
    access("amoadd.d across a border", 0x00a535af, AT(2040), STORE_FAULT, AT(2040));
    protect(2044, ALL, R);
    access("amoadd.w of a read-only part", 0x00a525af, AT(2044), STORE_FAULT, AT(2044));
    access("sb of a read-only part", 0x00050023, AT(2044), STORE_FAULT, AT(2044));
}

/* M-mode: as S-mode for data with MPRV, free without, bound by what is locked. */
static void machine_mode(void)
{
    protect(2048, ALL, X);
    page[600] = 1;
    expect(*(volatile u32 *)AT(2400) == 1, "M-mode is not bound", 11);
    other[0] = 0x00052583; /* lw a1, 0(a0) */
    other[1] = ECALL;
    __asm__ volatile("fence.i");
    csr_set(mstatus, 1 << 17); /* MPRV, with the MPP that mret leaves: U */
    __asm__ volatile("lla t0, 1f\n csrw mtvec, t0\n lw a1, 0(%1)\n .balign 4\n1: csrr %0, mcause"
                     : "=&r"(last.cause)
                     : "r"(AT(2400))
                     : "t0", "a1", "memory");
    csr_clear(mstatus, 1 << 17);
    expect(last.cause == LOAD_FAULT, "MPRV", 12);
}

/* A table of pages whose second half nobody but M-mode may read. */
static void tables(void)
{
    for (u32 i = 0; i < 512; i++)
        root[i] = (u64)i << 28 | 0xcf;
    other[0] = 0x00052583; /* lw a1, 0(a0) */
    other[1] = ECALL;
    __asm__ volatile("fence.i");
    csr_write(pmpaddr0, (u64)(root + 256) >> 2);
    csr_write(pmpaddr1, (u64)(root + 512) >> 2);
    csr_write(pmpaddr2, ~0ul >> 10);
    csr_write(pmpcfg0, (u64)(ALL | TOR) | (u64)TOR << 8 | (u64)(ALL | TOR) << 16);
    csr_write(satp, 8ul << 60 | (u64)root >> 12);
    __asm__ volatile("sfence.vma");
    run((u64)other, (u64)page, 1);
    want("a table's readable half", CALL, (u64)other + 4, 0);
    run((u64)other, -4096ul, 1);
    want("a table's other half", LOAD_FAULT, (u64)other, -4096ul);
    csr_write(satp, 0);
}

/* Last, as it stays: a locked part binds M-mode. */
static void locked(void)
{
    nops();
    __asm__ volatile("fence.i");
    run(AT(0), 0, 3);
    want("M-mode in its page", CALL_M, AT(4092), 0);
    csr_write(pmpaddr0, AT(2048) >> 2);
    csr_write(pmpaddr1, AT(4096) >> 2);
    csr_write(pmpaddr2, ~0ul >> 10);
    csr_write(pmpcfg0, (u64)(ALL | TOR) | (u64)(LOCK | R | TOR) << 8 | (u64)(ALL | TOR) << 16);
    run(AT(0), 0, 3);
    want("M-mode over a locked border", FETCH_FAULT, AT(2048), AT(2048));
}

u32 main(void)
{
    csr_write(menvcfg, 0xf0);
    csr_write(medeleg, 0);
    fetches();
    links();
    halves();
    accesses();
    machine_mode();
    tables();
    locked();
    say("ready\r\n");
    for (;;)
        __asm__ volatile("wfi");
}
