/* SPDX-License-Identifier: MIT */
/*
 * SiFive's test finisher, through which a guest powers off or reboots: one register that takes a
 * word and asks the board. It is the whole of a device, so a good one to read first.
 */
#ifndef DEV_SYSCON_H
#define DEV_SYSCON_H

#include "bus/chip.h"

enum { SYSCON_FAIL = 0x3333, SYSCON_POWEROFF = 0x5555, SYSCON_REBOOT = 0x7777 };

/* What the board does about it; on the hart's thread. */
struct syscon {
    void (*poweroff)(void *ctx,
                     unsigned code); /* code: 0, or what the guest failed with, never 0 then */
    void (*reboot)(void *ctx);
    void *ctx;
};

extern const struct chip_ops syscon_chip; /* of a struct syscon, which is the board's; no state */

/* Writes the nodes that refer to its own; they stand at the root. */
void syscon_fdt_power(struct fdt_builder *b, uint32_t phandle);

#endif
