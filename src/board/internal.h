/* SPDX-License-Identifier: MIT */
/* The machine's inside, for the files of this folder. */
#ifndef BOARD_INTERNAL_H
#define BOARD_INTERNAL_H

#include "base/error.h"
#include "board/console.h"
#include "board/file.h"
#include "board/loader.h"
#include "board/machine.h"
#include "board/virt.h"
#include "bus/chip.h"
#include "bus/stepper.h"
#include "dev/aclint.h"
#include "dev/plic.h"
#include "dev/rtc.h"
#include "dev/syscon.h"
#include "host/file.h"
#include "sbi/sbi.h"

#include <pthread.h>

struct disk;
struct virtio_dev;

/* Requests to machine_run, which carries them out in their order. */
enum request_kind {
    REQUEST_QUIT,
    REQUEST_RESET,
    REQUEST_STOP,
    REQUEST_CONT,
    REQUEST_POWERDOWN,
    REQUEST_PANIC,   /* the guest panicked, and is still printing the reason */
    REQUEST_SAID,    /* the report of the panic is complete */
    REQUEST_FAILURE, /* the guest ends with a failure; `status` 1: by a reboot */
    REQUEST_KINDS,
    REQUEST_NONE /* never in the queue: nothing came in time */
};

struct request {
    enum request_kind kind;
    enum machine_cause cause;
    int status;
};

/* Stops and conts that wait at most; of the other kinds one each. */
#define RUN_REQUESTS 32

struct requests {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct request queue[REQUEST_KINDS + RUN_REQUESTS]; /* the oldest first */
    unsigned count;
    bool wanted_running; /* by the last stop or cont */
};

/* When memory is given back to the host; see trim.c. */
struct trim {
    uint64_t due;        /* when to look again, host_now_ns() */
    uint64_t time;       /* of the harts' threads at the last look, ns */
    uint64_t time_swept; /* the same when the last sweep ended */
    uint64_t next;       /* offset in RAM where the sweep goes on; 0: none is under way */
};

struct machine {
    struct machine_config config;
    struct log *log;
    struct gmem *mem;
    struct map *map;
    struct vclock *clock;
    struct loop *loop;
    struct entropy *entropy; /* NULL: the host's */
    struct cpu *cpu;
    struct perf_map *perf_map; /* NULL: none */
    struct sbi *sbi;           /* NULL with a firmware */
    struct host_bytes edid;    /* data NULL: EDIDs are made */
    struct display *display;
    struct input_hub *input;
    struct chip_list chips; /* all of them, also the processor and the virtio slots */
    /* those of them that others here refer to */
    struct plic *plic;
    struct uart *uart;
    struct syscon syscon;
    struct console *console;
    /* virtio */
    struct disk *disk[MACHINE_MAX_DISKS];
    struct virtio_dev *gpu;                    /* NULL: none */
    struct virtio_dev *device[VIRT_MAX_SLOTS]; /* in each slot; NULL: none */
    unsigned slots;                            /* in use */
    /* with all harts in one thread: the disks' workers and the GPU's */
    struct stepper stepper[MACHINE_MAX_DISKS + 1];
    unsigned steppers;
    /* requests.c */
    struct requests requests;
    struct machine_listener *listeners;
    /* machine_run's thread */
    pthread_t io;
    bool io_running, harts_running, stopped;
    uint64_t panic_due; /* when a panic is acted on; HOST_FOREVER: there is none */
    bool panicked;      /* since the last reset */
    struct boot_layout layout;
    bool loaded; /* machine_create has loaded the images, with this layout, for the first boot */
    struct trim trim;
    /* read by any thread */
    _Atomic bool panic_stopped; /* stopped by a panic, and not continued since */
};

void requests_init(struct machine *m);
void requests_finish(struct machine *m);
/* The next request; sleeps until there is one, or the deadline. machine_run's thread. */
struct request requests_take(struct machine *m, uint64_t deadline_ns);
/* Reports of harts: the guest panicked (said: its report is complete); it ended with a failure. Any
 * thread. */
void machine_panic(struct machine *m, bool said);
void machine_failure(struct machine *m, bool reboot);
void machine_notify(struct machine *m, enum machine_event ev, enum machine_cause cause);

/* trim.c. machine_run's thread. */
void trim_start(struct machine *m);
void trim_when_due(struct machine *m);

/* devices.c: opens the files behind the devices; false with one line in err. */
bool devices_open(struct machine *m, struct error *err);
void devices_close(struct machine *m); /* the devices are gone */
/* Makes the virtio devices and the slots they are in; false: out of memory. */
bool devices_attach(struct machine *m);
/* Starts the GPU's checks and its trace, if the configuration asks for them. Called last, before
 * anything runs, since a trace's file is created here; false with one line in err. */
bool devices_observe(struct machine *m, struct error *err);

/* dtb.c. Returns the tree to boot with, made or patched from the user's; malloc'd. NULL with one
 * line in err. */
void *dtb_make(struct machine *m, const struct boot_layout *layout, size_t *size,
               struct error *err);

#endif
