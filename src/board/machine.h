/* SPDX-License-Identifier: MIT */
/*
 * A machine owns everything: RAM, harts, chips, disks, display. main.c fills a machine_config from
 * the command line, creates one, attaches front-ends to its display and input, and runs it; tests
 * do the same, several times in one process if they like. Power actions asked for by the guest, by
 * the control socket or by a front-end all go through machine_request and are carried out on the
 * thread in machine_run.
 */
#ifndef BOARD_MACHINE_H
#define BOARD_MACHINE_H

#include "base/error.h"
#include "base/log.h"
#include "cpu/cpu.h"
#include "virtio/config.h"

#define MACHINE_MAX_DISKS    8
#define MACHINE_MAX_SCANOUTS 16
#define MACHINE_RTC_START    UINT64_C(1767225600000000000) /* 2026-01-01 00:00 UTC */

/* Exit statuses that no guest is likely to choose. */
enum { MACHINE_STATUS_RESET = 122, MACHINE_STATUS_PANIC = 123, MACHINE_STATUS_TIMEOUT = 124 };

/* What a guest's panic leads to. */
enum machine_on_panic { ON_PANIC_GO_ON, ON_PANIC_STOP, ON_PANIC_EXIT };

struct display;
struct input_hub;
struct loop;
struct machine;
struct visitor;

struct machine_disk {
    const char *path;
    bool read_only;
};

struct machine_gpu {
    unsigned scanouts;                   /* heads, all connected; 0: no GPU */
    uint32_t width, height, refresh_mhz; /* the heads' preferred mode */
    const char *edid_file;               /* NULL: EDIDs are made */
    bool check;                          /* report a driver's mistakes */
    const char *trace;                   /* file for a trace of the commands; NULL: none */
    struct virtio_gpu_config device;
};

struct machine_jit {
    bool off;        /* interpret everything */
    unsigned hot;    /* runs of a block before it is translated; 0: the default */
    uint64_t memory; /* bytes of code at most; 0: the default */
    bool cold;       /* for tests: no memory access takes its fast path */
    bool verify;     /* for tests: interpret all again, and compare; single_thread only */
    bool dump;       /* print to what dump_pc is translated */
    uint64_t dump_pc;
    bool perf_map;       /* name translated code for perf: jit/perf_map.h */
    const char *symbols; /* for that: a System.map; NULL: none */
};

/* Strings stay the caller's and must live as long as the machine. */
struct machine_config {
    struct cpu_model cpu;
    unsigned harts;
    /*
     * All harts in one thread: two runs are the same, instruction by instruction, until something
     * comes from outside (a key, a viewer). What a guest gets as entropy follows from `seed` then,
     * and its RTC begins at MACHINE_RTC_START, if these do not say otherwise.
     */
    bool single_thread;
    struct machine_jit jit;
    bool seeded;   /* in the other mode, too */
    uint64_t seed; /* read with single_thread or seeded */
    enum machine_rtc { MACHINE_RTC_DEFAULT, MACHINE_RTC_HOST, MACHINE_RTC_AT } rtc;
    uint64_t rtc_ns;    /* MACHINE_RTC_AT: since 1970, UTC */
    uint64_t ram;       /* bytes */
    const char *kernel; /* Linux Image, ELF or flat, also gzipped; NULL: none */
    const char *initrd;
    const char *cmdline;
    const char *dtb;  /* use this device tree, patched; NULL: make one */
    bool dtb_raw;     /* take it as it is */
    const char *bios; /* NULL: built-in SBI; "none"; else a firmware file */
    struct machine_disk disk[MACHINE_MAX_DISKS];
    unsigned disks;
    struct machine_gpu gpu;
    bool virtio_legacy; /* virtio-mmio version 1 */
    bool no_reboot;     /* a reset ends the machine: MACHINE_STATUS_RESET, or panic_status */
    enum machine_on_panic on_panic;
    int panic_status; /* exit status */
    bool touch;       /* a touch screen beside keyboard, tablet and mouse */
    bool console;     /* the UART is connected to stdin/stdout */
    void (*console_out)(void *ctx, const uint8_t *bytes,
                        size_t n); /* also gets UART output; hart thread */
    void *console_ctx;
    struct log *log;
};

