/* SPDX-License-Identifier: MIT */
/*
 * Passwords that were tried at one front-end. An address may have one try a second judged, however
 * many connections it opens; other addresses do not wait for it. Any thread.
 */
#ifndef UI_VNC_TRIES_H
#define UI_VNC_TRIES_H

#include "base/log.h"
#include "ui/peer.h"

#define VNC_TRY_MS 1000 /* from one try of an address to the next, unless it was right */

struct vnc_tries;

struct vnc_tries *vnc_tries_create(struct log *log); /* NULL: out of memory */
void vnc_tries_destroy(struct vnc_tries *t);         /* NULL is fine */
/* May a try of this address be judged now, host_now_ns()? 0: yes, and it is the address's only one
 * until it turns out right. Otherwise the time at which to ask again. */
uint64_t vnc_tries_begin(struct vnc_tries *t, const struct peer *peer, uint64_t now);
/* What became of it; a wrong one is logged. */
void vnc_tries_end(struct vnc_tries *t, const struct peer *peer, bool right);

#endif
