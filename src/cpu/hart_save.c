/* SPDX-License-Identifier: MIT */
/*
 * A hart's state as a blob. CSRs are saved through their rows of csrs.def and loaded as the guest
 * would write them: a value that reads back otherwise is one that no hart of this model can hold,
 * and is refused. Rows go from the last to the first, since a locked pmpcfg fixes its pmpaddr.
 */
#include "cpu/csr_bits.h"
#include "cpu/csr_table.h"
#include "cpu/hart.h"
#include "cpu/trigger.h"

#include <string.h>

#define CPU_VERSION  1
#define HART_VERSION 1

#define IRQ_BITS  0xaaau
#define SOFT_BITS (MIP_SSIP | MIP_STIP | MIP_SEIP) /* that software can write in mip */

/* --- CSRs and triggers --- */

/* Has the value no bits that a register of XLEN bits does not have? */
static bool fits_xlen(const struct hart *h, uint64_t v)
{
    return hart_is64(h) || v <= UINT32_MAX;
}

/* Calls fn for each saved register that the hart's model has; ends when fn returns false. */
static bool each_saved_csr(struct hart *h, void *ctx,
                           bool (*fn)(struct hart *h, const struct csr_row *c, unsigned number,
                                      void *ctx))
{
    for (unsigned row = csr_row_count; row-- > 0;) {
        const struct csr_row *c = &csr_rows[row];
        for (unsigned n = c->count; n-- > 0;) {
            unsigned number = c->number + n;
            if ((c->flags & CSR_SAVED) && csr_row_exists(c, h, number) && !fn(h, c, number, ctx))
                return false;
        }
    }
    return true;
}

static bool save_csr(struct hart *h, const struct csr_row *c, unsigned number, void *out)
{
    blob_put_u16(out, (uint16_t)number);
    blob_put_u64(out, csr_row_read(c, h, csr_index(c, number)));
    return true;
}

static bool load_csr(struct hart *h, const struct csr_row *c, unsigned number, void *in)
{
    unsigned i = csr_index(c, number), saved = blob_get_u16(in);
    uint64_t v = blob_get_u64(in);
    if (!blob_check(in, saved == number, "a CSR of another model") ||
        !blob_check(in, (c->flags & CSR_WIDE) || fits_xlen(h, v), "more than 32 bits in a CSR"))
        return false;
    csr_row_write(c, h, i, v);
    return blob_check(in, csr_row_read(c, h, i) == v, "no value that this CSR can have");
}

/* Triggers are read and written by way of tselect (0) as tdata1 and tdata2. */
static void save_triggers(struct hart *h, struct blob_out *out)
{
    blob_put_u8(out, h->arch.trigger_at);
    for (unsigned i = 0; i < TRIGGERS; i++) {
        blob_put_u64(out, h->arch.trigger[i].data1);
        blob_put_u64(out, h->arch.trigger[i].data2);
    }
}

static bool load_triggers(struct hart *h, struct blob_in *in)
{
    uint8_t at = blob_get_u8(in);
    if (!blob_check(in, at < TRIGGERS, "tselect of no trigger"))
        return false;
    for (unsigned i = 0; i < TRIGGERS; i++) {
        uint64_t data[2];
        blob_get_u64s(in, data, 2);
        trigger_write(h, 0, i);
        for (unsigned t = 0; t < 2; t++) {
            trigger_write(h, 1 + t, data[t]);
            if (!blob_check(in, fits_xlen(h, data[t]) && trigger_read(h, 1 + t) == data[t],
                            "no value that tdata can have"))
                return false;
        }
    }
    trigger_write(h, 0, at);
    return true;
}

/* --- counters --- */

static uint64_t counter_save(const struct hart *h, int64_t base, unsigned i)
{
    return (uint64_t)base + (h->arch.mcountinhibit >> i & 1 ? 0 : hart_retired(h));
}

/* After mcountinhibit. */
static int64_t counter_load(const struct hart *h, uint64_t v, unsigned i)
{
    return (int64_t)(v - (h->arch.mcountinhibit >> i & 1 ? 0 : hart_retired(h)));
}

/* --- registers --- */

static void save_registers(const struct hart *h, struct blob_out *out)
{
    const struct hart_arch *a = &h->arch;
    blob_put_u64(out, a->pc);
    blob_put_u64s(out, a->x + 1, 31);
    blob_put_u64s(out, a->f, 32);
    blob_put_u8(out, (uint8_t)a->fflags);
    blob_put_u8(out, (uint8_t)a->frm);
    blob_put_u8(out, a->priv);
    blob_put_bool(out, a->wfi);
    blob_put_u64(out, a->res_addr);
    blob_put_u64(out, a->res_value);
}

static bool reservation_ok(const struct hart *h, uint64_t addr)
{
    unsigned size = addr & 1 ? 8 : 4;
    addr &= ~UINT64_C(1);
    return !(addr & (size - 1)) && gmem_has(h->mem, addr, size);
}

