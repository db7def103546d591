/* SPDX-License-Identifier: MIT */
/*
 * Relays byte streams between WebSockets and socket pairs. One end of a pair is relayed to a
 * client's connection; the viewer that serves the other end reads and writes a plain stream without
 * frames. Nothing blocks: if a side does not read, its buffer of some kilobytes fills, and the
 * other side is not read any more. All on one loop; its thread only.
 */
#ifndef UI_WEBSOCKET_RELAY_H
#define UI_WEBSOCKET_RELAY_H

#include "host/loop.h"
#include "ui/peer.h"

#include <stddef.h>

#define WEBSOCKETS         64   /* at a time; about 70 KB each */
#define WEBSOCKET_STALL_MS 5000 /* a client that reads nothing for so long is closed */

struct websockets;

/* welcome(ctx, fd, peer) takes over the other end of each pair, which is non-blocking. NULL: out of
 * memory. */
struct websockets *websockets_create(struct loop *loop,
                                     void (*welcome)(void *ctx, int fd, const struct peer *peer),
                                     void *ctx);
void websockets_destroy(struct websockets *w); /* closes all; NULL is fine */
/*
 * Takes over a client's connection, which is non-blocking. hello: the response to its handshake,
 * less than 1 KB, which is sent first. early: bytes of frames that were read with the handshake,
 * 4095 at most.
 */
void websockets_admit(struct websockets *w, int fd, const char *hello, const void *early,
                      size_t early_size);

#endif
