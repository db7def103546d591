/* SPDX-License-Identifier: MIT */
/*
 * The board, laid out like QEMU's `virt`: what is where, on which interrupt. virt_attach makes the
 * chips and puts them on the map; virt_fdt walks what was attached and lets each write its node.
 */
#ifndef BOARD_VIRT_H
#define BOARD_VIRT_H

#include "base/error.h"
#include "base/util.h"

#define VIRT_RAM      UINT64_C(0x80000000)
#define VIRT_FINISHER UINT64_C(0x100000)
#define VIRT_RTC      UINT64_C(0x101000)
#define VIRT_CLINT    UINT64_C(0x2000000)
#define VIRT_PLIC     UINT64_C(0xc000000)
#define VIRT_UART     UINT64_C(0x10000000)
#define VIRT_VIRTIO   UINT64_C(0x10001000)
#define VIRT_STRIDE   UINT64_C(0x1000) /* of virtio slots */

#define VIRT_IRQ_UART 10
#define VIRT_IRQ_RTC  11

#define VIRT_MIN_SLOTS 8
#define VIRT_MAX_SLOTS 16

struct machine;
struct boot_layout;

/* Slots 0..7 have interrupts 1..8; further ones follow the RTC's, from 12. */
static inline unsigned virt_slot_irq(unsigned slot)
{
    return slot < 8 ? slot + 1 : slot + 4;
}

/* Makes chips, cpu and devices; false: out of memory, or the reason in err. */
bool virt_attach(struct machine *m, struct error *err);
void virt_detach(struct machine *m);
/* The device tree for this layout, malloc'd; NULL: out of memory. */
void *virt_fdt(struct machine *m, const struct boot_layout *layout, size_t *size);

#endif
