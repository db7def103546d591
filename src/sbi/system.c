/* SPDX-License-Identifier: MIT */
/* Extensions that act on the system: SRST, DBCN. */
#include "sbi/internal.h"

void sbi_power(const struct sbi_call *c, enum sbi_power what, bool failed)
{
    c->sbi->host.power(c->sbi->host.ctx, what, failed);
    hart_stop_self(c->hart);
}

/* Types: 0 shutdown, 1 cold reboot, 2 warm reboot. Reasons: 0 none, 1 system failure. */
struct sbi_ret sbi_srst(const struct sbi_call *c)
{
    uint32_t type = (uint32_t)c->arg[0], reason = (uint32_t)c->arg[1];
    if (c->fid != 0)
        return sbi_error(SBI_NOT_SUPPORTED);
    if (reason >= 0xe0000000) /* the implementation's and the vendor's own: we have none */
        return sbi_error(SBI_NOT_SUPPORTED);
    if (type > 2 || reason > 1)
        return sbi_error(type >= 0xf0000000 ? SBI_NOT_SUPPORTED : SBI_INVALID_PARAM);
    sbi_power(c, type == 0 ? SBI_POWER_OFF : SBI_POWER_REBOOT, reason == 1);
    return sbi_value(0);
}

/* Reads the physical address in (lo, hi) from argument 1 on. False unless all of [addr, addr+n) is
 * RAM. */
static bool buffer(const struct sbi_call *c, uint64_t n, uint64_t *addr)
{
    if (c->sbi->xlen == 32)
        *addr = (uint32_t)c->arg[1] | c->arg[2] << 32;
    else if (c->arg[2])
        return false;
    else
        *addr = c->arg[1];
    return gmem_has(c->sbi->mem, *addr, n);
}

/* Each byte is read once, into a copy. */
static uint64_t console_write(const struct sbi_call *c, uint64_t addr, uint64_t n)
{
    uint8_t bytes[256];
    uint64_t done = 0;
    while (done < n) {
        size_t len = MIN(n - done, sizeof(bytes));
        gmem_read(c->sbi->mem, addr + done, bytes, len);
        size_t took = c->sbi->host.console_write(c->sbi->host.ctx, bytes, len);
        done += took;
        if (took < len)
            break;
    }
    return done;
}

static uint64_t console_read(const struct sbi_call *c, uint64_t addr, uint64_t n)
{
    uint8_t bytes[64];
    uint64_t done = 0;
    while (done < n) {
        size_t got =
            c->sbi->host.console_read(c->sbi->host.ctx, bytes, MIN(n - done, sizeof(bytes)));
        if (!got)
            break;
        gmem_write(c->sbi->mem, addr + done, bytes, got);
        done += got;
    }
    return done;
}

struct sbi_ret sbi_dbcn(const struct sbi_call *c)
{
    uint64_t n = sbi_unsigned(c->sbi, c->arg[0]), addr;
    if (c->fid == 2) {
        uint8_t byte = (uint8_t)c->arg[0];
        bool took = c->sbi->host.console_write(c->sbi->host.ctx, &byte, 1);
        return sbi_error(took ? SBI_OK : SBI_FAILED);
    }
    if (c->fid > 2)
        return sbi_error(SBI_NOT_SUPPORTED);
    if (!buffer(c, n, &addr))
        return sbi_error(SBI_INVALID_PARAM);
    return sbi_value(c->fid == 0 ? console_write(c, addr, n) : console_read(c, addr, n));
}
