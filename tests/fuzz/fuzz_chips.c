/* SPDX-License-Identifier: MIT */
/*
 * Saved state of the board's chips, made by anyone. The first byte chooses the chip, the rest is its
 * state. What is refused has a reason and leaves the chip as it was; what is loaded can be saved
 * and loaded again.
 */
#include "fuzz/fuzz.h"
#include "kit/chip_rows.h"

static void check_same(const struct chip_row *row, void *dev, const uint8_t *bytes, size_t size)
{
    size_t n;
    uint8_t *saved = chip_rows_save(row, dev, &n);
    FUZZ_CHECK(saved && n == size && !memcmp(saved, bytes, n));
    free(saved);
}

static void try_state(const struct chip_row *row, void *dev, const struct chip_parts *parts,
                      const uint8_t *data, size_t size)
{
    char reason[128];
    size_t n;
    row->drive(dev, parts);
    uint8_t *before = chip_rows_save(row, dev, &n);
    bool loaded = chip_rows_load(row, dev, data, size, reason, sizeof(reason));
    if (!loaded) {
        FUZZ_CHECK(memchr(reason, 0, sizeof(reason)) && !strstr(reason, "no failure"));
        check_same(row, dev, before, n);
    }
    free(before);
    if (!loaded)
        return;
    uint8_t *after = chip_rows_save(row, dev, &n);
    FUZZ_CHECK(chip_rows_load(row, dev, after, n, reason, sizeof(reason)));
    check_same(row, dev, after, n);
    free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chip_parts parts;
    if (!size)
        return 0;
    const struct chip_row *row = &chip_rows[data[0] % CHIP_ROWS];
    chip_parts_init(&parts);
    void *dev = row->make(&parts);
    FUZZ_CHECK(dev);
    try_state(row, dev, &parts, data + 1, size - 1);
    chip_rows_destroy(row, dev);
    chip_parts_finish(&parts);
    return 0;
}
