/* SPDX-License-Identifier: MIT */
/*
 * Guest RAM and the one gate to it. RAM is one host mapping that never moves and is touched first
 * by the guest, so an idle gigabyte costs nothing; on both sides of it lie 2 MiB without access,
 * and core files leave it out. A guest physical address that a guest gave is used only through
 * these functions, which check the whole extent. The harts need no notification when code
 * was written: they compare what they decoded with memory after a fence.i (cpu/block.h).
 *
 * Harts and devices write concurrently, as on real hardware: what is judged is read once, into a
 * copy, and the copy is judged. Copies move relaxed, naturally sized pieces, so a device never sees
 * or makes a torn aligned word. Any thread may call.
 */
#ifndef BUS_GMEM_H
#define BUS_GMEM_H

#include "base/util.h"

#define GMEM_PAGE_SHIFT 12
#define GMEM_PAGE       4096

struct gmem;

/* base and size in bytes, multiples of GMEM_PAGE. NULL: the host refused (errno). */
struct gmem *gmem_create(uint64_t base, uint64_t size);
void gmem_destroy(struct gmem *mem);
uint64_t gmem_base(const struct gmem *mem);
uint64_t gmem_size(const struct gmem *mem);

/* Is [pa, pa+len) RAM, whole? */
bool gmem_has(const struct gmem *mem, uint64_t pa, uint64_t len);
/*
 * The host address of [pa, pa+len), or NULL unless all of it is RAM. For the harts,
 * disks and GPU backings only.
 */
uint8_t *gmem_span(const struct gmem *mem, uint64_t pa, uint64_t len);

/* Copy; false and nothing moved unless the whole extent is RAM. */
bool gmem_read(const struct gmem *mem, uint64_t pa, void *dst, uint64_t len);
bool gmem_write(struct gmem *mem, uint64_t pa, const void *src, uint64_t len);
bool gmem_fill(struct gmem *mem, uint64_t pa, uint8_t byte, uint64_t len);
/* Writes into RAM that nothing has written since gmem_create or gmem_clear: pages of zeros stay
 * untouched, and take no memory of the host. */
bool gmem_write_fresh(struct gmem *mem, uint64_t pa, const void *src, uint64_t len);
/* Is all of [pa, pa+len) RAM, and equal to `bytes`? Reads each byte once, up to a difference. */
bool gmem_equal(const struct gmem *mem, uint64_t pa, const void *bytes, uint64_t len);

/* Ring indices and flags: one little-endian halfword, ordered. pa must be even. */
bool gmem_load16_acquire(const struct gmem *mem, uint64_t pa, uint16_t *val);
bool gmem_store16_release(struct gmem *mem, uint64_t pa, uint16_t val);

/* Gives all pages back to the host: reads as zeros again. No hart or device may be running. */
void gmem_clear(struct gmem *mem);

/*
 * Pages that take memory of the host and hold only zeros, among the host's whole pages inside
 * [pa, pa+len), which is RAM. A guest has many: tables that it cleared and never used, files that it
 * was loaded from. Both return bytes. Counting may run beside harts and devices, and is then a
 * guess; releasing gives the pages back to the host, and nothing may write RAM meanwhile.
 */
uint64_t gmem_count_zeros(const struct gmem *mem, uint64_t pa, uint64_t len);
uint64_t gmem_release_zeros(struct gmem *mem, uint64_t pa, uint64_t len);

#endif
