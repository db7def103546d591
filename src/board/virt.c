/* SPDX-License-Identifier: MIT */
/* The processor and the chips: their callbacks into the board, and a row for each in
 * chip_rows[]. */
#include "board/internal.h"

#include "cpu/engine.h"
#include "jit/jit.h"

#include <stdio.h>

/* --- callbacks of processor and chips --- */

static void hart_line(void *ctx, unsigned n, bool level)
{
    hart_irq(ctx, n, level);
}

static void guest_power(struct machine *m, bool reboot, int status)
{
    cpu_hold(m->cpu, CPU_HOLD_POWER, true); /* at once: repeated runs are the same */
    if (reboot)
        machine_reset(m, CAUSE_GUEST_RESET);
    else
        machine_quit(m, status, CAUSE_GUEST_SHUTDOWN);
}

/* A shell gets eight bits of a status; a failure must not become success there. */
static void finisher_poweroff(void *ctx, unsigned code)
{
    guest_power(ctx, false, code && !(code & 0xff) ? 1 : (int)(code & 0xff));
}

static void finisher_reboot(void *ctx)
{
    guest_power(ctx, true, 0);
}

static void sbi_power(void *ctx, enum sbi_power what, bool failed)
{
    if (failed)
        machine_failure(ctx, what == SBI_POWER_REBOOT);
    else
        guest_power(ctx, what == SBI_POWER_REBOOT, 0);
}

static size_t sbi_console_write(void *ctx, const uint8_t *bytes, size_t n)
{
    struct machine *m = ctx;
    return uart_console_write(m->uart, bytes, n);
}

static size_t sbi_console_read(void *ctx, uint8_t *bytes, size_t n)
{
    struct machine *m = ctx;
    return uart_console_read(m->uart, bytes, n);
}

static void console_panic(void *ctx, bool said)
{
    machine_panic(ctx, said);
}

static void console_hold(void *ctx, bool on)
{
    struct machine *m = ctx;
    cpu_hold(m->cpu, CPU_HOLD_CONSOLE, on);
}

static void terminal_quit(void *ctx)
{
    machine_quit(ctx, 0, CAUSE_HOST_UI);
}

/* --- creating them --- */

static void *make_cpu(struct machine *m, struct irq_line irq)
{
    (void)irq;
    const struct machine_config *c = &m->config;
    const struct sbi_host host = {sbi_console_write, sbi_console_read, sbi_power, m};
    if (!c->bios && !(m->sbi = sbi_create(m->mem, m->log, &host)))
        return NULL;
    const struct cpu_config config = {
        .model = c->cpu,
        .harts = c->harts,
        .single_thread = c->single_thread,
        .firmware = c->bios != NULL,
        .mem = m->mem,
        .map = m->map,
        .clock = m->clock,
        .log = m->log,
        .entropy = m->entropy,
        .sbi = m->sbi ? &sbi_ops : NULL,
        .sbi_ctx = m->sbi,
        .engine = c->jit.off || !jit_supported() ? &interp_engine : &jit_engine,
        .engine_hot = c->jit.hot,
        .engine_memory = c->jit.memory,
        .engine_cold = c->jit.cold,
        .engine_dump = c->jit.dump ? &c->jit.dump_pc : NULL,
        .engine_verify = c->jit.verify,
        .perf_map = m->perf_map,
    };
    m->cpu = cpu_create(&config);
    if (m->cpu && m->sbi)
        sbi_set_cpu(m->sbi, m->cpu);
    return m->cpu;
}

static void *make_aclint(struct machine *m, struct irq_line irq)
{
    (void)irq;
    struct irq_line msi[CPU_MAX_HARTS], mti[CPU_MAX_HARTS];
    for (unsigned i = 0; i < m->config.harts; i++) {
        struct hart *hart = cpu_hart(m->cpu, i);
        msi[i] = (struct irq_line){hart_line, hart, HART_IRQ_MSI};
        mti[i] = (struct irq_line){hart_line, hart, HART_IRQ_MTI};
    }
    return aclint_create(m->config.harts, msi, mti, m->clock);
}

