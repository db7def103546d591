/* SPDX-License-Identifier: MIT */
/*
 * A wire from a device to an interrupt controller. A device holds a copy and sets its level, and
 * sets it again, though it is up, for each new event. The far end is opaque to it. Any thread, also
 * with the device's lock held: the controller's lock is a leaf.
 */
#ifndef BUS_IRQ_H
#define BUS_IRQ_H

#include <stdbool.h>
#include <stddef.h>

struct irq_line {
    void (*set)(void *ctx, unsigned n, bool level); /* NULL: not connected */
    void *ctx;
    unsigned n;
};

static inline void irq_set(const struct irq_line *line, bool level)
{
    if (line->set)
        line->set(line->ctx, line->n, level);
}

#endif
