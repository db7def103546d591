/* SPDX-License-Identifier: MIT */
/* The table of control and status registers (csrs.def), for csr.c and hart_save.c. */
#ifndef CPU_CSR_TABLE_H
#define CPU_CSR_TABLE_H

#include "cpu/hart.h"

enum csr_flags {
    CSR_WIDE = 1,     /* 64 bits also on RV32, where this number holds the low half */
    CSR_HIGH = 2,     /* the high half of such a register: exists on RV32 only */
    CSR_EVEN = 4,     /* on RV64 the odd numbers do not exist */
    CSR_QUIET = 8,    /* no write changes how blocks are found or makes an interrupt possible */
    CSR_STATUS = 16,  /* a write does so if it changes certain bits of mstatus */
    CSR_PENDING = 32, /* set and clear act on the bits that software wrote: csr_pending_base */
    CSR_ENTROPY = 64, /* each access draws entropy, and one that does not write is illegal */
    CSR_SAVED = 128,  /* hart_save saves it through read and write; the rest is saved by name */
};

struct csr_row {
    uint16_t number;
    uint16_t offset; /* of the field in struct hart_arch, for a row without read and read_at */
    uint8_t count;   /* registers with consecutive numbers; 0 in the row of CSR_NEVER */
    uint8_t first;   /* index of the first register of a range */
    uint8_t ext;     /* enum cpu_ext, CSR_ALWAYS or CSR_NEVER */
    uint8_t flags;
    uint64_t mask; /* bits of the field that a write changes; others become 0 */
    const char *name;
    /* i: see csr_index. Values are those of the whole register, also on RV32. */
    bool (*visible)(const struct hart *h, unsigned i); /* NULL: always */
    uint64_t (*read)(struct hart *h);                  /* or read_at; neither: reads the field */
    uint64_t (*read_at)(struct hart *h, unsigned i);
    void (*write)(struct hart *h, uint64_t v); /* or write_at; neither: writes the field */
    void (*write_at)(struct hart *h, unsigned i, uint64_t v); /* if reading does, else nothing */
};

#define CSR_NUMBERS 4096
#define CSR_ALWAYS  EXT_COUNT
#define CSR_NEVER   (EXT_COUNT + 1) /* the row of the numbers that no register has */

extern const struct csr_row csr_rows[];
extern const unsigned csr_row_count;
extern const uint8_t csr_row_of[CSR_NUMBERS]; /* by number: an index of csr_rows */

/* What the set and clear instructions start from for mip and sip: `old` with those bits that
 * software wrote in place of the lines ("Machine Interrupt Registers", SEIP). */
uint64_t csr_pending_base(const struct hart *h, uint64_t old);
/* Sixteen random bits and their status, for seed ("Entropy Source", Zkr). */
uint64_t csr_seed(const struct hart *h);
static inline const struct csr_row *csr_row(unsigned number)
{
    return &csr_rows[csr_row_of[number]];
}

/* The index that row c's functions get for register `number`. */
static inline unsigned csr_index(const struct csr_row *c, unsigned number)
{
    return c->first + number - c->number;
}

/* Does a hart of this model have register `number`, which is of row c? */
static inline bool csr_row_exists(const struct csr_row *c, const struct hart *h, unsigned number)
{
    if (c->ext != CSR_ALWAYS && (c->ext == CSR_NEVER || !model_has(h->model, c->ext)))
        return false;
    if (unlikely(c->flags & (CSR_HIGH | CSR_EVEN)) && hart_is64(h))
        return !(c->flags & CSR_HIGH) && !(number & 1);
    return true;
}

/* Read and write the whole register with index i of row c. */
static inline uint64_t csr_row_read(const struct csr_row *c, struct hart *h, unsigned i)
{
    if (c->read)
        return c->read(h);
    if (c->read_at)
        return c->read_at(h, i);
    return *(const uint64_t *)((const char *)&h->arch + c->offset);
}

static inline void csr_row_write(const struct csr_row *c, struct hart *h, unsigned i, uint64_t v)
{
    if (c->write)
        c->write(h, v);
    else if (c->write_at)
        c->write_at(h, i, v);
    else if (!c->read && !c->read_at)
        *(uint64_t *)((char *)&h->arch + c->offset) = v & c->mask;
}

#endif
