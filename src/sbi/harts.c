/* SPDX-License-Identifier: MIT */
/* Extensions that act on harts: TIME, IPI, RFENCE, HSM. */
#include "sbi/internal.h"

struct sbi_ret sbi_time(const struct sbi_call *c)
{
    if (c->fid != 0)
        return sbi_error(SBI_NOT_SUPPORTED);
    hart_set_timer(c->hart, sbi_arg64(c, 0));
    return sbi_value(0);
}

struct sbi_ret sbi_ipi(const struct sbi_call *c)
{
    uint64_t harts;
    if (c->fid != 0)
        return sbi_error(SBI_NOT_SUPPORTED);
    if (!sbi_hart_mask(c->sbi, c->arg[0], c->arg[1], &harts))
        return sbi_error(SBI_INVALID_PARAM);
    for (; harts; harts &= harts - 1)
        hart_send_ssi(cpu_hart(c->sbi->cpu, (unsigned)__builtin_ctzll(harts)));
    return sbi_value(0);
}

void sbi_remote_sfence(const struct sbi_call *c, uint64_t harts, uint64_t start, uint64_t size,
                       bool with_asid, uint64_t asid)
{
    bool all = size == UINT64_MAX || size == 0; /* all ones is sign-extended on RV32 */
    cpu_remote_sfence(c->sbi->cpu, c->hart, harts, sbi_unsigned(c->sbi, start),
                      all ? UINT64_MAX : sbi_unsigned(c->sbi, size), with_asid,
                      sbi_unsigned(c->sbi, asid));
}

struct sbi_ret sbi_rfence(const struct sbi_call *c)
{
    uint64_t harts;
    if (c->fid > 2) /* the others fence a hypervisor's guests */
        return sbi_error(SBI_NOT_SUPPORTED);
    if (!sbi_hart_mask(c->sbi, c->arg[0], c->arg[1], &harts))
        return sbi_error(SBI_INVALID_PARAM);
    if (c->fid == 0)
        cpu_remote_fence_i(c->sbi->cpu, c->hart, harts);
    else
        sbi_remote_sfence(c, harts, c->arg[2], c->arg[3], c->fid == 2, c->arg[4]);
    return sbi_value(0);
}

/* May a hart begin to run here? */
static bool runnable(const struct sbi *sbi, uint64_t pc)
{
    return !(pc & 1) && gmem_has(sbi->mem, pc, 2);
}

static struct sbi_ret hsm_start(const struct sbi_call *c)
{
    uint64_t id = sbi_unsigned(c->sbi, c->arg[0]), pc = sbi_unsigned(c->sbi, c->arg[1]);
    if (id >= cpu_harts(c->sbi->cpu))
        return sbi_error(SBI_INVALID_PARAM);
    if (!runnable(c->sbi, pc))
        return sbi_error(SBI_INVALID_ADDRESS);
    struct hart *hart = cpu_hart(c->sbi->cpu, (unsigned)id);
    return hart_start(hart, pc, false, id, c->arg[2]) ? sbi_value(0)
                                                      : sbi_error(SBI_ALREADY_AVAILABLE);
}

static struct sbi_ret hsm_status(const struct sbi_call *c)
{
    uint64_t id = sbi_unsigned(c->sbi, c->arg[0]);
    if (id >= cpu_harts(c->sbi->cpu))
        return sbi_error(SBI_INVALID_PARAM);
    return sbi_value(hart_state(cpu_hart(c->sbi->cpu, (unsigned)id)));
}

/* SBI 2.0, "HSM Hart Suspend Types": the two default ones exist, platforms may define more. */
static struct sbi_ret hsm_suspend(const struct sbi_call *c)
{
    uint32_t type = (uint32_t)c->arg[0];
    bool retentive = !(type >> 31);
    uint64_t pc = sbi_unsigned(c->sbi, c->arg[1]);
    if (type & 0x7fffffff)
        return sbi_error(type & 0x70000000 ? SBI_NOT_SUPPORTED : SBI_INVALID_PARAM);
    if (!retentive && !runnable(c->sbi, pc))
        return sbi_error(SBI_INVALID_ADDRESS);
    hart_suspend_self(c->hart, retentive, pc, c->arg[2]);
    return sbi_value(0);
}

struct sbi_ret sbi_hsm(const struct sbi_call *c)
{
    switch (c->fid) {
    case 0: return hsm_start(c);
    case 1: hart_stop_self(c->hart); return sbi_value(0);
    case 2: return hsm_status(c);
    case 3: return hsm_suspend(c);
    default: return sbi_error(SBI_NOT_SUPPORTED);
    }
}
