/* SPDX-License-Identifier: MIT */
/*
 * Puts firmware, kernel and initrd into guest RAM, and returns where the harts begin, as QEMU's
 * virt does. Layout, from the start of RAM: firmware; the kernel at its ELF segments' addresses,
 * or, flat or a Linux Image, at the next 2 MiB (RV32 4 MiB) behind the firmware, the built-in one
 * too, and at the start of RAM with none; high up, below `top`, the initrd, the device tree, and
 * the block that fw_dynamic firmware is handed. High, since firmware may use what follows the
 * kernel.
 */
#ifndef BOARD_LOADER_H
#define BOARD_LOADER_H

#include "base/error.h"
#include "board/machine.h"

#define LOADER_DTB_ROOM ((2u << 20) - 4096)

struct boot_layout {
    uint64_t entry;        /* of the harts */
    bool machine_mode;     /* they start in M-mode, all of them; else hart 0 in S-mode */
    uint64_t kernel;       /* what a firmware jumps to */
    uint64_t low_end;      /* end of all that was loaded from below */
    uint64_t unused_entry; /* of an ELF file that starts elsewhere, as on QEMU; 0: none */
    uint64_t initrd_start; /* equal to initrd_end: none */
    uint64_t initrd_end;
    uint64_t dtb;  /* LOADER_DTB_ROOM bytes are free there */
    uint64_t info; /* fw_dynamic's block; 0: none */
};

/*
 * Reads and checks everything in config and computes the layout; with mem, also writes it to RAM,
 * which must be zero. False with one line in err.
 */
bool loader_load(const struct machine_config *config, struct gmem *mem, struct boot_layout *out,
                 struct error *err);
/* Writes fw_dynamic's information block (OpenSBI, fw_dynamic_info version 2). */
void loader_write_info(const struct machine_config *config, struct gmem *mem,
                       const struct boot_layout *layout);

#endif
