/* SPDX-License-Identifier: MIT */
/*
 * The beginning of a VNC connection (RFC 6143, 7.1 and 7.2): protocol version and authentication.
 * The library's own code for it is not used: its list of security types is one for the whole
 * process, so a front-end without a password would let viewers of one with a password in; and it
 * blocks until a message is complete. Here each viewer authenticates as its own front-end requires,
 * without blocking. The viewer's thread.
 */
#ifndef UI_VNC_AUTH_H
#define UI_VNC_AUTH_H

#include "host/loop.h"
#include "ui/vnc_tries.h"

#include <rfb/rfb.h>

struct vnc_auth {
    /* set by the caller */
    rfbClientPtr client;
    const struct peer *peer;
    struct log *log;
    struct loop_fd *source; /* its callback calls vnc_auth_read; disabled while a try is delayed */
    struct loop_timer *timer; /* its callback calls vnc_auth_due */
    const char *password;     /* NULL: none is asked for */
    struct vnc_tries *tries;
    struct log_limit *limit;
    /* zero at first */
    uint8_t bytes[CHALLENGESIZE]; /* of an incomplete message */
    unsigned size;
    bool wrong; /* the password was wrong; the client is refused when the timer is due */
};

/* True while the client is in this part of the connection. */
bool vnc_auth_active(const struct vnc_auth *a);
/* Reads what has arrived of the client's next message, and answers it when it is complete. A client
 * that breaks the protocol is closed. */
void vnc_auth_read(struct vnc_auth *a);
void vnc_auth_due(struct vnc_auth *a); /* to be called when the timer fires */

#endif
