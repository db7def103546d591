/* SPDX-License-Identifier: MIT */
#include "board/internal.h"

#include "backend/blk_file.h"
#include "display/display.h"
#include "display/input.h"
#include "virtio/devices.h"
#include "virtio/gpu/edid.h"
#include "virtio/gpu/check.h"
#include "virtio/gpu/trace.h"
#include "virtio/mmio.h"

#include <stdio.h>

#define EDID_FILE_LIMIT 65536 /* bytes; edid_check says it better */

/* --- what the chips ask of the board ------------------------------------------------------- */

static void hart_line(void *ctx, unsigned n, bool level)
{
    hart_irq(ctx, n, level);
}

static void guest_power(struct machine *m, bool reboot, int status)
{
    cpu_hold(m->cpu, CPU_HOLD_POWER, true); /* no instruction more, if runs are to be the same */
    if (reboot)
        machine_reset(m, CAUSE_GUEST_RESET);
    else
        machine_quit(m, status, CAUSE_GUEST_SHUTDOWN);
}

/* The shell sees eight bits of a status; a failure must not look like success there. */
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

/* --- harts and chips ------------------------------------------------------------------------ */

static bool attach_cpu(struct machine *m)
{
    const struct machine_config *c = &m->config;
    const struct sbi_host host = {sbi_console_write, sbi_console_read, sbi_power, m};
    if (!c->bios && !(m->sbi = sbi_create(m->mem, m->log, &host)))
        return false;
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
    };
    m->cpu = cpu_create(&config);
    if (m->cpu && m->sbi)
        sbi_set_cpu(m->sbi, m->cpu);
    return m->cpu;
}

static bool attach_irq_chips(struct machine *m)
{
    struct irq_line msi[CPU_MAX_HARTS], mti[CPU_MAX_HARTS], external[2 * CPU_MAX_HARTS];
    unsigned harts = m->config.harts;
    for (unsigned i = 0; i < harts; i++) {
        struct hart *hart = cpu_hart(m->cpu, i);
        msi[i] = (struct irq_line){hart_line, hart, HART_IRQ_MSI};
        mti[i] = (struct irq_line){hart_line, hart, HART_IRQ_MTI};
        external[2 * i] = (struct irq_line){hart_line, hart, HART_IRQ_MEI};
        external[2 * i + 1] = (struct irq_line){hart_line, hart, HART_IRQ_SEI};
    }
    m->plic = plic_create(2 * harts, external);
    m->aclint = aclint_create(harts, msi, mti, m->clock);
    return m->plic && m->aclint && map_add(m->map, VIRT_PLIC, PLIC_SIZE, &plic_ops, m->plic) &&
           map_add(m->map, VIRT_CLINT, ACLINT_SIZE, &aclint_ops, m->aclint);
}

static bool attach_chips(struct machine *m)
{
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
    m->console = console_create(&console);
    if (!m->console)
        return false;
    struct uart_host host = console_host(m->console);
    m->uart = uart_create(plic_line(m->plic, VIRT_IRQ_UART), &host);
    m->rtc = rtc_create(plic_line(m->plic, VIRT_IRQ_RTC), m->clock);
    m->syscon = (struct syscon){finisher_poweroff, finisher_reboot, m};
    console_set_uart(m->console, m->uart);
    return m->uart && m->rtc && map_add(m->map, VIRT_UART, UART_SIZE, &uart_ops, m->uart) &&
           map_add(m->map, VIRT_RTC, RTC_SIZE, &rtc_ops, m->rtc) &&
           map_add(m->map, VIRT_FINISHER, SYSCON_SIZE, &syscon_ops, &m->syscon);
}

/* --- virtio: one function a device, one row in the table ------------------------------------- */

static struct virtio_dev *make_disk(struct machine *m, unsigned i)
{
    char serial[16];
    snprintf(serial, sizeof(serial), "disk%u", i);
    bool threaded = !m->config.single_thread;
    struct virtio_dev *dev = virtio_blk_create(m->mem, m->log, m->disk[i], serial, threaded);
    if (dev && !threaded)
        stepper_init(&m->stepper[m->steppers++], m->clock, virtio_blk_worker(dev));
    return dev;
}

static struct virtio_dev *make_gpu(struct machine *m, unsigned i)
{
    (void)i;
    bool threaded = !m->config.single_thread;
    const struct virtio_gpu_config config = {
        .display = m->display,
        .memory = m->config.gpu_memory,
        .edid = m->config.gpu_edid,
        .edid_data = m->edid.data,
        .edid_size = m->edid.size,
        .blob = m->config.gpu_blob,
        /* nothing of a guest that is counted waits for a viewer */
        .pacing = m->config.gpu_pacing && threaded,
        .threaded = threaded,
        .entropy = m->entropy,
    };
    m->gpu = virtio_gpu_create(m->mem, m->log, &config);
    if (m->gpu && !threaded)
        stepper_init(&m->stepper[m->steppers++], m->clock, virtio_gpu_worker(m->gpu));
    return m->gpu;
}

static struct virtio_dev *make_input(struct machine *m, unsigned i)
{
    return virtio_input_create(m->mem, m->log, m->input, (enum virtio_input_kind)i);
}

static struct virtio_dev *make_rng(struct machine *m, unsigned i)
{
    (void)i;
    return virtio_rng_create(m->mem, m->log, m->entropy);
}

static unsigned count_disks(const struct machine_config *c)
{
    return c->disks;
}

static unsigned count_gpus(const struct machine_config *c)
{
    return c->scanouts ? 1 : 0;
}

