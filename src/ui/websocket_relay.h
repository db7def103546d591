/* SPDX-License-Identifier: MIT */
/*
 * Carries streams of bytes through WebSockets: each client's connection on one side, one end of a
 * socket pair on the other. Whoever serves the pair's other end sees a plain stream, and never a
 * frame. Nothing waits: a side that does not take its bytes stops the other, in buffers of some
 * kilobytes. All on one loop, its thread only.
 */
#ifndef UI_WEBSOCKET_RELAY_H
#define UI_WEBSOCKET_RELAY_H

#include "host/loop.h"
#include "ui/peer.h"

#include <stddef.h>

#define WEBSOCKETS         64   /* at a time; about 70 KB each */
#define WEBSOCKET_STALL_MS 5000 /* a client that takes nothing for so long is gone */

struct websockets;

/* welcome(ctx, fd, peer) gets the other end of each pair, which is its own; it does not block.
 * NULL: out of memory. */
struct websockets *websockets_create(struct loop *loop,
                                     void (*welcome)(void *ctx, int fd, const struct peer *peer),
                                     void *ctx);
void websockets_destroy(struct websockets *w); /* closes all; NULL is fine */
/*
 * Takes a client's connection, not blocking, which is the relay's from now on. hello: the answer to
 * its handshake, less than 1 KB, which is sent first. early: bytes of frames that were already
 * read, 4095 at most.
 */
void websockets_admit(struct websockets *w, int fd, const char *hello, const void *early,
                      size_t early_size);

#endif
