/* SPDX-License-Identifier: MIT */
/*
 * The beginning of a VNC connection (RFC 6143, 7.1 and 7.2): which version, and how to log in. The
 * library has code for it too, but keeps what it offers in one list for the whole process, so that
 * a front-end without a password would open the door of one that has one; and it waits for the rest
 * of a message. Here each viewer is asked what its own front-end wants, and nothing waits. The
 * viewer's thread.
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
    struct loop_fd *source;   /* calls vnc_auth_read; not watched while a try waits */
    struct loop_timer *timer; /* calls vnc_auth_due */
    const char *password;     /* NULL: none is asked for */
    struct vnc_tries *tries;
    struct log_limit *limit;
    /* zeros at first */
    uint8_t bytes[CHALLENGESIZE]; /* of a message that is not complete yet */
    unsigned size;
    bool wrong; /* the password was; the client learns it when the timer is due */
};

/* Is the client still in this part of the connection? */
bool vnc_auth_active(const struct vnc_auth *a);
/* Takes what is there of the client's next message, and answers it. A client that answers wrong is
 * closed. */
void vnc_auth_read(struct vnc_auth *a);
void vnc_auth_due(struct vnc_auth *a); /* the timer's time has come */

#endif