static unsigned count_inputs(const struct machine_config *c)
{
    return c->touch ? VIRTIO_INPUT_TOUCH + 1 : VIRTIO_INPUT_MOUSE + 1; /* the table's order */
}

static unsigned count_one(const struct machine_config *c)
{
    (void)c;
    return 1;
}

/* In the order of their slots: the first disk is in slot 0, where xv6 looks for it. */
static const struct device_row {
    unsigned (*count)(const struct machine_config *c);
    struct virtio_dev *(*make)(struct machine *m, unsigned i);
} device_rows[] = {
    {count_disks, make_disk},
    {count_gpus, make_gpu},
    {count_inputs, make_input},
    {count_one, make_rng},
};

/* dev NULL: an empty slot. */
static bool attach_slot(struct machine *m, struct virtio_dev *dev)
{
    unsigned i = m->slots;
    struct irq_line irq = plic_line(m->plic, virt_slot_irq(i));
    if (i == VIRT_MAX_SLOTS ||
        !(m->slot[i] = virtio_mmio_create(dev, irq, m->config.virtio_legacy)))
        return false;
    m->slots++;
    return map_add(m->map, VIRT_VIRTIO + i * VIRT_STRIDE, VIRT_STRIDE, &virtio_mmio_ops,
                   m->slot[i]);
}

static bool attach_virtio(struct machine *m)
{
    for (unsigned row = 0; row < ARRAY_SIZE(device_rows); row++) {
        for (unsigned i = 0; i < device_rows[row].count(&m->config); i++) {
            struct virtio_dev *dev = device_rows[row].make(m, i);
            if (!dev || !attach_slot(m, dev))
                return false;
        }
    }
    while (m->slots < VIRT_MIN_SLOTS)
        if (!attach_slot(m, NULL))
            return false;
    return true;
}

static bool open_disks(struct machine *m, char *err, size_t err_size)
{
    for (unsigned i = 0; i < m->config.disks; i++) {
        const struct machine_disk *d = &m->config.disk[i];
        m->disk[i] = blk_file_open(d->path, d->read_only, err, err_size);
        if (!m->disk[i])
            return false;
    }
    return true;
}

static bool read_edid(struct machine *m, char *err, size_t err_size)
{
    const char *path = m->config.gpu_edid_file, *wrong;
    char why[128];
    if (!path)
        return true;
    if (host_file_read(&m->edid, path, EDID_FILE_LIMIT, false, why, sizeof(why))) {
        snprintf(err, err_size, "%s: %s; check the path or leave edid= out", path, why);
        return false;
    }
    wrong = edid_check(m->edid.data, m->edid.size);
    if (wrong)
        snprintf(err, err_size, "%s: no EDID: %s; give a whole one or leave edid= out", path,
                 wrong);
    return !wrong;
}

bool virt_attach(struct machine *m, char *err, size_t err_size)
{
    if (!open_disks(m, err, err_size) || !read_edid(m, err, err_size))
        return false;
    if (attach_cpu(m) && attach_irq_chips(m) && attach_chips(m) && attach_virtio(m))
        return true;
    snprintf(err, err_size, "not enough host memory for this machine; use fewer harts or devices");
    return false;
}

/* The registers say which function rang a doorbell: pc is in it, ra where it was called. */
static bool guest_place(void *ctx, uint64_t *pc, uint64_t *ra)
{
    struct machine *m = ctx;
    struct hart *hart = cpu_current(m->cpu);
    if (!hart)
        return false;
    *pc = hart_store_pc(hart);
    *ra = hart_reg(hart, 1);
    return true;
}

static bool guest_runs(void *ctx)
{
    return machine_running(ctx);
}

bool virt_observe(struct machine *m, char *err, size_t err_size)
{
    const struct machine_config *c = &m->config;
    const struct gpu_check_config check = {.place = guest_place, .running = guest_runs, .ctx = m};
    snprintf(err, err_size, "not enough host memory to watch the GPU");
    if (!m->gpu)
        return true;
    return (!c->gpu_check || virtio_gpu_check(m->gpu, &check)) &&
           (!c->gpu_trace ||
            virtio_gpu_trace(m->gpu, c->gpu_trace, GPU_TRACE_CHECK_NS, err, err_size));
}

void virt_detach(struct machine *m)
{
    if (m->harts_running) { /* parked by machine_run; reset, they have nothing to go on with */
        cpu_reset(m->cpu);
        cpu_unpark(m->cpu);
        if (m->stopped)
            cpu_unpark(m->cpu);
    }
    plic_disconnect(m->plic); /* a device's worker may still finish something */
    cpu_destroy(m->cpu);      /* first of all: nobody calls into a device any more */
    for (unsigned i = 0; i < m->slots; i++)
        virtio_mmio_destroy(m->slot[i]);
    for (unsigned i = 0; i < m->steppers; i++)
        stepper_finish(&m->stepper[i]);
    for (unsigned i = 0; i < MACHINE_MAX_DISKS; i++)
        disk_close(m->disk[i]);
    console_destroy(m->console);
    rtc_destroy(m->rtc);
    uart_destroy(m->uart);
    aclint_destroy(m->aclint);
    plic_destroy(m->plic);
    sbi_destroy(m->sbi);
    host_bytes_free(&m->edid);
}

void virt_reset(struct machine *m)
{
    for (unsigned i = 0; i < m->slots; i++)
        virtio_mmio_reset(m->slot[i]);
    uart_reset(m->uart);
    console_reset(m->console);
    rtc_reset(m->rtc);
    plic_reset(m->plic);
    aclint_reset(m->aclint);
}
