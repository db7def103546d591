/* SPDX-License-Identifier: MIT */
/*
 * The gate between a client that is through its handshake and the library: which of its messages
 * (RFC 6143, 7.5) the library reads, which are read here, and which end the connection. What the
 * library does not need to see it does not see: clipboards, chats, files, scaled pictures. The
 * viewer's thread.
 */
#ifndef UI_VNC_MESSAGE_H
#define UI_VNC_MESSAGE_H

#include "base/log.h"

#include <rfb/rfb.h>

#define VNC_CUT_TEXT (1 << 20) /* bytes of a clipboard, at most */

/* Reads one message of the client, of which a first byte is there; waits for the rest as long as
 * the library does (maxClientWait for each part of it). A client that sends what it must not is
 * closed. */
void vnc_message_read(rfbClientPtr client, struct log *log);
/* Can pixels of this format be made? Each colour has 2^n - 1 as its largest value and lies inside
 * the pixel. */
bool vnc_message_format_ok(const rfbPixelFormat *format);

#endif
