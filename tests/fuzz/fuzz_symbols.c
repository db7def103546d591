/* SPDX-License-Identifier: MIT */
/* A table of symbols: any bytes become functions with short printable names, or one complaint. */
#include "jit/symbols.h"

#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void look_up(const struct symbols *s, uint64_t address)
{
    const char *name = symbols_find(s, address);
    FUZZ_CHECK(!name || (*name && strlen(name) <= 200));
    for (; name && *name; name++)
        FUZZ_CHECK(*name > ' ' && *name <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {""};
    uint64_t address = 0;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = 0;
    struct symbols *s = symbols_parse(text, size, &err);
    FUZZ_CHECK(s || (err.text[0] && !strchr(err.text, '\n')));
    for (size_t i = 0; s && i < 64 && i < size; i++) {
        address = address << 8 ^ data[i];
        look_up(s, address);
    }
    if (s)
        look_up(s, UINT64_MAX);
    symbols_free(s);
    return 0;
}
