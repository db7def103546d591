/* SPDX-License-Identifier: MIT */
/*
 * The viewers of one front-end: room for VNC_VIEWERS, each with a thread of its own. Who comes when
 * all places are taken is sent away, and the one that has been longest in its handshake goes too: a
 * thousand silent connections cannot keep a viewer out for long. The front-end's thread only, which
 * runs `loop`.
 */
#ifndef UI_VNC_PLACES_H
#define UI_VNC_PLACES_H

#include "host/loop.h"
#include "ui/vnc_viewer.h"

#define VNC_VIEWERS 16

struct vnc_places;

/* NULL: out of memory. Before any viewer of the process runs (see vnc_screen.h). */
struct vnc_places *vnc_places_create(const struct vnc_config *config, struct loop *loop);
void vnc_places_destroy(struct vnc_places *p); /* all leave; NULL is fine; the loop does not run */
/* A connection, which is the places' from now on. */
void vnc_places_admit(struct vnc_places *p, int fd);

#endif
