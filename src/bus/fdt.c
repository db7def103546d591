/* SPDX-License-Identifier: MIT */
#include "bus/fdt.h"

#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE (16u << 10)
#define MAX_SIZE   (2u << 20) /* as much as Linux takes */

struct fdt_builder {
    void *blob;
    int size;
    int err;        /* first error; everything after it does nothing */
    unsigned depth; /* of open nodes; libfdt does not count them */
    uint32_t phandles;
};

struct fdt_builder *fdt_builder_create(void)
{
    struct fdt_builder *b = calloc(1, sizeof(*b));
    void *blob = malloc(FIRST_SIZE);
    if (!b || !blob) {
        free(b);
        free(blob);
        return NULL;
    }
    b->blob = blob;
    b->size = FIRST_SIZE;
    b->err = fdt_create(b->blob, b->size);
    if (!b->err)
        b->err = fdt_finish_reservemap(b->blob);
    return b;
}

void fdt_builder_destroy(struct fdt_builder *b)
{
    if (!b)
        return;
    free(b->blob);
    free(b);
}

/* Records libfdt's result; true if the buffer was enlarged and the call is to be repeated. */
static bool fdt_retry(struct fdt_builder *b, int err)
{
    if (!err)
        return false;
    b->err = err;
    if (err != -FDT_ERR_NOSPACE || b->size >= (int)MAX_SIZE)
        return false;
    void *bigger = malloc((size_t)b->size * 2);
    if (!bigger)
        return false;
    b->err = fdt_resize(b->blob, bigger, b->size * 2);
    if (b->err) {
        free(bigger);
        return false;
    }
    free(b->blob);
    b->blob = bigger;
    b->size *= 2;
    return true;
}

void fdt_node(struct fdt_builder *b, const char *fmt, ...)
{
    char name[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof(name), fmt, ap);
    va_end(ap);
    b->depth++;
    while (!b->err && fdt_retry(b, fdt_begin_node(b->blob, name))) {
    }
}

void fdt_node_end(struct fdt_builder *b)
{
    if (!b->depth--)
        b->err = b->err ? b->err : -FDT_ERR_BADSTRUCTURE;
    while (!b->err && fdt_retry(b, fdt_end_node(b->blob))) {
    }
}

void fdt_bytes(struct fdt_builder *b, const char *name, const void *data, size_t len)
{
    if (len > MAX_SIZE) {
        b->err = b->err ? b->err : -FDT_ERR_NOSPACE;
        return;
    }
    while (!b->err && fdt_retry(b, fdt_property(b->blob, name, data, (int)len))) {
    }
}

void fdt_u32(struct fdt_builder *b, const char *name, uint32_t val)
{
    fdt_cells(b, name, &val, 1);
}

void fdt_u64(struct fdt_builder *b, const char *name, uint64_t val)
{
    fdt_cells(b, name, (const uint32_t[]){(uint32_t)(val >> 32), (uint32_t)val}, 2);
}

void fdt_str(struct fdt_builder *b, const char *name, const char *val)
{
    fdt_bytes(b, name, val, strlen(val) + 1);
}

void fdt_strs(struct fdt_builder *b, const char *name, const char *strings, size_t len)
{
    fdt_bytes(b, name, strings, len);
}

void fdt_cells(struct fdt_builder *b, const char *name, const uint32_t *cells, size_t n)
{
    fdt32_t *wire = malloc(MAX(n, 1) * sizeof(*wire));
    if (!wire) {
        b->err = b->err ? b->err : -FDT_ERR_NOSPACE;
        return;
    }
    for (size_t i = 0; i < n; i++)
        wire[i] = cpu_to_fdt32(cells[i]);
    fdt_bytes(b, name, wire, n * sizeof(*wire));
    free(wire);
}

void fdt_flag(struct fdt_builder *b, const char *name)
{
    fdt_bytes(b, name, NULL, 0);
}

void fdt_reg(struct fdt_builder *b, uint64_t base, uint64_t size)
{
    fdt_cells(b, "reg",
              (const uint32_t[]){(uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32),
                                 (uint32_t)size},
              4);
}

uint32_t fdt_phandle(struct fdt_builder *b)
{
    return ++b->phandles;
}

void *fdt_builder_end(struct fdt_builder *b, size_t *size)
{
    if (b->depth)
        b->err = b->err ? b->err : -FDT_ERR_BADSTRUCTURE;
    while (!b->err && fdt_retry(b, fdt_finish(b->blob))) {
    }
    if (b->err)
        return NULL;
    *size = fdt_totalsize(b->blob);
    void *copy = malloc(*size);
    if (copy)
        memcpy(copy, b->blob, *size);
    return copy;
}
