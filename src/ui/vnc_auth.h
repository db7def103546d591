/* SPDX-License-Identifier: MIT */
/*
 * The beginning of a VNC connection (RFC 6143, 7.1 and 7.2): which version, and how to log in. The
 * library has code for it too, but keeps what it offers in one list for the whole process, so that
 * a front-end without a password would open the door of one that has one. Here each viewer is
 * asked what its own front-end wants. The viewer's thread.
 */
#ifndef UI_VNC_AUTH_H
#define UI_VNC_AUTH_H

#include <rfb/rfb.h>
#include <stdbool.h>

/*
 * Reads and answers one message of a client that is not through yet, with or without a password
 * (which the library then compares). False: it is another kind of message, the library's. A client
 * that answers wrong is closed.
 */
bool vnc_auth_message(rfbClientPtr client, bool password);

#endif
