/* SPDX-License-Identifier: MIT */
/*
 * What the library takes for a client, made without what it does on its own when one comes: it
 * would wait a while for the client's first bytes, and go on as a WebSocket or as a TLS server if
 * they look like it. Its decoder of WebSocket frames can be made to spin for ever, so it never
 * sees one: websocket_relay.h takes them apart. The viewer's thread.
 */
#ifndef UI_VNC_CLIENT_H
#define UI_VNC_CLIENT_H

#include <rfb/rfb.h>

/*
 * A client of the screen on this connection, not blocking, greeted. The library gets a duplicate of
 * fd; fd stays the caller's. NULL: out of memory or descriptors, or the connection is gone.
 */
rfbClientPtr vnc_client_create(rfbScreenInfoPtr screen, int fd);
/* Closes it if it is open, and frees it. */
void vnc_client_destroy(rfbClientPtr client);

#endif
