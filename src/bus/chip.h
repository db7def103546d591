/* SPDX-License-Identifier: MIT */
/*
 * A chip is a part of the board: registers on the MMIO map, a node in the device tree, a reset, and
 * state that can be saved. Each is a const chip_ops table and a create function; the board adds it
 * to a chip_list, which owns it from then on, and treats all chips alike. Everything optional is
 * left NULL. Read dev/syscon.c first; it is the smallest chip, dev/rtc.c one with all functions but
 * clock_changed (timers follow the clock by themselves).
 *
 * Interrupt lines carry no state: the chip that sets a line and the controller at its other end
 * each save what they need, and a load sets no line.
 *
 * Threads: registers are accessed by harts (bus/map.h); the other functions are called while no
 * hart runs, but other threads may (a device's worker, the io loop), so a chip takes its lock.
 */
#ifndef BUS_CHIP_H
#define BUS_CHIP_H

#include "base/blob.h"
#include "bus/fdt.h"
#include "bus/map.h"

/* For a chip's node of the device tree. */
struct chip_node {
    uint64_t base;
    uint32_t irq;         /* its source at the interrupt controller; 0: none */
    uint32_t irq_parent;  /* the interrupt controller's phandle */
    uint32_t phandle;     /* its own; 0, unless chip_ops.phandle is set */
    const uint32_t *intc; /* phandles of the harts' own interrupt controllers, one for each hart */
};

struct chip_ops {
    const char *name;            /* of its section of a saved state */
    const struct mmio_ops *mmio; /* NULL: no registers */
    uint64_t size;               /* of the registers' region, in bytes */
    bool phandle;                /* other nodes refer to its node */
    /* Writes the chip's node. */
    void (*fdt)(const void *dev, struct fdt_builder *b, const struct chip_node *node);
    void (*reset)(void *dev); /* of the machine: as after power-on */
    /* The machine's clock stopped or went on. Timers of bus/vclock.h follow by themselves. */
    void (*clock_changed)(void *dev);
    /*
     * Saves the whole state that a guest can see, and loads it into a chip that was made with the
     * same parameters. The clock is stopped, and was loaded before. load checks all values before
     * it changes any; false: a failure is recorded in `in`, and the chip is as before, or reset.
     */
    uint32_t version; /* of the saved state's layout */
    void (*save)(void *dev, struct blob_out *out);
    bool (*load)(void *dev, struct blob_in *in);
    void (*destroy)(void *dev); /* no hart exists, and no timers run any more */
};

/* --- the board's chips --- */

#define CHIP_LIST_MAX 32

struct chip {
    const struct chip_ops *ops;
    void *dev;
    uint64_t base;
    uint32_t irq;
    uint32_t phandle; /* in the device tree that is being made */
};

/* {0} is an empty one. */
struct chip_list {
    struct chip chip[CHIP_LIST_MAX];
    unsigned count;
};

/* Adds a chip and maps its registers at `base`; the list owns dev from now on, also after a
 * failure: dev is NULL, the list is full, the region overlaps another, or out of memory. */
bool chips_add(struct chip_list *list, struct map *map, const struct chip_ops *ops, void *dev,
               uint64_t base, uint32_t irq);
void chips_reset(struct chip_list *list);         /* in the order of adding */
void chips_clock_changed(struct chip_list *list); /* in the order of adding */
void chips_destroy(struct chip_list *list);       /* the last added first; the list is empty then */

/* Gives each chip with chip_ops.phandle its phandle; the lowest address has the lowest. */
void chips_fdt_phandles(struct chip_list *list, struct fdt_builder *b);
/* dev's phandle, as chips_fdt_phandles gave it; 0: none. */
uint32_t chips_phandle(const struct chip_list *list, const void *dev);
/* Writes the chips' nodes by ascending addresses. */
void chips_fdt(const struct chip_list *list, struct fdt_builder *b, uint32_t irq_parent,
               const uint32_t *intc);

/* One section for each chip with state, in the order of adding. */
void chips_save(struct chip_list *list, struct blob_out *out);
/* False: the reason is in `in`. Chips before the one that failed were loaded: reset them all. */
bool chips_load(struct chip_list *list, struct blob_in *in);

#endif
