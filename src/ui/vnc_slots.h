/* SPDX-License-Identifier: MIT */
/*
 * The viewers of one front-end, each with a thread of its own: VNC_VIEWERS with a seat, which is
 * what costs a framebuffer, and VNC_SHAKING beside them that shake hands, so that neither keep the
 * others out.
 *
 * Who is through with its handshake always gets a seat: if all are taken, a viewer goes that
 * has not asked for anything yet, or else the one that has said nothing for longest. While
 * VNC_SHAKING shake hands, the next is sent away, and of the address with most of them the oldest
 * goes: a thousand silent connections keep a viewer out for a moment only, and those of one address
 * hardly another's.
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

/* NULL: out of memory. Before any viewer of the process runs (see vnc_screen.h). */
struct vnc_slots *vnc_slots_create(const struct vnc_config *config, struct loop *loop);
void vnc_slots_destroy(struct vnc_slots *p); /* all leave; NULL is fine; the loop does not run */
/* A connection, not blocking, which is the places' from now on; peer: whose it is. */
void vnc_slots_admit(struct vnc_slots *p, int fd, const struct peer *peer);

#endif
