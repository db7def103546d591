/* SPDX-License-Identifier: MIT */
/*
 * The monitor lets programs drive a machine from outside. It has two faces.
 *
 * The control socket (`--monitor unix:PATH`) speaks QMP's wire format, so that clients written for
 * QEMU work unmodified: JSON objects, one per command, an answer or an error each, events in
 * between. It lives on the machine's io loop and serves several clients. A client is not trusted:
 * its messages are bounded in size and depth, and garbage is answered with an error.
 *
 * A screen script (`--script FILE`) is a list of waits and actions on the machine's screen, serial
 * console, keyboard and pointer: a test of a whole system in a few lines. It runs on a thread of
 * its own, sleeps until the screen or the console change, and its failure is riscreen's exit
 * status 1.
 *
 * How main uses them, in this order:
 *
 *     script_create       parses; the console hook goes into machine_config
 *     machine_create
 *     monitor_create      the socket is there, nobody is served yet
 *     script_start
 *     machine_run         serves both
 *     script_finish       the exit status
 *     monitor_destroy     last events are sent, the socket is removed
 *     machine_destroy, then script_destroy (the hook may be called until then)
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "base/error.h"
#include "board/machine.h"

struct monitor;

/*
 * address: "unix:PATH", as the user wrote it; QEMU's ",server=on,wait=off" after it is accepted.
 * Makes the socket (mode 0600; a stale one is replaced, one in use is an error) and puts it on the
 * machine's loop. Before machine_run. NULL with one line in err.
 */
struct monitor *monitor_create(struct machine *m, const char *address, struct log *log,
                               struct error *err);
/* After machine_run has returned, before machine_destroy. NULL is fine. */
void monitor_destroy(struct monitor *mon);

struct script;

/* Strings stay the caller's and must live as long as the script. */
struct script_config {
    const char *path;    /* the script; relative paths inside it are relative to its folder */
    const char *out_dir; /* --script-out: for pictures of failures; NULL: the script's folder */
    const char *junit;   /* --junit: report to write at the end; NULL: none */
    struct log *log;
};

/* Reads and checks the whole script, its reference pictures too; starts nothing. NULL with one
 * line (file:line: what, the cure) in err. */
struct script *script_create(const struct script_config *config, struct error *err);
/* machine_config.console_out, with the script as console_ctx: what wait-serial looks at. */
void script_console_out(void *script, const uint8_t *bytes, size_t n);
/* Starts the script's thread. Before machine_run; false with one line in err. */
bool script_start(struct script *s, struct machine *m, struct error *err);
/*
 * After machine_run returned `status`: ends the thread, writes the report, and returns riscreen's
 * exit status: 1 if a line failed or the machine ended before the script did, else `status`;
 * `status` also when a panic, a refused reset or a time-out failed the line.
 */
int script_finish(struct script *s, int status);
void script_destroy(struct script *s); /* NULL is fine */

/* What scripts understand, for --help and the manual: lines of text. */
extern const char script_help[];

#endif
