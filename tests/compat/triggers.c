/* SPDX-License-Identifier: MIT */
/* The debug triggers: which bits their registers keep, and when they fire; prints all of it. */
#include "bare.h"

enum { EXEC = 4, STORE = 2, LOAD = 1, U = 8, S = 16, M = 64, TYPE2 = 2, TYPE6 = 6 };

static u64 cause, pc, value;
static u64 data[4] = {1, 2, 3, 4};

/* Runs one instruction that may trap; cause is 0 if it did not. */
#define TRY(text, ...)                                                                             \
    __asm__ volatile("lla t0, 1f\n csrw mtvec, t0\n csrw mcause, zero\n csrw mepc, zero\n"         \
                     "csrw mtval, zero\n" text "\n .balign 4\n1: csrr %0, mcause\n"                \
                     "csrr %1, mepc\n csrr %2, mtval"                                              \
                     : "=&r"(cause), "=&r"(pc), "=&r"(value)                                       \
                     : __VA_ARGS__                                                                 \
                     : "t0", "t1", "memory")

#define SHOW(csr)                                                                                  \
    do {                                                                                           \
        u64 value_ = 0;                                                                            \
        TRY("csrr t1, " #csr "\n sd t1, 0(%3)", "r"(&value_));                                     \
        note(cause ? #csr " traps" : #csr, value_);                                                \
    } while (0)

static void registers(void)
{
    static const u64 values[] = {0x7f,    0x44,    0xfffff,  0x10007,
                                 0x20007, 0x30007, 0x210007, 1ul << 59};
    static const u64 types[] = {0, 2, 3, 5, 6, 15};
    for (u32 i = 0; i < 4; i++) {
        csr_write(0x7a0, i);
        SHOW(0x7a0);
        SHOW(0x7a1);
        SHOW(0x7a2);
        SHOW(0x7a3);
        SHOW(0x7a4);
    }
    csr_write(0x7a0, 0);
    for (u32 i = 0; i < 6; i++) { /* others end QEMU */
        csr_write(0x7a1, 2ul << 60);
        csr_write(0x7a1, types[i] << 60 | 0x47);
        SHOW(0x7a1);
    }
    for (u32 i = 0; i < 8; i++) {
        csr_write(0x7a1, (u64)TYPE2 << 60 | values[i]);
        SHOW(0x7a1);
    }
    csr_write(0x7a2, ~0ul);
    csr_write(0x7a3, ~0ul);
    csr_write(0x7a4, ~0ul);
    SHOW(0x7a2);
    SHOW(0x7a3);
    SHOW(0x7a4);
    SHOW(0x7a5);
    SHOW(0x7b0);
    csr_write(0x7a1, (u64)TYPE2 << 60);
}

static void fired(const char *what)
{
    say(what);
    note(cause == 3 ? " fires" : " does not", cause);
}

static void accesses(u64 type)
{
    u64 at = (u64)&data[1];
    csr_write(0x7a2, at);
    csr_write(0x7a1, type << 60 | M | LOAD);
    TRY("lw t1, 0(%3)", "r"(at));
    fired("a load");
    TRY("ld t1, 0(%3)", "r"(at));
    fired("a wide load");
    TRY("lw t1, 0(%3)", "r"(at - 8));
    fired("a load in front");
    TRY("lw t1, 0(%3)", "r"(at + 8));
    fired("a load behind");
    TRY("sw zero, 0(%3)", "r"(at));
    fired("a store");
    csr_write(0x7a1, type << 60 | M | STORE);
    TRY("sw %3, 0(%3)", "r"(at));
    fired("a store");
    note("which stored", data[1]);
    TRY("lw t1, 0(%3)", "r"(at));
    fired("a load");
    csr_write(0x7a1, type << 60 | S | U | LOAD);
    TRY("lw t1, 0(%3)", "r"(at));
    fired("a load in another mode");
    csr_write(0x7a1, (u64)TYPE2 << 60);
    TRY("lw t1, 0(%3)", "r"(at));
    fired("a load with none");
}

static u64 __attribute__((noinline, aligned(64))) count(u64 n)
{
    u64 sum = 0;
    for (volatile u64 i = 0; i < n; i++)
        sum += i;
    return sum;
}

static void executions(u64 type)
{
    count(3); /* decoded and linked before there is a trigger */
    csr_write(0x7a0, 1);
    csr_write(0x7a2, (u64)count);
    csr_write(0x7a1, type << 60 | M | EXEC);
    TRY("mv ra, %4\n jr %3", "r"(count), "r"(0));
    note(cause == 3 ? "a jump fires, pc - count" : "a jump does not",
         cause == 3 ? pc - (u64)count : cause);
    csr_write(0x7a1, type << 60 | S | EXEC);
    note("in another mode it runs", count(4));
    csr_write(0x7a1, (u64)TYPE2 << 60);
    note("with none it runs", count(4));
    csr_write(0x7a0, 0);
}

u32 main(void)
{
    registers();
    accesses(TYPE2);
    accesses(TYPE6);
    executions(TYPE2);
    executions(TYPE6);
    return 0;
}
