/* SPDX-License-Identifier: MIT */
/*
 * Screendumps for the clients of the control socket. A picture may have hundreds of megabytes, and
 * a file may be slow, so a thread of its own takes and writes them, one at a time: one picture is
 * in memory, however many clients ask. The answer follows when the file is complete; what a client
 * sends after its command waits for that, the loop and the other clients do not.
 */
#ifndef MONITOR_SCREENDUMP_H
#define MONITOR_SCREENDUMP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct display;
struct loop;
struct qmp;
struct screendumps;

struct screendump {
    unsigned head; /* below display_heads */
    bool cursor, png;
    const char *path;
};

/* display and loop must outlive screendumps_destroy. NULL: out of memory. */
struct screendumps *screendumps_create(struct loop *loop, struct display *display);
/* The loop's thread, or after it: what is not complete half a second later is given up. All are
 * answered. NULL is fine. */
void screendumps_destroy(struct screendumps *s);

/* The loop's thread: q waits (qmp_work) and is answered by qmp_done. `what` is copied. False: no
 * memory. */
bool screendumps_start(struct screendumps *s, struct qmp *q, const struct screendump *what);
/* The loop's thread: q goes away; its screendump is written, and nobody is answered. */
void screendumps_forget(struct screendumps *s, const struct qmp *q);

/* Takes and writes one on the caller's thread. 0 or an errno, for host_file_why; until: as
 * ui_save_until has it. */
int screendump_save(struct display *display, const struct screendump *what,
                    const _Atomic uint64_t *until);

#endif
