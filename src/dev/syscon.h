/* SPDX-License-Identifier: MIT */
/*
 * SiFive's test finisher, through which a guest powers off or reboots: one register,
 * whose value calls the board. It is the smallest chip; read it first.
 */
#ifndef DEV_SYSCON_H
#define DEV_SYSCON_H

#include "bus/chip.h"

enum { SYSCON_FAIL = 0x3333, SYSCON_POWEROFF = 0x5555, SYSCON_REBOOT = 0x7777 };

/* The board's callbacks; on the hart's thread. */
struct syscon {
    void (*poweroff)(void *ctx,
                     unsigned code); /* 0: success; else the guest's code of the failure */
    void (*reboot)(void *ctx);
    void *ctx;
};

extern const struct chip_ops syscon_chip; /* of a struct syscon, which is the board's; no state */

/* Writes the nodes that refer to its own; they stand at the root. */
void syscon_fdt_power(struct fdt_builder *b, uint32_t phandle);

#endif
