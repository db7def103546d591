/* SPDX-License-Identifier: MIT */
/*
 * The gate between a client after its handshake and the library: which messages (RFC 6143, 7.5) the
 * library reads, which are read here, and which end the connection. The library reads only what it
 * is needed for: no clipboards, chats, files or scaled pictures. The viewer's thread.
 *
 * Invariant: a message's type is read with MSG_PEEK, so that the library's reader finds it. Breaks
 * if: a reader here does not read the type as the first byte of its message.
 */
#ifndef UI_VNC_MESSAGE_H
#define UI_VNC_MESSAGE_H

#include "base/log.h"

#include <rfb/rfb.h>

#define VNC_CUT_TEXT (1 << 20) /* bytes of a clipboard, at most */

/* Reads one message, whose first byte has arrived; blocks for the rest as the library does, at most
 * maxClientWait for each part. A client that sends a message it must not is closed. */
void vnc_message_read(rfbClientPtr client, struct log *log);
/* True if pixels of this format can be computed: each colour has 2^n - 1 as its largest value and
 * lies inside the pixel. */
bool vnc_message_format_ok(const rfbPixelFormat *format);

#endif
