/* SPDX-License-Identifier: MIT */
/*
 * Random privileged steps: page tables, PMP, mstatus, delegation, accesses from S and U. Everything
 * random comes from one generator, so the same program takes the same steps on every emulator.
 */
#ifndef PRIV_H
#define PRIV_H

#include "guest.h"

#define POOL   ((uint8_t *)0x80600000ul) /* 16 pages that are mapped: 64 KiB, aligned to 2 MiB */
#define TABLES 0x80a00000ul              /* page tables */
enum { PAGE = 4096, POOL_PAGES = 16, TABLE_PAGES = 24, SPACES = 2 };

#if __riscv_xlen == 64
enum { PTE_SIZE = 8, INDEX_BITS = 9, MAX_LEVELS = 5 };
#else
enum { PTE_SIZE = 4, INDEX_BITS = 10, MAX_LEVELS = 2 };
#endif

enum {
    PTE_V = 1,
    PTE_R = 2,
    PTE_W = 4,
    PTE_X = 8,
    PTE_U = 16,
    PTE_G = 32,
    PTE_A = 64,
    PTE_D = 128
};

struct tables {
    unsigned levels; /* 0: bare */
    ulong mode;      /* satp.MODE in place */
    ulong *leaf[64]; /* entries that may be changed later */
    unsigned leaf_level[64];
    unsigned leaves;
    int holes; /* some superpages lead to no memory */
};

uint32_t random_next(void);
uint32_t random_below(uint32_t n);
int random_chance(uint32_t one_in);

/* Builds both address spaces anew in a mode of levels (0: bare). */
void tables_build(struct tables *t, unsigned levels);
/* Changes one entry; returns its level, so that the caller can fence. */
unsigned tables_change(struct tables *t);
/* A virtual address whose indices the tables use; often near a page's end. */
ulong tables_address(const struct tables *t);
ulong tables_satp(const struct tables *t, unsigned space);
uint32_t tables_hash(void);
/* Prints the entries that a walk for this address reads; returns the physical address, or 0. */
ulong tables_print_walk(const struct tables *t, ulong satp, ulong address);

#endif
