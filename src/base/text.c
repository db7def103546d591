/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>

uint32_t text_utf8(const uint8_t *s, size_t n, unsigned *length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned len = !n            ? 0
                   : s[0] < 0x80 ? 1
                   : s[0] < 0xc2 ? 0
                   : s[0] < 0xe0 ? 2
                   : s[0] < 0xf0 ? 3
                   : s[0] < 0xf5 ? 4
                                 : 0;
    *length = 0;
    if (!len || len > n)
        return TEXT_NO_UTF8;
    uint32_t c = len == 1 ? s[0] : s[0] & (0x7fu >> len);
    for (unsigned i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return TEXT_NO_UTF8;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return TEXT_NO_UTF8;
    *length = len;
    return c;
}

/* C0, DEL, C1; line and paragraph separators; marks, embeddings and isolates of direction. */
static bool is_control(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0, 0x1f},        {0x7f, 0x9f},       {0x061c, 0x061c},
                  {0x200e, 0x200f}, {0x2028, 0x202e},   {0x2066, 0x2069},
                  {0xfff9, 0xfffb}, {0xe0000, 0xe007f}, {TEXT_NO_UTF8, TEXT_NO_UTF8}};
    for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

size_t text_printable(char *out, size_t size, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *s = (const uint8_t *)text;
    size_t n = strlen(text), at = 0;
    while (n) {
        unsigned length;
        bool control = is_control(text_utf8(s, n, &length));
        length = MAX(length, 1);
        size_t room = control ? 4 * length : length;
        if (room >= size - at)
            break;
        for (unsigned i = 0; control && i < length; i++) {
            const char hex[4] = {'\\', 'x', digits[s[i] >> 4], digits[s[i] & 15]};
            memcpy(out + at + 4 * i, hex, sizeof(hex));
        }
        if (!control)
            memcpy(out + at, s, length);
        at += room;
        s += length;
        n -= length;
    }
    out[at] = 0;
    return at;
}
