/* SPDX-License-Identifier: MIT */
#include "sbi/internal.h"

#include <stdlib.h>

#define SPEC_VERSION (UINT32_C(2) << 24) /* 2.0 */
#define IMPL_ID      0x7273              /* "rs"; the registry has none for us */
#define IMPL_VERSION 1
#define LAST_LEGACY  8

enum { A0 = 10, A1 = 11, A6 = 16, A7 = 17 };

static struct sbi_ret sbi_base(const struct sbi_call *c);

/* SBI 2.0, "Function Listing" of each chapter */
static const struct extension {
    uint32_t id;
    const char *name;
    struct sbi_ret (*call)(const struct sbi_call *c);
} extensions[] = {
    {0x10, "BASE", sbi_base},       {0x54494d45, "TIME", sbi_time},
    {0x735049, "IPI", sbi_ipi},     {0x52464e43, "RFENCE", sbi_rfence},
    {0x48534d, "HSM", sbi_hsm},     {0x53525354, "SRST", sbi_srst},
    {0x4442434e, "DBCN", sbi_dbcn},
};

static const struct extension *find(uint64_t id)
{
    for (size_t i = 0; i < ARRAY_SIZE(extensions); i++)
        if (extensions[i].id == id)
            return &extensions[i];
    return NULL;
}

static struct sbi_ret sbi_base(const struct sbi_call *c)
{
    switch (c->fid) {
    case 0: return sbi_value(SPEC_VERSION);
    case 1: return sbi_value(IMPL_ID);
    case 2: return sbi_value(IMPL_VERSION);
    case 3: {
        uint64_t id = sbi_unsigned(c->sbi, c->arg[0]);
        return sbi_value(id <= LAST_LEGACY || find(id));
    }
    case 4: /* mvendorid */
    case 5: /* marchid */
    case 6: /* mimpid */ return sbi_value(0);
    default: return sbi_error(SBI_NOT_SUPPORTED);
    }
}

static void ecall(void *ctx, struct hart *hart)
{
    struct sbi *sbi = ctx;
    uint64_t id = sbi_unsigned(sbi, hart_reg(hart, A7));
    struct sbi_call c = {.sbi = sbi, .hart = hart};
    for (unsigned i = 0; i < ARRAY_SIZE(c.arg); i++)
        c.arg[i] = hart_reg(hart, A0 + i);
    if (id <= LAST_LEGACY) {
        c.fid = id;
        int64_t result;
        if (sbi_legacy(&c, &result))
            hart_set_reg(hart, A0, (uint64_t)result);
        else
            hart_again_self(hart);
        return;
    }
    c.fid = sbi_unsigned(sbi, hart_reg(hart, A6));
    const struct extension *ext = find(id);
    struct sbi_ret ret = ext ? ext->call(&c) : sbi_error(SBI_NOT_SUPPORTED);
    log_debug(sbi->log, LOG_SBI, "hart %u: %s(%#llx) fid %llu: %lld", hart_id(hart),
              ext ? ext->name : "unknown", (unsigned long long)id, (unsigned long long)c.fid,
              (long long)ret.error);
    hart_set_reg(hart, A0, (uint64_t)ret.error);
    hart_set_reg(hart, A1, ret.value);
}

const struct cpu_sbi_ops sbi_ops = {ecall};

struct sbi *sbi_create(struct gmem *mem, struct log *log, const struct sbi_host *host)
{
    struct sbi *sbi = calloc(1, sizeof(*sbi));
    if (!sbi)
        return NULL;
    sbi->mem = mem;
    sbi->log = log;
    sbi->host = *host;
    return sbi;
}

void sbi_destroy(struct sbi *sbi)
{
    free(sbi);
}

void sbi_set_cpu(struct sbi *sbi, struct cpu *cpu)
{
    sbi->cpu = cpu;
    sbi->xlen = cpu_model_of(cpu)->xlen;
}

bool sbi_hart_mask(const struct sbi *sbi, uint64_t mask, uint64_t base, uint64_t *out)
{
    unsigned harts = cpu_harts(sbi->cpu);
    uint64_t all = harts == 64 ? UINT64_MAX : (UINT64_C(1) << harts) - 1;
    if (base == UINT64_MAX) {
        *out = all;
        return true;
    }
    mask = sbi_unsigned(sbi, mask);
    base = sbi_unsigned(sbi, base);
    if (base >= harts)
        return false;
    *out = mask << base;
    return (*out >> base) == mask && !(*out & ~all);
}
