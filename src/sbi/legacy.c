/* SPDX-License-Identifier: MIT */
/*
 * The legacy extensions (SBI 2.0, "Legacy Extensions"), which teaching kernels still use: one call
 * each, a result in a0 only, hart masks as a pointer into the caller's virtual memory.
 */
#include "sbi/internal.h"

/*
 * The call cannot report that the terminal is full, and its callers do not try again. False makes the
 * hart execute its ecall again after AGAIN_NS (cpu/system.c), until there is room: this polls, at a
 * terminal that its host's user has stopped, and the hart can be parked or interrupted meanwhile.
 */
static bool put_char(const struct sbi_call *c)
{
    uint8_t byte = (uint8_t)c->arg[0];
    return c->sbi->host.console_write(c->sbi->host.ctx, &byte, 1) == 1;
}

static int64_t get_char(const struct sbi_call *c)
{
    uint8_t byte;
    return c->sbi->host.console_read(c->sbi->host.ctx, &byte, 1) ? byte : SBI_FAILED;
}

/* The harts named by the mask at virtual address `ptr`; NULL means all. */
static bool legacy_mask(const struct sbi_call *c, uint64_t ptr, uint64_t *harts)
{
    struct sbi *sbi = c->sbi;
    uint8_t raw[8] = {0};
    if (!sbi_hart_mask(sbi, 0, UINT64_MAX, harts) || !ptr)
        return true;
    if (!hart_copy_from_virt(c->hart, sbi_unsigned(sbi, ptr), raw, sbi->xlen / 8)) {
        log_limited(sbi->log, &sbi->limit, LOG_BY_GUEST,
                    "SBI: legacy hart mask at %#llx is not mapped", (unsigned long long)ptr);
        return false;
    }
    uint64_t mask = 0;
    for (unsigned i = 0; i < 8; i++)
        mask |= (uint64_t)raw[i] << (8 * i);
    *harts &= mask;
    return true;
}

/* Console Putchar is sbi_legacy's own. */
static int64_t simple_call(const struct sbi_call *c)
{
    struct sbi *sbi = c->sbi;
    uint64_t harts;
    switch (c->fid) {
    case 0: hart_set_timer(c->hart, sbi_arg64(c, 0)); return 0;
    case 2: return get_char(c);
    case 3: hart_irq(c->hart, HART_IRQ_SSI, false); return 0;
    case 8: sbi_power(c, SBI_POWER_OFF, false); return 0;
    default: break;
    }
    if (!legacy_mask(c, c->arg[0], &harts))
        return SBI_FAILED;
    if (c->fid == 4) {
        for (; harts; harts &= harts - 1)
            hart_send_ssi(cpu_hart(sbi->cpu, (unsigned)__builtin_ctzll(harts)));
    } else if (c->fid == 5) {
        cpu_remote_fence_i(sbi->cpu, c->hart, harts);
    } else {
        sbi_remote_sfence(c, harts, c->arg[1], c->arg[2], c->fid == 7, c->arg[3]);
    }
    return 0;
}

bool sbi_legacy(const struct sbi_call *c, int64_t *result)
{
    *result = 0;
    if (c->fid == 1)
        return put_char(c);
    *result = simple_call(c);
    return true;
}