/* NULL: this host runs the translator. Else the processor's feature that it lacks, and machines
 * interpret. Any thread. */
const char *machine_translator_lacks(void);

/* NULL with one line (what, why, the cure) in err; nothing was started or written. */
struct machine *machine_create(const struct machine_config *config, struct error *err);
void machine_destroy(struct machine *m); /* NULL is fine; flushes the disks */

/* As the guest's own flush; any thread, while the machine lives. */
void machine_flush_disks(struct machine *m);

/* The device tree this machine would boot with; malloc'd. */
void *machine_dtb(struct machine *m, size_t *size);
struct display *machine_display(struct machine *m);
bool machine_has_screen(struct machine *m); /* a GPU draws on the display */
struct input_hub *machine_input(struct machine *m);
struct loop *machine_loop(struct machine *m); /* the io thread's */
struct cpu *machine_cpu(struct machine *m);
/* The first virtio device of this name ("gpu", virtio_ops.name) reports to v what it holds and did;
 * any thread. */
enum machine_query { QUERY_DONE, QUERY_NO_DEVICE /* or not one that reports */, QUERY_NO_MEMORY };
enum machine_query machine_query(struct machine *m, const char *device, struct visitor *v);
/* Reports to v what the harts did, and how fast (cpu_report); any thread. */
void machine_report(struct machine *m, struct visitor *v);

/* Why a machine ended or changed; names are QMP's ShutdownCause. */
enum machine_cause {
    CAUSE_NONE,
    CAUSE_HOST_ERROR,
    CAUSE_HOST_QMP_QUIT,
    CAUSE_HOST_QMP_RESET,
    CAUSE_HOST_SIGNAL,
    CAUSE_HOST_UI,
    CAUSE_GUEST_SHUTDOWN,
    CAUSE_GUEST_RESET,
    CAUSE_GUEST_PANIC
};
enum machine_event {
    MACHINE_EVENT_SHUTDOWN,
    MACHINE_EVENT_RESET,
    MACHINE_EVENT_STOP,
    MACHINE_EVENT_RESUME,
    MACHINE_EVENT_POWERDOWN,
    MACHINE_EVENT_PANIC /* before what it leads to */
};

/* Requests; any thread, never block. They are carried out by machine_run's thread. */
void machine_quit(struct machine *m, int status, enum machine_cause cause);
void machine_reset(struct machine *m, enum machine_cause cause);
void machine_stop(struct machine *m);
void machine_cont(struct machine *m);
bool machine_running(struct machine *m);       /* not stopped */
bool machine_panic_stopped(struct machine *m); /* a panic stopped it; any thread */
enum machine_on_panic machine_on_panic(struct machine *m);
void machine_powerdown(struct machine *m); /* presses the power button (KEY_POWER) */

/* A listener for events. It is part of its user's struct, so that adding it cannot fail. */
struct machine_listener {
    struct machine_listener *next;
    void (*fn)(void *ctx, enum machine_event ev, enum machine_cause cause);
    void *ctx;
};
/* fn is called on the machine thread after each event; several may listen. Any thread. The listener
 * stays until the machine is destroyed. */
void machine_on_event(struct machine *m, struct machine_listener *l,
                      void (*fn)(void *ctx, enum machine_event ev, enum machine_cause cause),
                      void *ctx);
/* Bytes for the UART's receiver, as if typed (scripts, tests); any thread; copied, unbounded. */
void machine_console_type(struct machine *m, const void *bytes, size_t n);

/* Takes the terminal that the UART is connected to, or gives it back for a while, since the process
 * is about to stop. The io thread; nothing if there is none. */
void machine_terminal(struct machine *m, bool take);

/*
 * Loads the images, starts io thread, GPU and harts, carries out requests, and returns the exit
 * status once something quits. Call it on a thread of its own if the front-end needs the main one.
 */
int machine_run(struct machine *m);

#endif
