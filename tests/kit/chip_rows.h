/* SPDX-License-Identifier: MIT */
/*
 * One of each chip that has state, on lines that nobody watches and a clock that stands, for the
 * tests that save and load: the unit test and the fuzzer.
 */
#ifndef TESTS_KIT_CHIP_ROWS_H
#define TESTS_KIT_CHIP_ROWS_H

#include "backend/chr.h"
#include "bus/chip.h"
#include "bus/vclock.h"

#define CHIP_ROWS 6

/* What chips are made with. */
struct chip_parts {
    struct loop *loop;
    struct vclock *clock; /* stopped */
    struct chr *chr;      /* of the UART; drops output */
};

struct chip_row {
    const struct chip_ops *ops;
    void *(*make)(const struct chip_parts *parts);
    /* Brings a fresh chip into a state in which as much as possible differs from a fresh one's. */
    void (*drive)(void *dev, const struct chip_parts *parts);
};

extern const struct chip_row chip_rows[CHIP_ROWS];

void chip_parts_init(struct chip_parts *parts);
void chip_parts_finish(struct chip_parts *parts);
/* ops->destroy, or for the clock, which has none, what the board does. */
void chip_rows_destroy(const struct chip_row *row, void *dev);
/* ops->save, without a section; malloc'd. */
uint8_t *chip_rows_save(const struct chip_row *row, void *dev, size_t *size);
/* ops->load of all the bytes; false: `reason` says why. */
bool chip_rows_load(const struct chip_row *row, void *dev, const void *bytes, size_t size,
                    char *reason, size_t room);

#endif
