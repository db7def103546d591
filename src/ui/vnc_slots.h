/* SPDX-License-Identifier: MIT */
/*
 * The slots for the viewers of one front-end. Each viewer in a slot has a thread. VNC_VIEWERS may
 * have a seat, which is what needs a framebuffer; VNC_SHAKING more may be in their handshake. So
 * connections in the handshake cannot use up the seats, nor the other way round.
 *
 * A viewer that has completed its handshake always gets a seat. If all are taken, one that has sent
 * no message since it got its seat is dropped, or else the one that has been silent for longest.
 * While VNC_SHAKING viewers are in the handshake, a new connection is closed, and the oldest of the
 * address that has most of them is dropped. So a thousand silent connections keep a viewer out for
 * a moment only, and those of one address hardly ever affect another's.
 *
 * The front-end's thread only, which runs `loop`.
 */
#ifndef UI_VNC_SLOTS_H
#define UI_VNC_SLOTS_H

#include "host/loop.h"
#include "ui/vnc_viewer.h"

#define VNC_VIEWERS 16
#define VNC_SHAKING 16

struct vnc_slots;

/* To be called before any viewer of the process runs (see vnc_screen.h). NULL: out of memory. */
struct vnc_slots *vnc_slots_create(const struct vnc_config *config, struct loop *loop);
/* Drops all viewers. The loop must not run. NULL is fine. */
void vnc_slots_destroy(struct vnc_slots *p);
/* Takes over a non-blocking connection; peer: its other end. */
void vnc_slots_admit(struct vnc_slots *p, int fd, const struct peer *peer);

#endif
