/* SPDX-License-Identifier: MIT */
/*
 * Building the device tree: a thin wrapper over libfdt's sequential write interface. Each device
 * writes its own node. Errors (out of space, out of memory) stick and come out of fdt_builder_end.
 * Not for several threads.
 */
#ifndef BUS_FDT_H
#define BUS_FDT_H

#include "base/util.h"

struct fdt_builder;

struct fdt_builder *fdt_builder_create(void);
void fdt_builder_destroy(struct fdt_builder *b);

void fdt_node(struct fdt_builder *b, const char *fmt, ...) PRINTF_LIKE(2, 3); /* opens a node */
void fdt_node_end(struct fdt_builder *b);
void fdt_u32(struct fdt_builder *b, const char *name, uint32_t val);
void fdt_u64(struct fdt_builder *b, const char *name, uint64_t val); /* two cells */
void fdt_str(struct fdt_builder *b, const char *name, const char *val);
/* strings: NUL-separated list of `len` bytes, the last NUL included; sizeof a literal is right. */
void fdt_strs(struct fdt_builder *b, const char *name, const char *strings, size_t len);
void fdt_cells(struct fdt_builder *b, const char *name, const uint32_t *cells, size_t n);
void fdt_flag(struct fdt_builder *b, const char *name);
void fdt_bytes(struct fdt_builder *b, const char *name, const void *data, size_t len);
/* reg = <base size>, both two cells. */
void fdt_reg(struct fdt_builder *b, uint64_t base, uint64_t size);
/* A new phandle, unique in this tree; the caller writes it with fdt_u32(b, "phandle", ph). */
uint32_t fdt_phandle(struct fdt_builder *b);

/* The finished blob, malloc'd, its size in *size; NULL on any error before. */
void *fdt_builder_end(struct fdt_builder *b, size_t *size);

#endif
