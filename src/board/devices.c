/* SPDX-License-Identifier: MIT */
/* The virtio devices, a row for each kind in device_rows[], and the files behind them. */
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

#define EDID_FILE_LIMIT 65536 /* bytes; more than any EDID has, so edid_check reports it */

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
    struct virtio_gpu_config config = m->config.gpu.device;
    config.display = m->display;
    config.edid_data = m->edid.data;
    config.edid_size = m->edid.size;
    config.pacing &= threaded; /* nothing of a guest that is counted waits for a viewer */
    config.threaded = threaded;
    config.entropy = m->entropy;
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
    return c->gpu.scanouts ? 1 : 0;
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
    if (m->slots == VIRT_MAX_SLOTS)
        return false;
    unsigned i = m->slots++, source = virt_slot_irq(i);
    m->device[i] = dev;
    struct virtio_mmio *slot =
        virtio_mmio_create(dev, plic_line(m->plic, source), m->config.virtio_legacy);
    return chips_add(&m->chips, m->map, &virtio_mmio_chip, slot, VIRT_VIRTIO + i * VIRT_STRIDE,
                     source);
}

bool devices_attach(struct machine *m)
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

static bool open_disks(struct machine *m, struct error *err)
{
    for (unsigned i = 0; i < m->config.disks; i++) {
        const struct machine_disk *d = &m->config.disk[i];
        m->disk[i] = blk_file_open(d->path, d->read_only, err);
        if (!m->disk[i])
            return false;
    }
    return true;
}

static bool read_edid(struct machine *m, struct error *err)
{
    const char *path = m->config.gpu.edid_file, *wrong;
    if (!path)
        return true;
    if (host_file_read(&m->edid, path, EDID_FILE_LIMIT, false, err))
        return error_set(err, "%s: %s; check the path or leave edid= out", path, err->text);
    wrong = edid_check(m->edid.data, m->edid.size);
    if (wrong)
        error_set(err, "%s: no EDID: %s; give a whole one or leave edid= out", path, wrong);
    return !wrong;
}

bool devices_open(struct machine *m, struct error *err)
{
    return open_disks(m, err) && read_edid(m, err);
}

void devices_close(struct machine *m)
{
    for (unsigned i = 0; i < m->steppers; i++)
        stepper_finish(&m->stepper[i]);
    for (unsigned i = 0; i < MACHINE_MAX_DISKS; i++)
        disk_close(m->disk[i]);
    host_bytes_free(&m->edid);
}

/* The pc and the return address of the hart that wrote to QueueNotify. */
static bool guest_location(void *ctx, uint64_t *pc, uint64_t *ra)
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

bool devices_observe(struct machine *m, struct error *err)
{
    const struct machine_config *c = &m->config;
    const struct gpu_check_config check = {
        .location = guest_location, .running = guest_runs, .ctx = m};
    error_no_memory(err);
    if (!m->gpu)
        return true;
    return (!c->gpu.check || virtio_gpu_check(m->gpu, &check)) &&
           (!c->gpu.trace || virtio_gpu_trace(m->gpu, c->gpu.trace, GPU_TRACE_CHECK_NS, err));
}
