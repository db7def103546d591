/* SPDX-License-Identifier: MIT */
/*
 * The platform-level interrupt controller (RISC-V PLIC specification 1.0), as QEMU's virt has it:
 * sources 1..96, and for each hart h two contexts, 2h for M-mode and 2h+1 for S-mode. Devices
 * raise a level; the gateway of a source turns it into one request at a time: a source that was
 * claimed is silent until its completion. It pends again then if its device raised the line again
 * meanwhile, as devices do for each new event, and for what a driver left undone. A handler that
 * does nothing at all about its device is not called again for the same event: small drivers do
 * that (never read IIR, never acknowledge a virtqueue's interrupt) and run on QEMU, whose gateway
 * does the same. A request nobody has claimed is withdrawn when the level falls.
 *
 * The lock is a leaf: a device may raise its line with its own lock held, and the PLIC calls out
 * only to the harts' interrupt lines.
 */
#ifndef DEV_PLIC_H
#define DEV_PLIC_H

#include "bus/chip.h"
#include "bus/irq.h"

#define PLIC_SOURCES 96

struct plic;

/* A reset turns everything off; the levels are the devices' and stay. */
extern const struct chip_ops plic_chip;

/* out: one line for each context (copied). NULL: out of memory. */
struct plic *plic_create(unsigned contexts, const struct irq_line *out);
/* Cuts the lines out: the harts go before the devices do. NULL is fine. */
void plic_disconnect(struct plic *plic);
/* The wire into source n, 1..PLIC_SOURCES. */
struct irq_line plic_line(struct plic *plic, unsigned n);

#endif
