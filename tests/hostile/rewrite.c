/* SPDX-License-Identifier: MIT */
/*
 * Harts that rewrite the code which they and others run, between instructions of two and of four
 * bytes: in the last bytes of RAM (AT_END), where nothing may be fetched behind, or around the
 * border of two pages. In any order of reads and writes, a run ends in one of two traps.
 */
#include "bare.h"

enum { BYTES = 40, OVER = 8, SECONDS = 5 };

static u8 pages[8192] __attribute__((aligned(4096)));
static volatile u32 started, rounds[4];

/* c.nop, and the first half of an addi to x0: in any order they do nothing, whatever follows */
static const u16 halves[] = {0x0001, 0x0013};

struct trap {
    u64 cause, pc, value;
};

static struct trap run(u64 at)
{
    struct trap t;
    __asm__ volatile("lla t0, 1f\n csrw mtvec, t0\n fence.i\n jr %3\n .balign 4\n"
                     "1: csrr %0, mcause\n csrr %1, mepc\n csrr %2, mtval"
                     : "=&r"(t.cause), "=&r"(t.pc), "=&r"(t.value)
                     : "r"(at)
                     : "t0", "memory");
    return t;
}

static u64 next(u64 *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void judge(struct trap t, u64 end)
{
    int right = AT_END ? t.cause == 1 && t.value == end && (t.pc == end || t.pc == end - 2)
                       : t.cause == 2 && t.value == 0 && (t.pc == end || t.pc == end + 2);
    if (right)
        return;
    note("cause", t.cause);
    note("pc", t.pc);
    note("value", t.value);
    finish(9);
}

static void write_some(u64 start, u64 count, u64 *seed)
{
    u64 r = next(seed);
    for (u64 i = 0; i < count; i++)
        R16(start + 2 * i) = halves[r >> i & 1];
}

static void go(u64 hart, u64 start, u64 end)
{
    u64 seed = 88172645463325252ul + hart, count = (end - start) / 2;
    for (u64 stop = now() + SECONDS * 10000000ul; hart || now() < stop;) {
        write_some(start, count, &seed);
        if (hart == 3) /* which only writes */
            continue;
        judge(run(start + 2 * (next(&seed) % count)), end);
        rounds[hart]++;
    }
}

static u64 first_byte(void)
{
    return (AT_END ? RAM + (128ul << 20) : (u64)pages + 4096 + OVER) - BYTES;
}

void other_hart(u64 hart)
{
    while (!started) {
    }
    go(hart, first_byte(), first_byte() + BYTES);
}

u32 main(u64 hart)
{
    u64 seed = 1;
    write_some(first_byte(), BYTES / 2, &seed);
    started = 1;
    go(hart, first_byte(), first_byte() + BYTES);
    expect(rounds[0] && rounds[1] && rounds[2], "a hart that runs nothing", 8);
    say("ready\r\n");
    go(1, first_byte(), first_byte() + BYTES);
    return 0;
}
