/* SPDX-License-Identifier: MIT */
#include "bus/gmem.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Addresses without access on both sides of RAM. As large as a huge page, so that RAM is
 * aligned as the host aligned the whole. */
#define GUARD ((size_t)2 << 20)

struct gmem {
    uint64_t base, size;
    uint8_t *host;
};

/* Anonymous memory between two guards that costs nothing until it is touched and that stays out of
 * core files; NULL if the host refuses. */
static uint8_t *map_guarded(uint64_t size)
{
    if (size > SIZE_MAX - 2 * GUARD) {
        errno = ENOMEM;
        return NULL;
    }
    uint8_t *all =
        mmap(NULL, size + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    uint8_t *ram = all + GUARD;
    if (mprotect(ram, size, PROT_READ | PROT_WRITE)) {
        int err = errno;
        munmap(all, size + 2 * GUARD);
        errno = err;
        return NULL;
    }
    madvise(ram, size, MADV_DONTDUMP);
    return ram;
}

struct gmem *gmem_create(uint64_t base, uint64_t size)
{
    struct gmem *mem = calloc(1, sizeof(*mem));
    if (!mem)
        return NULL;
    mem->base = base;
    mem->size = size;
    mem->host = map_guarded(size);
    if (!mem->host) {
        gmem_destroy(mem);
        return NULL;
    }
    return mem;
}

void gmem_destroy(struct gmem *mem)
{
    if (!mem)
        return;
    if (mem->host)
        munmap(mem->host - GUARD, mem->size + 2 * GUARD);
    free(mem);
}

uint64_t gmem_base(const struct gmem *mem)
{
    return mem->base;
}

uint64_t gmem_size(const struct gmem *mem)
{
    return mem->size;
}

bool gmem_has(const struct gmem *mem, uint64_t pa, uint64_t len)
{
    return pa >= mem->base && extent_ok(pa - mem->base, len, mem->size);
}

uint8_t *gmem_span(const struct gmem *mem, uint64_t pa, uint64_t len)
{
    return gmem_has(mem, pa, len) ? mem->host + (pa - mem->base) : NULL;
}

/* The largest power of two, at most 8, that divides the guest's address and fits in len. */
static unsigned piece_size(const void *guest, uint64_t len)
{
    unsigned align = (unsigned)((uintptr_t)guest & 7);
    unsigned size = align ? align & -align : 8;
    while (size > len)
        size >>= 1;
    return size;
}

/* One relaxed access of `size` bytes to the guest's side; memcpy on the other side. */
static void load_piece(void *dst, const uint8_t *guest, unsigned size)
{
    switch (size) {
    case 8: {
        uint64_t v = __atomic_load_n((const uint64_t *)guest, __ATOMIC_RELAXED);
        memcpy(dst, &v, 8);
        break;
    }
    case 4: {
        uint32_t v = __atomic_load_n((const uint32_t *)guest, __ATOMIC_RELAXED);
        memcpy(dst, &v, 4);
        break;
    }
    case 2: {
        uint16_t v = __atomic_load_n((const uint16_t *)guest, __ATOMIC_RELAXED);
        memcpy(dst, &v, 2);
        break;
    }
    default: *(uint8_t *)dst = __atomic_load_n(guest, __ATOMIC_RELAXED); break;
    }
}

/* The first `size` bytes of the other side, zero-extended; sizes are constants, for speed. */
static uint64_t piece_value(const void *src, unsigned size)
{
    uint64_t v = 0;
    switch (size) {
    case 8: memcpy(&v, src, 8); break;
    case 4: memcpy(&v, src, 4); break;
    case 2: memcpy(&v, src, 2); break;
    default: memcpy(&v, src, 1); break;
    }
    return v;
}

static void store_piece(uint8_t *guest, const void *src, unsigned size)
{
    uint64_t v = piece_value(src, size);
    switch (size) {
    case 8: __atomic_store_n((uint64_t *)guest, v, __ATOMIC_RELAXED); break;
    case 4: __atomic_store_n((uint32_t *)guest, (uint32_t)v, __ATOMIC_RELAXED); break;
    case 2: __atomic_store_n((uint16_t *)guest, (uint16_t)v, __ATOMIC_RELAXED); break;
    default: __atomic_store_n(guest, (uint8_t)v, __ATOMIC_RELAXED); break;
    }
}

bool gmem_read(const struct gmem *mem, uint64_t pa, void *dst, uint64_t len)
{
    const uint8_t *src = gmem_span(mem, pa, len);
    if (!src)
        return false;
    for (uint8_t *d = dst; len;) {
        unsigned n = piece_size(src, len);
        load_piece(d, src, n);
        src += n, d += n, len -= n;
    }
    return true;
}

bool gmem_write(struct gmem *mem, uint64_t pa, const void *src, uint64_t len)
{
    uint8_t *dst = gmem_span(mem, pa, len);
    if (!dst)
        return false;
    uint64_t left = len;
    for (const uint8_t *s = src; left;) {
        unsigned n = piece_size(dst, left);
        store_piece(dst, s, n);
        s += n, dst += n, left -= n;
    }
    return true;
}

/* Bytes of src from the front that are to be written together: up to the end of their page. */
static uint64_t page_rest(uint64_t pa, uint64_t len)
{
    return MIN(len, GMEM_PAGE - (pa & (GMEM_PAGE - 1)));
}

bool gmem_write_fresh(struct gmem *mem, uint64_t pa, const void *src, uint64_t len)
{
    static const uint8_t zeros[GMEM_PAGE];
    if (!gmem_has(mem, pa, len))
        return false;
    for (const uint8_t *s = src; len;) {
        uint64_t n = page_rest(pa, len);
        if (memcmp(s, zeros, n) != 0)
            gmem_write(mem, pa, s, n);
        pa += n, s += n, len -= n;
    }
    return true;
}

bool gmem_equal(const struct gmem *mem, uint64_t pa, const void *bytes, uint64_t len)
{
    const uint8_t *src = gmem_span(mem, pa, len), *b = bytes;
    if (!src)
        return false;
    while (len) {
        uint64_t guest = 0;
        unsigned n = piece_size(src, len);
        load_piece(&guest, src, n);
        if (guest != piece_value(b, n))
            return false;
        src += n, b += n, len -= n;
    }
    return true;
}

bool gmem_fill(struct gmem *mem, uint64_t pa, uint8_t byte, uint64_t len)
{
    uint8_t *dst = gmem_span(mem, pa, len);
    if (!dst)
        return false;
    uint64_t pattern = byte * UINT64_C(0x0101010101010101);
    for (uint64_t left = len; left;) {
        unsigned n = piece_size(dst, left);
        store_piece(dst, &pattern, n);
        dst += n, left -= n;
    }
    return true;
}

bool gmem_load16_acquire(const struct gmem *mem, uint64_t pa, uint16_t *val)
{
    const uint8_t *p = gmem_span(mem, pa, 2);
    if (!p || (pa & 1))
        return false;
    uint8_t raw[2];
    uint16_t v = __atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE);
    memcpy(raw, &v, 2);
    *val = (uint16_t)(raw[0] | raw[1] << 8);
    return true;
}

bool gmem_store16_release(struct gmem *mem, uint64_t pa, uint16_t val)
{
    uint8_t *p = gmem_span(mem, pa, 2);
    if (!p || (pa & 1))
        return false;
    const uint8_t raw[2] = {(uint8_t)val, (uint8_t)(val >> 8)};
    uint16_t v;
    memcpy(&v, raw, 2);
    __atomic_store_n((uint16_t *)p, v, __ATOMIC_RELEASE);
    return true;
}

void gmem_clear(struct gmem *mem)
{
    /* A private anonymous page that is given back reads as zeros when it is next touched. */
    madvise(mem->host, mem->size, MADV_DONTNEED);
}
