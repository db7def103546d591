/* SPDX-License-Identifier: MIT */
/*
 * Creates the library's client struct without the library's protocol detection. That would wait for
 * the client's first bytes, and switch to WebSocket or TLS if they look like one. The library's
 * decoder of WebSocket frames can be driven into an endless loop, so it must never run: frames are
 * decoded by websocket_relay.h. The viewer's thread.
 */
#ifndef UI_VNC_CLIENT_H
#define UI_VNC_CLIENT_H

#include <rfb/rfb.h>

/*
 * Returns a client of the screen on a non-blocking connection, after sending the server's greeting.
 * The library gets a duplicate of fd; the caller keeps fd. NULL: out of memory or descriptors, or
 * the connection was closed.
 */
rfbClientPtr vnc_client_create(rfbScreenInfoPtr screen, int fd);
/* Closes the client if it is open, and frees it. */
void vnc_client_destroy(rfbClientPtr client);

#endif
