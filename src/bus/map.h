/* SPDX-License-Identifier: MIT */
/*
 * The memory-mapped I/O map: which device answers at which guest physical address. RAM is not in
 * it; harts access RAM themselves and use the map for everything else. A device lists the access
 * sizes it takes; the map refuses the rest with an access fault and cuts up what is wider than the
 * device's registers, so a device gets only aligned accesses of its sizes, inside its range.
 * Built once, then read by all threads without lock. A device's functions are called on the hart's
 * thread and take the device's own lock.
 */
#ifndef BUS_MAP_H
#define BUS_MAP_H

#include "base/util.h"

struct mmio_ops {
    uint8_t min_size, max_size; /* of an access, in bytes: 1, 2, 4 or 8 */
    /* off: from the start of the region, a multiple of size. */
    uint64_t (*read)(void *dev, uint64_t off, unsigned size);
    void (*write)(void *dev, uint64_t off, uint64_t val, unsigned size);
    /* Wider accesses are cut into parts of so many bytes, the lowest first; 0: none is. */
    uint8_t unit;
};

struct map;

struct map *map_create(void);
void map_destroy(struct map *map); /* not the devices */
/* false: overlaps another region. ops and dev must outlive the map. */
bool map_add(struct map *map, uint64_t base, uint64_t size, const struct mmio_ops *ops, void *dev);

/* false: nothing there, or size or alignment not taken: the hart raises an access fault. */
bool map_read(const struct map *map, uint64_t pa, unsigned size, uint64_t *val);
bool map_write(const struct map *map, uint64_t pa, unsigned size, uint64_t val);

#endif
