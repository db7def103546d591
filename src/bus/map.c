/* SPDX-License-Identifier: MIT */
#include "bus/map.h"

#include <stdlib.h>
#include <string.h>

struct region {
    uint64_t base, size;
    const struct mmio_ops *ops;
    void *dev;
};

struct map {
    struct region *region; /* sorted by base, without overlap */
    unsigned count;
};

struct map *map_create(void)
{
    return calloc(1, sizeof(struct map));
}

void map_destroy(struct map *map)
{
    if (!map)
        return;
    free(map->region);
    free(map);
}

/* How many regions start at or below pa: the last of them is the only one that may hold it. */
static unsigned count_below(const struct map *map, uint64_t pa)
{
    unsigned lo = 0, hi = map->count;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (map->region[mid].base <= pa)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool map_add(struct map *map, uint64_t base, uint64_t size, const struct mmio_ops *ops, void *dev)
{
    if (!size || size - 1 > UINT64_MAX - base)
        return false;
    unsigned at = count_below(map, base);
    if (at > 0 && base - map->region[at - 1].base < map->region[at - 1].size)
        return false;
    if (at < map->count && map->region[at].base - base < size)
        return false;
    struct region *grown = realloc(map->region, (map->count + 1) * sizeof(*grown));
    if (!grown)
        return false;
    memmove(grown + at + 1, grown + at, (map->count - at) * sizeof(*grown));
    grown[at] = (struct region){base, size, ops, dev};
    map->region = grown;
    map->count++;
    return true;
}

/* The region that takes this access, or NULL. */
static const struct region *find_region(const struct map *map, uint64_t pa, unsigned size)
{
    unsigned n = count_below(map, pa);
    if (!n)
        return NULL;
    const struct region *r = &map->region[n - 1];
    uint64_t off = pa - r->base;
    if (!extent_ok(off, size, r->size) || (off & (size - 1)))
        return NULL;
    return size >= r->ops->min_size && size <= r->ops->max_size ? r : NULL;
}

static unsigned part_size(const struct mmio_ops *ops, unsigned size)
{
    return ops->unit && ops->unit < size ? ops->unit : size;
}

bool map_read(const struct map *map, uint64_t pa, unsigned size, uint64_t *val)
{
    const struct region *r = find_region(map, pa, size);
    if (!r)
        return false;
    unsigned part = part_size(r->ops, size);
    *val = 0;
    for (unsigned at = 0; at < size; at += part)
        *val |= r->ops->read(r->dev, pa - r->base + at, part) << (8 * at);
    return true;
}

bool map_write(const struct map *map, uint64_t pa, unsigned size, uint64_t val)
{
    const struct region *r = find_region(map, pa, size);
    if (!r)
        return false;
    unsigned part = part_size(r->ops, size);
    for (unsigned at = 0; at < size; at += part)
        r->ops->write(r->dev, pa - r->base + at, part == size ? val : (uint32_t)(val >> (8 * at)),
                      part);
    return true;
}
