/* SPDX-License-Identifier: MIT */
#include "board/internal.h"

#include "backend/disk.h"
#include "display/display.h"
#include "display/input.h"
#include "host/entropy.h"
#include "host/thread.h"
#include "jit/jit.h"
#include "jit/perf_map.h"
#include "virtio/virtio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Loads the images for the first boot. Everything that can be wrong with the user's files shows
 * here, before anything starts. */
static bool load_first(struct machine *m, struct error *err)
{
    size_t size;
    if (!loader_load(&m->config, m->mem, &m->layout, err))
        return false;
    m->loaded = true;
    void *dtb = dtb_make(m, &m->layout, &size, err);
    free(dtb);
    if (dtb && m->layout.unused_entry)
        log_warn(
            m->log,
            "an ELF file starts at its lowest address, as on QEMU; its entry %#llx is not used",
            (unsigned long long)m->layout.unused_entry);
    return dtb;
}

static bool create_perf_map(struct machine *m, struct error *err)
{
    const struct machine_jit *jit = &m->config.jit;
    if (jit->perf_map && !jit_supported())
        return error_set(
            err, "--perf-map: this processor lacks %s, so nothing is translated; leave it out",
            jit_lacks());
    return !jit->perf_map || (m->perf_map = perf_map_create(jit->symbols, err));
}

static bool create_parts(struct machine *m, struct error *err)
{
    const struct machine_config *c = &m->config;
    const struct head_mode preferred = {true, c->gpu.width, c->gpu.height, c->gpu.refresh_mhz};
    m->mem = gmem_create(VIRT_RAM, c->ram);
    if (!m->mem)
        return error_set(err, "the host refuses %llu MiB of guest memory; lower -m",
                         (unsigned long long)(c->ram >> 20));
    m->map = map_create();
    m->clock = vclock_create();
    m->loop = loop_create();
    m->display = display_create(MAX(c->gpu.scanouts, 1), &preferred);
    m->input = input_hub_create();
    if (!m->map || !m->clock || !m->loop || !m->display || !m->input ||
        !vclock_attach(m->clock, m->loop))
        return error_set(err, "not enough host memory or file descriptors for a machine");
    if ((c->seeded || c->single_thread) && !(m->entropy = entropy_create(c->seed)))
        return error_no_memory(err);
    if (c->rtc == MACHINE_RTC_AT)
        vclock_set_wall_ns(m->clock, c->rtc_ns);
    else if (c->rtc == MACHINE_RTC_DEFAULT && c->single_thread)
        vclock_set_wall_ns(m->clock, MACHINE_RTC_START);
    for (unsigned i = 1; i < c->gpu.scanouts; i++)
        display_set_preferred(m->display, i, &preferred); /* connected, as the first is */
    vclock_stop(m->clock);                                /* it starts with machine_run */
    return virt_attach(m, err);
}

struct machine *machine_create(const struct machine_config *config, struct error *err)
{
    struct machine *m = calloc(1, sizeof(*m));
    if (!m) {
        error_no_memory(err);
        return NULL;
    }
    m->config = *config;
    m->log = config->log;
    requests_init(m);
    if (!create_perf_map(m, err) || !create_parts(m, err) || !load_first(m, err) ||
        !devices_observe(m, err)) {
        machine_destroy(m);
        return NULL;
    }
    return m;
}

void machine_destroy(struct machine *m)
{
    if (!m)
        return;
    virt_detach(m);
    perf_map_destroy(m->perf_map);
    input_hub_destroy(m->input);
    display_destroy(m->display);
    vclock_destroy(m->clock);
    loop_destroy(m->loop);
    entropy_destroy(m->entropy);
    map_destroy(m->map);
    gmem_destroy(m->mem);
    requests_finish(m);
    free(m);
}

void machine_flush_disks(struct machine *m)
{
    for (unsigned i = 0; i < m->config.disks; i++)
        disk_flush(m->disk[i]);
}

void *machine_dtb(struct machine *m, size_t *size)
{
    struct error err;
    return dtb_make(m, &m->layout, size, &err);
}

enum machine_on_panic machine_on_panic(struct machine *m)
{
    return m->config.on_panic;
}

bool machine_panic_stopped(struct machine *m)
{
    return m->panic_stopped;
}

struct display *machine_display(struct machine *m)
{
    return m->display;
}

bool machine_has_screen(struct machine *m)
{
    return m->gpu;
}

struct input_hub *machine_input(struct machine *m)
{
    return m->input;
}

struct loop *machine_loop(struct machine *m)
{
    return m->loop;
}

struct cpu *machine_cpu(struct machine *m)
{
    return m->cpu;
}

enum machine_query machine_query(struct machine *m, const char *device, struct visitor *v)
{
    for (unsigned i = 0; i < m->slots; i++) {
        struct virtio_dev *dev = m->device[i];
        if (dev && dev->ops->query && !strcmp(dev->ops->name, device))
            return dev->ops->query(dev, v) ? QUERY_DONE : QUERY_NO_MEMORY;
    }
    return QUERY_NO_DEVICE;
}

const char *machine_translator_lacks(void)
{
    return jit_lacks();
}

void machine_report(struct machine *m, struct visitor *v)
{
    cpu_report(m->cpu, v);
}

void machine_terminal(struct machine *m, bool take)
{
    console_terminal(m->console, take);
}

void machine_console_type(struct machine *m, const void *bytes, size_t n)
{
    console_type(m->console, bytes, n);
}
