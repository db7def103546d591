/* SPDX-License-Identifier: MIT */
/* The console and the end by SBI's legacy calls. */
#pragma once
#include "os.h"

enum { LEGACY_SET_TIMER, LEGACY_PUTCHAR, LEGACY_GETCHAR, LEGACY_SHUTDOWN = 8 };

static inline void sbi_put(char c)
{
    sbi_call(LEGACY_PUTCHAR, 0, (word)c, 0, 0);
}

/* Waits for a byte. */
static inline char sbi_get(void)
{
    long c;
    do
        c = sbi_call(LEGACY_GETCHAR, 0, 0, 0, 0).error;
    while (c < 0);
    return (char)c;
}

static inline void sbi_say(const char *text)
{
    while (*text)
        sbi_put(*text++);
}

static inline void sbi_note(const char *text, word value)
{
    sbi_say(text);
    sbi_say(" 0x");
    int shift = 8 * sizeof(word) - 4;
    while (shift && !(value >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        sbi_put("0123456789abcdef"[value >> shift & 15]);
    sbi_say("\r\n");
}

static inline void sbi_shutdown(void)
{
    sbi_call(LEGACY_SHUTDOWN, 0, 0, 0, 0);
    for (;;) {
    }
}
