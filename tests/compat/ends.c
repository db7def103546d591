/* SPDX-License-Identifier: MIT */
/* Ends the machine, or fails to, in the way that HOW selects. */
#include "bare.h"

#define SRST 0x53525354ul
#define DBCN 0x4442434eul

static const char panic[] = "[    1.234567] Kernel panic - not syncing: a test\r\n";
static const char rest[] = "[    1.234999] Call Trace: none\r\n[    1.235] ---[ end Kernel panic - "
                           "not syncing: a test ]---\r\n";

static void say_dbcn(const char *text, u64 n)
{
    sbi_call(DBCN, 0, n, (u64)text, 0);
}

static void say_legacy(const char *text)
{
    for (; *text; text++)
        sbi_call(1, 0, (u8)*text, 0, 0);
}

static void reset(u32 type, u32 reason)
{
    sbi_call(SRST, 0, type, reason, 0);
}

u32 main(u64 hart)
{
    (void)hart;
    say("begin\r\n");
    switch (HOW) {
    case 0: say(panic), say(rest); break;
    case 1:
        say_dbcn(panic, 30);
        say_dbcn(panic + 30, sizeof(panic) - 31);
        say_dbcn(rest, sizeof(rest) - 1);
        break;
    case 2: say_legacy(panic), say_legacy(rest); break;
    case 3: say(panic); break; /* and never goes on to the end */
    case 4: say(panic), say(rest), R32(FINISHER) = 0x7777; break;
    case 5: say(panic), reset(1, 0); break;
    case 6: reset(0, 1); break;
    case 7: reset(1, 1); break;
    case 8: reset(1, 0); break;
    case 9: R32(FINISHER) = 0x7777; break;
    case 10: say("# echo "), say(panic + 15); return 0;
    case 11: reset(0, 0); break;
    case 12:
        while (!(R8(UART + 5) & 1)) /* until something is typed */
            ;
        say(panic), say(rest);
        break;
    default: break; /* runs for ever */
    }
    for (;;)
        __asm__ volatile("wfi");
}
