/* SPDX-License-Identifier: MIT */
/* What the extensions' functions share. */
#ifndef SBI_INTERNAL_H
#define SBI_INTERNAL_H

#include "sbi/sbi.h"

/* SBI 2.0, "Binary Encoding" */
enum {
    SBI_OK = 0,
    SBI_FAILED = -1,
    SBI_NOT_SUPPORTED = -2,
    SBI_INVALID_PARAM = -3,
    SBI_DENIED = -4,
    SBI_INVALID_ADDRESS = -5,
    SBI_ALREADY_AVAILABLE = -6
};

struct sbi {
    struct cpu *cpu;
    struct gmem *mem;
    struct log *log;
    struct log_limit limit;
    struct sbi_host host;
    unsigned xlen;
};

struct sbi_call {
    struct sbi *sbi;
    struct hart *hart;
    uint64_t fid;
    uint64_t arg[6]; /* a0..a5 as the hart holds them: RV32 sign-extended */
};

struct sbi_ret {
    int64_t error;
    uint64_t value;
};

static inline struct sbi_ret sbi_error(int64_t error)
{
    return (struct sbi_ret){error, 0};
}

static inline struct sbi_ret sbi_value(uint64_t value)
{
    return (struct sbi_ret){SBI_OK, value};
}

/* A register as an unsigned number of XLEN bits. */
static inline uint64_t sbi_unsigned(const struct sbi *sbi, uint64_t reg)
{
    return sbi->xlen == 32 ? (uint32_t)reg : reg;
}

/* A 64-bit argument: one register, or two on RV32. */
static inline uint64_t sbi_arg64(const struct sbi_call *c, unsigned i)
{
    return c->sbi->xlen == 32 ? (uint32_t)c->arg[i] | c->arg[i + 1] << 32 : c->arg[i];
}

/* The harts of (mask, base) as a bit mask; false: one of them does not exist. */
bool sbi_hart_mask(const struct sbi *sbi, uint64_t mask, uint64_t base, uint64_t *out);

struct sbi_ret sbi_time(const struct sbi_call *c);
struct sbi_ret sbi_ipi(const struct sbi_call *c);
struct sbi_ret sbi_rfence(const struct sbi_call *c);
struct sbi_ret sbi_hsm(const struct sbi_call *c);
struct sbi_ret sbi_srst(const struct sbi_call *c);
struct sbi_ret sbi_dbcn(const struct sbi_call *c);
/* Legacy call c->fid (0..8) with the value for a0; false: it is to be made again later. */
bool sbi_legacy(const struct sbi_call *c, int64_t *result);

void sbi_remote_sfence(const struct sbi_call *c, uint64_t harts, uint64_t start, uint64_t size,
                       bool with_asid, uint64_t asid);
/* Asks the board, and stops the hart, since the call must not return. */
void sbi_power(const struct sbi_call *c, enum sbi_power what, bool failed);

#endif
