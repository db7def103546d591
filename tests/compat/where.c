/* SPDX-License-Identifier: MIT */
/* Prints the address and mode that it runs at, and its arguments. */
#include "bare.h"

static u32 be32(const u8 *p)
{
    return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static int is_at(const u8 *p, const char *text)
{
    while (*text && *p == (u8)*text)
        p++, text++;
    return !*text;
}

u32 main(u64 hart, const u8 *fdt)
{
    extern char _start[];
    (void)hart;
    note("start", (u64)_start);
    note("tree", be32(fdt));
    u32 size = be32(fdt + 4), found = 0, disabled = 0;
    for (u32 i = 0; i < size; i++) {
        found += is_at(fdt + i, "from=test");
        disabled += is_at(fdt + i, "disabled");
    }
    note("size", size);
    note("bootargs", found);
    note("disabled", disabled);
    return 0;
}
