/* SPDX-License-Identifier: MIT */
#include "bus/chip.h"

bool chips_add(struct chip_list *list, struct map *map, const struct chip_ops *ops, void *dev,
               uint64_t base, uint32_t irq)
{
    if (!dev)
        return false;
    if (list->count == CHIP_LIST_MAX) {
        if (ops->destroy)
            ops->destroy(dev);
        return false;
    }
    list->chip[list->count++] = (struct chip){ops, dev, base, irq, 0};
    return !ops->mmio || map_add(map, base, ops->size, ops->mmio, dev);
}

void chips_reset(struct chip_list *list)
{
    for (struct chip *c = list->chip; c < list->chip + list->count; c++)
        if (c->ops->reset)
            c->ops->reset(c->dev);
}

void chips_clock_changed(struct chip_list *list)
{
    for (struct chip *c = list->chip; c < list->chip + list->count; c++)
        if (c->ops->clock_changed)
            c->ops->clock_changed(c->dev);
}

void chips_destroy(struct chip_list *list)
{
    while (list->count) {
        struct chip *c = &list->chip[--list->count];
        if (c->ops->destroy)
            c->ops->destroy(c->dev);
    }
}

/* --- the device tree --- */

/* The chip with registers that follows `last` by address (NULL: the first); NULL: none. */
static const struct chip *next_by_address(const struct chip_list *list, const struct chip *last)
{
    const struct chip *next = NULL;
    for (const struct chip *c = list->chip; c < list->chip + list->count; c++)
        if (c->ops->mmio && (!last || c->base > last->base) && (!next || c->base < next->base))
            next = c;
    return next;
}

void chips_fdt_phandles(struct chip_list *list, struct fdt_builder *b)
{
    for (const struct chip *c = NULL; (c = next_by_address(list, c));)
        list->chip[c - list->chip].phandle = c->ops->phandle ? fdt_phandle(b) : 0;
}

uint32_t chips_phandle(const struct chip_list *list, const void *dev)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->chip[i].dev == dev)
            return list->chip[i].phandle;
    return 0;
}

void chips_fdt(const struct chip_list *list, struct fdt_builder *b, uint32_t irq_parent,
               const uint32_t *intc)
{
    for (const struct chip *c = NULL; (c = next_by_address(list, c));) {
        const struct chip_node node = {c->base, c->irq, irq_parent, c->phandle, intc};
        if (c->ops->fdt)
            c->ops->fdt(c->dev, b, &node);
    }
}

/* --- state --- */

void chips_save(struct chip_list *list, struct blob_out *out)
{
    for (struct chip *c = list->chip; c < list->chip + list->count; c++) {
        if (!c->ops->save)
            continue;
        size_t section = blob_begin(out, c->ops->name, c->ops->version);
        c->ops->save(c->dev, out);
        blob_end(out, section);
    }
}

bool chips_load(struct chip_list *list, struct blob_in *in)
{
    for (struct chip *c = list->chip; c < list->chip + list->count; c++) {
        struct blob_in section;
        if (!c->ops->load)
            continue;
        if (!blob_open(in, &section, c->ops->name, c->ops->version) ||
            !c->ops->load(c->dev, &section) || !blob_close(&section))
            return false;
    }
    return true;
}
