/* SPDX-License-Identifier: MIT */
/* machine_run: boots, and carries out requests, on one thread. */
#include "board/internal.h"

#include "display/input.h"
#include "host/clock.h"
#include "host/thread.h"

#include <linux/input-event-codes.h>
#include <stdlib.h>

#define PANIC_GRACE_NS (NS_PER_SEC / 2) /* for the rest of a panic's report: registers, the stack */

enum { REG_A2 = 12 };

static bool load_images(struct machine *m)
{
    struct error err;
    size_t size;
    void *dtb = NULL;
    bool ok = (m->loaded || loader_load(&m->config, m->mem, &m->layout, &err)) &&
              (dtb = dtb_make(m, &m->layout, &size, &err)) &&
              gmem_write(m->mem, m->layout.dtb, dtb, size);
    m->loaded = false;
    free(dtb);
    if (ok && m->config.bios)
        loader_write_info(&m->config, m->mem, &m->layout);
    if (!ok)
        log_warn(m->log, "%s", err.text);
    return ok;
}

/* Loads the images, but for the first boot, and starts the harts; they are parked and reset, and RAM
 * is zero, or as machine_create left it. */
static bool boot_machine(struct machine *m)
{
    const struct boot_layout *layout = &m->layout;
    if (!load_images(m))
        return false;
    unsigned harts = layout->machine_mode ? cpu_harts(m->cpu) : 1;
    for (unsigned i = 0; i < harts; i++) {
        struct hart *hart = cpu_hart(m->cpu, i);
        hart_start(hart, layout->entry, layout->machine_mode, i, layout->dtb);
        if (layout->machine_mode)
            hart_set_reg(hart, REG_A2, layout->info);
    }
    return true;
}

static bool do_reset(struct machine *m, enum machine_cause cause)
{
    m->panicked = false;
    m->panic_stopped = false;
    cpu_park(m->cpu);
    chips_reset(&m->chips);
    gmem_clear(m->mem);
    bool ok = boot_machine(m);
    cpu_unpark(m->cpu);
    machine_notify(m, MACHINE_EVENT_RESET, cause);
    return ok;
}

static void do_stop(struct machine *m)
{
    if (m->stopped)
        return;
    cpu_park(m->cpu);
    vclock_stop(m->clock);
    m->stopped = true;
    chips_clock_changed(&m->chips);
    machine_notify(m, MACHINE_EVENT_STOP, CAUSE_NONE);
}

static void do_cont(struct machine *m)
{
    if (!m->stopped)
        return;
    m->stopped = false;
    m->panic_stopped = false;
    vclock_cont(m->clock);
    chips_clock_changed(&m->chips);
    cpu_unpark(m->cpu);
    machine_notify(m, MACHINE_EVENT_RESUME, CAUSE_NONE);
}

static void do_powerdown(struct machine *m)
{
    input_key(m->input, KEY_POWER, true);
    input_key(m->input, KEY_POWER, false);
    machine_notify(m, MACHINE_EVENT_POWERDOWN, CAUSE_NONE);
}

/* --- panics and ends --- */

/* Acts on a panic; true if that ends or stops the machine. */
static bool act_on_panic(struct machine *m, struct request *r)
{
    m->panic_due = HOST_FOREVER;
    if (m->panicked)
        return false;
    m->panicked = true;
    machine_notify(m, MACHINE_EVENT_PANIC, CAUSE_GUEST_PANIC);
    if (m->config.on_panic == ON_PANIC_GO_ON)
        return false;
    log_warn(m->log, "the guest panicked");
    *r = (struct request){
        .kind = REQUEST_QUIT, .cause = CAUSE_GUEST_PANIC, .status = m->config.panic_status};
    if (m->config.on_panic == ON_PANIC_STOP) {
        m->panic_stopped = true;
        machine_stop(m); /* its listeners are notified as of any other stop */
        r->kind = REQUEST_NONE;
    }
    return true;
}

/* What --no-reboot makes of a reset. */
static void refuse_reset(struct machine *m, struct request *r)
{
    r->kind = REQUEST_QUIT;
    r->status = m->panicked ? m->config.panic_status : MACHINE_STATUS_RESET;
    log_warn(m->log, "the machine was reset%s; with --no-reboot this is its end",
             m->panicked ? " after a panic" : "");
}

/* Replaces a request by what is to be done: a pending panic comes first, a failure is a panic and
 * an end, and a reset may be refused. */
static void resolve_request(struct machine *m, struct request *r)
{
    bool guest = r->cause == CAUSE_GUEST_SHUTDOWN || r->cause == CAUSE_GUEST_RESET;
    bool due = m->panic_due != HOST_FOREVER &&
               (guest || (r->kind == REQUEST_NONE && host_now_ns() >= m->panic_due));
    if (r->kind == REQUEST_PANIC && !m->panicked)
        m->panic_due = host_now_ns() + PANIC_GRACE_NS;
    if ((due || r->kind == REQUEST_SAID || r->kind == REQUEST_FAILURE) && act_on_panic(m, r))
        return;
    if (r->kind == REQUEST_FAILURE && r->status)
        *r = (struct request){.kind = REQUEST_RESET, .cause = CAUSE_GUEST_RESET};
    else if (r->kind == REQUEST_FAILURE)
        *r = (struct request){.kind = REQUEST_QUIT, .cause = CAUSE_GUEST_SHUTDOWN, .status = 1};
    if (r->kind == REQUEST_RESET && m->config.no_reboot)
        refuse_reset(m, r);
}

static void *io_main(void *arg)
{
    loop_run(arg);
    return NULL;
}

/* Starts the io thread and the harts, boots, and lets the clock and the harts run. */
static bool start_threads(struct machine *m)
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
    bool ok = boot_machine(m);
    if (ok)
        vclock_cont(m->clock);
    cpu_unpark(m->cpu);
    return ok;
}

/* Parks the harts, ends the io thread, and restores the terminal. */
static void end_threads(struct machine *m)
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
    m->panic_due = HOST_FOREVER;
    trim_start(m);
    bool ok = start_threads(m);
    while (ok) {
        r = requests_take(m, MIN(m->panic_due, m->trim.due));
        resolve_request(m, &r);
        switch (r.kind) {
        case REQUEST_RESET:
            ok = do_reset(m, r.cause);
            if (!ok)
                r = (struct request){.cause = CAUSE_HOST_ERROR, .status = 1};
            break;
        case REQUEST_STOP: do_stop(m); break;
        case REQUEST_CONT: do_cont(m); break;
        case REQUEST_POWERDOWN: do_powerdown(m); break;
        case REQUEST_QUIT: ok = false; break;
        case REQUEST_NONE: trim_when_due(m); break;
        default: break;
        }
    }
    machine_notify(m, MACHINE_EVENT_SHUTDOWN, r.cause);
    end_threads(m);
    return r.status;
}