static bool load_registers(struct hart *h, struct blob_in *in)
{
    struct hart_arch *a = &h->arch;
    a->pc = blob_get_u64(in);
    blob_check(in, !(a->pc & (1u | h->align_mask)) && (hart_is64(h) || a->pc <= UINT32_MAX),
               "no address of an instruction");
    for (unsigned i = 1; i < 32; i++) {
        a->x[i] = blob_get_u64(in);
        blob_check(in, hart_is64(h) || a->x[i] == (uint64_t)(int64_t)(int32_t)a->x[i],
                   "not a register of 32 bits, sign-extended");
    }
    blob_get_u64s(in, a->f, 32);
    a->fflags = blob_get_u8(in);
    a->frm = blob_get_u8(in);
    blob_check(in, a->fflags <= 0x1f && a->frm <= 7, "no value that fcsr can have");
    a->priv = blob_get_u8(in);
    blob_check(in, a->priv == PRIV_U || a->priv == PRIV_S || a->priv == PRIV_M, "no privilege");
    a->wfi = blob_get_bool(in);
    a->res_addr = blob_get_u64(in);
    a->res_value = blob_get_u64(in);
    return blob_check(in, a->res_addr == RES_NONE || reservation_ok(h, a->res_addr),
                      "a reservation outside RAM");
}

/* --- the hart state of SBI HSM --- */

static void save_hsm(const struct hart *h, struct blob_out *out)
{
    blob_put_u8(out, (uint8_t)atomic_load(&h->state));
    blob_put_bool(out, h->start_machine);
    blob_put_u64(out, h->start_pc);
    blob_put_u64(out, h->start_a0);
    blob_put_u64(out, h->start_a1);
    blob_put_bool(out, h->suspend_wanted);
    blob_put_bool(out, h->suspend_retentive);
    blob_put_u64(out, h->suspend_pc);
    blob_put_u64(out, h->suspend_opaque);
}

static bool load_hsm(struct hart *h, struct blob_in *in)
{
    uint8_t state = blob_get_u8(in);
    h->start_machine = blob_get_bool(in);
    h->start_pc = blob_get_u64(in);
    h->start_a0 = blob_get_u64(in);
    h->start_a1 = blob_get_u64(in);
    h->suspend_wanted = blob_get_bool(in);
    h->suspend_retentive = blob_get_bool(in);
    h->suspend_pc = blob_get_u64(in);
    h->suspend_opaque = blob_get_u64(in);
    bool fits = h->suspend_wanted ? state == HART_STARTED || state == HART_SUSPENDED
                                  : state <= HART_STOP_PENDING;
    if (!blob_check(in, fits, "no state of a hart"))
        return false;
    h->stop_wanted = state == HART_STOP_PENDING;
    atomic_store(&h->state, state);
    return true;
}

/* --- a hart, all harts --- */

void hart_save(struct hart *h, struct blob_out *out)
{
    size_t section = blob_begin(out, "hart", HART_VERSION);
    save_registers(h, out);
    each_saved_csr(h, out, save_csr);
    save_triggers(h, out);
    blob_put_u64(out, counter_save(h, h->mcycle_base, 0));
    blob_put_u64(out, counter_save(h, h->minstret_base, 2));
    blob_put_u32(out, (uint32_t)h->arch.mip_soft);
    blob_put_u32(out, atomic_load(&h->irq_lines));
    blob_put_u64(out, h->arch.sbi_timer);
    save_hsm(h, out);
    blob_end(out, section);
}

/* Everything but the flush of what was computed from the old state. */
static bool load_state(struct hart *h, struct blob_in *in)
{
    if (!load_registers(h, in) || !each_saved_csr(h, in, load_csr) || !load_triggers(h, in))
        return false;
    h->mcycle_base = counter_load(h, blob_get_u64(in), 0);
    h->minstret_base = counter_load(h, blob_get_u64(in), 2);
    h->arch.mip_soft = blob_get_u32(in);
    blob_check(in, !(h->arch.mip_soft & ~(uint64_t)SOFT_BITS), "no bits that mip can have");
    uint32_t lines = blob_get_u32(in);
    blob_check(in, !(lines & ~IRQ_BITS), "no interrupt line of a hart");
    atomic_store(&h->irq_lines, lines & IRQ_BITS);
    h->arch.sbi_timer = blob_get_u64(in);
    return load_hsm(h, in);
}

bool hart_load(struct hart *h, struct blob_in *in)
{
    struct blob_in section;
    hart_reset(h);
    if (blob_open(in, &section, "hart", HART_VERSION) && load_state(h, &section) &&
        blob_close(&section)) {
        hart_refresh(h);
        hart_timer_update(h);
        hart_set_pending(h, PEND_IRQ | PEND_STATE);
        return true;
    }
    hart_reset(h);
    return false;
}

void cpu_save(struct cpu *cpu, struct blob_out *out)
{
    size_t section = blob_begin(out, "cpu", CPU_VERSION);
    blob_put_u32(out, cpu->cfg.harts);
    blob_put_u32(out, cpu->cfg.model.xlen);
    blob_put_u64(out, cpu->cfg.model.ext);
    blob_put_bool(out, cpu->cfg.sbi != NULL);
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        hart_save(cpu->hart[i], out);
    blob_end(out, section);
}

bool cpu_load(struct cpu *cpu, struct blob_in *in)
{
    struct blob_in section;
    blob_open(in, &section, "cpu", CPU_VERSION);
    blob_check(&section, blob_get_u32(&section) == cpu->cfg.harts, "another number of harts");
    blob_check(&section, blob_get_u32(&section) == cpu->cfg.model.xlen, "harts of another width");
    blob_check(&section, blob_get_u64(&section) == cpu->cfg.model.ext, "other extensions");
    blob_check(&section, blob_get_bool(&section) == (cpu->cfg.sbi != NULL),
               "only one of the two has the built-in SBI");
    bool good = !section.error;
    for (unsigned i = 0; i < cpu->cfg.harts && good; i++)
        good = hart_load(cpu->hart[i], &section);
    if (good && blob_close(&section))
        return true;
    for (unsigned i = 0; i < cpu->cfg.harts; i++)
        hart_reset(cpu->hart[i]);
    return false;
}
