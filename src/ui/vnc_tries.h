/* SPDX-License-Identifier: MIT */
/*
 * Limits the rate of wrong passwords at one front-end: one try a second for each address, however
 * many connections that opens, and independently of other addresses. Any thread.
 */
#ifndef UI_VNC_TRIES_H
#define UI_VNC_TRIES_H

#include "base/log.h"
#include "ui/peer.h"

#define VNC_TRY_MS 1000 /* from a wrong try of an address to its next */

struct vnc_tries;

struct vnc_tries *vnc_tries_create(struct log *log); /* NULL: out of memory */
void vnc_tries_destroy(struct vnc_tries *t);         /* NULL is fine */
/* Begins a try of an address. now: host_now_ns(). Returns 0 if the password may be checked now,
 * else the time at which to call this again. */
uint64_t vnc_tries_begin(struct vnc_tries *t, const struct peer *peer, uint64_t now);
/* Ends the try. A wrong one is logged; after a right one, the next may follow at once. */
void vnc_tries_end(struct vnc_tries *t, const struct peer *peer, bool right);

#endif