static void *make_plic(struct machine *m, struct irq_line irq)
{
    (void)irq;
    struct irq_line external[2 * CPU_MAX_HARTS];
    for (unsigned i = 0; i < m->config.harts; i++) {
        struct hart *hart = cpu_hart(m->cpu, i);
        external[2 * i] = (struct irq_line){hart_line, hart, HART_IRQ_MEI};
        external[2 * i + 1] = (struct irq_line){hart_line, hart, HART_IRQ_SEI};
    }
    return m->plic = plic_create(2 * m->config.harts, external);
}

static void *make_console(struct machine *m, struct irq_line irq)
{
    (void)irq;
    const struct machine_config *c = &m->config;
    const struct console_config console = {
        .loop = m->loop,
        .stdio = c->console,
        .tap = c->console_out,
        .tap_ctx = c->console_ctx,
        .panic = console_panic,
        .panic_ctx = m,
        .quit = terminal_quit,
        .hold = c->single_thread ? console_hold : NULL,
        .ctx = m,
    };
    return m->console = console_create(&console);
}

static void *make_uart(struct machine *m, struct irq_line irq)
{
    m->uart = uart_create(irq, console_chr(m->console));
    return m->uart;
}

static void *make_rtc(struct machine *m, struct irq_line irq)
{
    return rtc_create(irq, m->clock);
}

static void *make_finisher(struct machine *m, struct irq_line irq)
{
    (void)irq;
    m->syscon = (struct syscon){finisher_poweroff, finisher_reboot, m};
    return &m->syscon;
}

static void *use_clock(struct machine *m, struct irq_line irq)
{
    (void)irq;
    return m->clock;
}

/* The processor is reset, saved and loaded as a chip; virt_detach destroys it before them. */
static void reset_cpu(void *dev)
{
    cpu_reset(dev);
}

static void change_cpu_clock(void *dev)
{
    cpu_clock_changed(dev);
}

static void save_cpu(void *dev, struct blob_out *out)
{
    cpu_save(dev, out);
}

static bool load_cpu(void *dev, struct blob_in *in)
{
    return cpu_load(dev, in);
}

static const struct chip_ops cpu_chip = {
    .name = "cpu",
    .reset = reset_cpu,
    .clock_changed = change_cpu_clock,
    .version = 1,
    .save = save_cpu,
    .load = load_cpu,
};

/*
 * In the order of making, of resets and of loads: the processor before the chips, since they raise
 * their lines into it anew at a reset; the clock before all that have timers; and what a make
 * function uses above its row. A chip without registers has no address.
 */
static const struct chip_row {
    const struct chip_ops *ops;
    void *(*make)(struct machine *m, struct irq_line irq); /* NULL: out of memory */
    uint64_t base;
    unsigned irq; /* its source at the PLIC; 0: none */
} chip_rows[] = {
    {&vclock_chip, use_clock, 0, 0},
    {&cpu_chip, make_cpu, 0, 0},
    {&aclint_chip, make_aclint, VIRT_CLINT, 0},
    {&plic_chip, make_plic, VIRT_PLIC, 0},
    {&console_chip, make_console, 0, 0},
    {&uart_chip, make_uart, VIRT_UART, VIRT_IRQ_UART},
    {&rtc_chip, make_rtc, VIRT_RTC, VIRT_IRQ_RTC},
    {&syscon_chip, make_finisher, VIRT_FINISHER, 0},
};

static bool make_chips(struct machine *m)
{
    for (const struct chip_row *row = chip_rows; row < chip_rows + ARRAY_SIZE(chip_rows); row++) {
        void *dev = row->make(m, plic_line(m->plic, row->irq));
        if (!chips_add(&m->chips, m->map, row->ops, dev, row->base, row->irq))
            return false;
    }
    return true;
}

bool virt_attach(struct machine *m, struct error *err)
{
    if (!devices_open(m, err))
        return false;
    if (make_chips(m) && devices_attach(m))
        return true;
    return error_no_memory(err);
}

void virt_detach(struct machine *m)
{
    if (m->harts_running) { /* parked by machine_run; after a reset they are stopped */
        cpu_reset(m->cpu);
        cpu_unpark(m->cpu);
        if (m->stopped)
            cpu_unpark(m->cpu);
    }
    plic_disconnect(m->plic); /* workers may still raise lines */
    cpu_destroy(m->cpu);      /* from here on no hart calls into a device */
    chips_destroy(&m->chips);
    devices_close(m);
    sbi_destroy(m->sbi);
}
