/* SPDX-License-Identifier: MIT */
/* 384 KiB in lines of 32 bytes. HOW: 0 the UART, polled; 1 legacy SBI; 2 the debug console. */
#include "bare.h"

static void out(const char *s, u64 n)
{
    if (HOW == 2) {
        while (n) {
            struct sbi_result r = sbi_call(0x4442434e, 0, n, (u64)s, 0);
            expect(!r.error, "DBCN", 9);
            s += r.value, n -= (u64)r.value;
        }
        return;
    }
    for (u64 i = 0; i < n; i++) {
        if (HOW)
            sbi_call(1, 0, (u64)s[i], 0, 0);
        else
            put(s[i]);
    }
}

u32 main(void)
{
    char line[32];
    for (u32 i = 0; i < 12288; i++) {
        for (u32 k = 0; k < 31; k++)
            line[k] = (char)('a' + (i + k) % 26);
        line[31] = '\n';
        out(line, 32);
    }
    return 0;
}
