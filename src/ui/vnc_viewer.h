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

#include "ui/keyboard_layout.h"
#include "ui/peer.h"
#include "ui/ui.h"
#include "ui/vnc_tries.h"

#define VNC_STALL_MS     5000  /* a viewer that reads or writes nothing for so long is dropped */
#define VNC_HANDSHAKE_MS 10000 /* and one that is not through the handshake by then */

struct vnc_viewer;

/* What all viewers of a front-end have in common. */
struct vnc_config {
    struct ui_env env;
    unsigned head;                        /* the one they see */
    const char *password;                 /* NULL: none is asked for; outlives the viewers */
    const struct keyboard_layout *layout; /* of the guest's keyboard */
    struct vnc_tries *tries;              /* of the password; outlive the viewers */
};

/* What a viewer's thread calls with ctx. */
struct vnc_viewer_ops {
    void (*waits)(void *ctx); /* for a seat: all that is left of the handshake */
    void (*done)(void *ctx);  /* its last act */
};

/*
 * A place for a viewer, without one. NULL: out of memory. All functions here: the front-end's
 * thread only.
 */
struct vnc_viewer *vnc_viewer_create(const struct vnc_config *config,
                                     const struct vnc_viewer_ops *ops, void *ctx);
void vnc_viewer_destroy(struct vnc_viewer *v); /* drops who is there; NULL is fine */

/* Serves a connection, which is the viewer's from now on, even on failure. The place was free. */
bool vnc_viewer_start(struct vnc_viewer *v, int fd, const struct peer *peer);
bool vnc_viewer_busy(const struct vnc_viewer *v);
/* All below: of one that is busy. */
bool vnc_viewer_waits(const struct vnc_viewer *v);     /* for a seat */
void vnc_viewer_seat(struct vnc_viewer *v);            /* it may see the picture */
bool vnc_viewer_is_seated(const struct vnc_viewer *v); /* since then, until it is joined */
uint64_t vnc_viewer_since(const struct vnc_viewer *v); /* when it came, host_now_ns() */
uint64_t vnc_viewer_heard(const struct vnc_viewer *v); /* when it last said something, the same */
bool vnc_viewer_asked(const struct vnc_viewer *v);     /* for anything since it has its seat */
const struct peer *vnc_viewer_peer(const struct vnc_viewer *v);
/* Cuts the connection and ends the thread, whatever it waits for; done follows soon. */
void vnc_viewer_drop(struct vnc_viewer *v);
bool vnc_viewer_dropped(const struct vnc_viewer *v);
void vnc_viewer_join(struct vnc_viewer *v); /* waits for the thread's end; the place is free */

#endif
