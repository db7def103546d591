/* SPDX-License-Identifier: MIT */
/* machine_run: booting, and carrying out what was asked for, on one thread. */
#include "board/internal.h"

#include "display/input.h"
#include "host/thread.h"

#include <linux/input-event-codes.h>
#include <stdlib.h>

enum { REG_A2 = 12 };

static bool load(struct machine *m, struct boot_layout *layout)
{
    char err[512];
    size_t size;
    void *dtb = NULL;
    bool ok = loader_load(&m->config, m->mem, layout, err, sizeof(err)) &&
              (dtb = dtb_make(m, layout, &size, err, sizeof(err))) &&
              gmem_write(m->mem, layout->dtb, dtb, size);
    free(dtb);
    if (ok && m->config.bios)
        loader_write_info(&m->config, m->mem, layout);
    if (!ok)
        log_warn(m->log, "%s", err);
    return ok;
}

/* Harts parked and reset, RAM zero: loads the images and lets the harts begin. */
static bool boot(struct machine *m)
{
    struct boot_layout layout;
    if (!load(m, &layout))
        return false;
    unsigned harts = layout.machine_mode ? cpu_harts(m->cpu) : 1;
    for (unsigned i = 0; i < harts; i++) {
        struct hart *hart = cpu_hart(m->cpu, i);
        hart_start(hart, layout.entry, layout.machine_mode, i, layout.dtb);
        if (layout.machine_mode)
            hart_set_reg(hart, REG_A2, layout.info);
    }
    return true;
}

static bool do_reset(struct machine *m, enum machine_cause cause)
{
    cpu_park(m->cpu);
    cpu_reset(m->cpu); /* before the chips, which raise lines anew */
    virt_reset(m);
    gmem_clear(m->mem);
    bool ok = boot(m);
    cpu_unpark(m->cpu);
    machine_tell(m, MACHINE_EVENT_RESET, cause);
    return ok;
}

static void do_stop(struct machine *m)
{
    if (m->stopped)
        return;
    cpu_park(m->cpu);
    vclock_stop(m->clock);
    m->stopped = true;
    cpu_clock_changed(m->cpu);
    machine_tell(m, MACHINE_EVENT_STOP, CAUSE_NONE);
}

static void do_cont(struct machine *m)
{
    if (!m->stopped)
        return;
    m->stopped = false;
    vclock_cont(m->clock);
    cpu_clock_changed(m->cpu);
    cpu_unpark(m->cpu);
    machine_tell(m, MACHINE_EVENT_RESUME, CAUSE_NONE);
}

static void do_powerdown(struct machine *m)
{
    input_key(m->input, KEY_POWER, true);
    input_key(m->input, KEY_POWER, false);
    machine_tell(m, MACHINE_EVENT_POWERDOWN, CAUSE_NONE);
}

static void *io_main(void *arg)
{
    loop_run(arg);
    return NULL;
}

/* Parked, with the clock stopped, everything ready; the harts go when `unpark` comes. */
static bool start(struct machine *m)
{
    if (!console_open(m->console) || host_thread_start(&m->io, "io", io_main, m->loop)) {
        log_warn(m->log, "cannot start the io thread; the host has no threads or memory left");
        return false;
    }
    m->io_running = true;
    if (cpu_start(m->cpu)) {
        log_warn(m->log, "cannot start the harts' threads; use fewer harts (-c)");
        return false;
    }
    m->harts_running = true;
    cpu_park(m->cpu);
    bool ok = boot(m);
    if (ok)
        vclock_cont(m->clock);
    cpu_unpark(m->cpu);
    return ok;
}

/* Nothing of the guest runs any more when this returns; the terminal is the user's again. */
static void finish(struct machine *m)
{
    if (m->harts_running)
        cpu_park(m->cpu);
    if (m->io_running) {
        loop_quit(m->loop);
        pthread_join(m->io, NULL);
        m->io_running = false;
    }
    console_close(m->console);
}

int machine_run(struct machine *m)
{
    struct request r = {.kind = REQUEST_QUIT, .cause = CAUSE_HOST_ERROR, .status = 1};
    bool ok = start(m);
    while (ok) {
        r = requests_take(m);
        switch (r.kind) {
        case REQUEST_RESET:
            ok = do_reset(m, r.cause);
            if (!ok)
                r = (struct request){.cause = CAUSE_HOST_ERROR, .status = 1};
            break;
        case REQUEST_STOP: do_stop(m); break;
        case REQUEST_CONT: do_cont(m); break;
        case REQUEST_POWERDOWN: do_powerdown(m); break;
        default: ok = false; break;
        }
    }
    machine_tell(m, MACHINE_EVENT_SHUTDOWN, r.cause);
    finish(m);
    return r.status;
}
