/* SPDX-License-Identifier: MIT */
/*
 * One VNC viewer: a connection, the thread that serves it, and the picture it has. Each viewer has
 * a screen of its own in the library, with a framebuffer of its own, and attaches to the display by
 * itself. So a viewer shares nothing with the others: one that stops reading blocks its own thread
 * alone, while the display merges its damage, and the library drops it after VNC_STALL_MS.
 *
 * The picture is read only when the viewer has asked for an update, straight from the rectangles
 * that the guest flushed. A viewer that asks for less gets less, and none is ever behind.
 */
#ifndef UI_VNC_VIEWER_H
#define UI_VNC_VIEWER_H

#include "ui/ui.h"

#include <pthread.h>
#include <stdatomic.h>

#define VNC_STALL_MS     5000  /* a viewer that reads or writes nothing for so long is dropped */
#define VNC_HANDSHAKE_MS 10000 /* and one that is not through the handshake by then */

struct vnc_viewer;

/*
 * The library fills its list of ways to log in when it answers a greeting, and guards it by
 * nothing. So greetings are answered one by one, until one was: later ones only read the list.
 * Shared by all viewers.
 */
struct vnc_gate {
    pthread_mutex_t lock;
    atomic_bool open;
};

/*
 * A place for a viewer, without one. passwords: NULL-terminated list, or NULL: none is asked for;
 * the gate and both outlive the viewer. done(ctx, v) is called on the viewer's thread as its last
 * act. NULL: out of memory. All functions here: the front-end's thread only.
 */
struct vnc_viewer *vnc_viewer_create(const struct ui_env *env, struct vnc_gate *gate,
                                     char **passwords,
                                     void (*done)(void *ctx, struct vnc_viewer *v), void *ctx);
void vnc_viewer_destroy(struct vnc_viewer *v); /* drops who is there; NULL is fine */

/* Serves a connection, which is the viewer's from now on, even on failure. The place was free. */
bool vnc_viewer_start(struct vnc_viewer *v, int fd);
bool vnc_viewer_busy(const struct vnc_viewer *v);
/* When it began, host_now_ns(), or HOST_FOREVER if it is free or through its handshake. */
uint64_t vnc_viewer_shaking_since(const struct vnc_viewer *v);
void vnc_viewer_drop(struct vnc_viewer *v); /* cuts the connection; done follows soon */
void vnc_viewer_join(struct vnc_viewer *v); /* waits for the thread's end; the place is free */

#endif
