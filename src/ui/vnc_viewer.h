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

#include "ui/layout.h"
#include "ui/ui.h"

#define VNC_STALL_MS     5000  /* a viewer that reads or writes nothing for so long is dropped */
#define VNC_HANDSHAKE_MS 10000 /* and one that is not through the handshake by then */

struct vnc_viewer;

/* What all viewers of a front-end have in common. */
struct vnc_config {
    struct ui_env env;
    unsigned head;    /* the one they see */
    char **passwords; /* NULL-terminated list, or NULL: none is asked for; outlives the viewers */
    bool browsers;    /* WebSockets are served too */
    const struct layout *layout; /* of the guest's keyboard */
};

/*
 * A place for a viewer, without one. done(ctx, v) is called on the viewer's thread as its last act.
 * NULL: out of memory. All functions here: the front-end's thread only.
 */
struct vnc_viewer *vnc_viewer_create(const struct vnc_config *config,
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
