/* SPDX-License-Identifier: MIT */
#include "guest.h"

#define UART     ((volatile uint8_t *)0x10000000)
#define FINISHER ((volatile uint32_t *)0x100000)

void put_char(char c)
{
    while (!(UART[5] & 0x20))
        continue;
    UART[0] = (uint8_t)c;
}

void put(const char *s)
{
    while (*s)
        put_char(*s++);
}

void put_hex(uint64_t value)
{
    int shift = 60;
    while (shift > 0 && !(value >> shift & 15))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        put_char("0123456789abcdef"[value >> shift & 15]);
}

void put_dec(ulong value)
{
    char text[24];
    int n = 0;
    do
        text[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n)
        put_char(text[--n]);
}

void finish(unsigned code)
{
    *FINISHER = code ? 0x3333 | code << 16 : 0x5555;
    for (;;)
        continue;
}

/* What the compiler may call. */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
    char *t = to;
    const char *f = from;
    while (n--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int value, size_t n)
{
    char *t = to;
    while (n--)
        *t++ = (char)value;
    return to;
}
