/* SPDX-License-Identifier: MIT */
/*
 * One VNC viewer: a connection, the thread that serves it, and its framebuffer. Each viewer has its
 * own screen in the library and attaches to the display by itself. So viewers share nothing: one
 * that stops reading blocks only its own thread, while the display merges its damage, and the
 * library closes it after VNC_STALL_MS.
 *
 * Pixels are read from the display only when the viewer has requested an update, and only those
 * that the guest has flushed since the last one. A viewer that requests fewer updates gets fewer,
 * each with the newest picture.
 */
#ifndef UI_VNC_VIEWER_H
#define UI_VNC_VIEWER_H

#include "ui/keyboard_layout.h"
#include "ui/peer.h"
#include "ui/ui.h"
#include "ui/vnc_tries.h"

#define VNC_STALL_MS     5000  /* without progress in a read or write: the viewer is closed */
#define VNC_HANDSHAKE_MS 10000 /* for the whole handshake, else the viewer is closed */

struct vnc_viewer;

/* Common to all viewers of a front-end. */
struct vnc_config {
    struct ui_env env;
    unsigned head;                        /* the head that they show */
    const char *password;                 /* NULL: none is asked for; outlives the viewers */
    const struct keyboard_layout *layout; /* of the guest's keyboard */
    struct vnc_tries *tries;              /* of the password; outlive the viewers */
};

/* Called by a viewer's thread with ctx. */
struct vnc_viewer_ops {
    void (*waits)(void *ctx); /* the handshake is complete but for a seat */
    void (*done)(void *ctx);  /* the thread is about to end */
};

/*
 * Returns a viewer that is not busy: it has no connection yet. NULL: out of memory. All functions
 * here: the front-end's thread only.
 */
struct vnc_viewer *vnc_viewer_create(const struct vnc_config *config,
                                     const struct vnc_viewer_ops *ops, void *ctx);
void vnc_viewer_destroy(struct vnc_viewer *v); /* drops and joins it if it is busy; NULL is fine */

/* Takes over a connection, also if it fails, and starts the thread. The viewer was not busy. */
bool vnc_viewer_start(struct vnc_viewer *v, int fd, const struct peer *peer);
bool vnc_viewer_busy(const struct vnc_viewer *v);
/* The functions below: for a viewer that is busy. */
bool vnc_viewer_waits(const struct vnc_viewer *v); /* for a seat */
void vnc_viewer_seat(struct vnc_viewer *v);        /* gives it a seat: it may read the picture */
bool vnc_viewer_is_seated(const struct vnc_viewer *v); /* from then on until it is joined */
uint64_t vnc_viewer_since(const struct vnc_viewer *v); /* host_now_ns() at its start */
uint64_t vnc_viewer_heard(const struct vnc_viewer *v); /* host_now_ns() when it last sent bytes */
bool vnc_viewer_asked(const struct vnc_viewer *v); /* it has sent a message since it got its seat */
const struct peer *vnc_viewer_peer(const struct vnc_viewer *v);
/* Cuts the connection, so that the thread ends soon, whatever it is blocked on; then calls done. */
void vnc_viewer_drop(struct vnc_viewer *v);
bool vnc_viewer_dropped(const struct vnc_viewer *v);
void vnc_viewer_join(struct vnc_viewer *v); /* waits for the thread's end; it is not busy then */

#endif
