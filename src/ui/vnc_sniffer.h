/* SPDX-License-Identifier: MIT */
/*
 * Distinguishes VNC viewers and browsers on one port by the first byte of a connection: a browser
 * sends "GET", a viewer waits for the server's greeting. A client that has sent nothing for
 * VNC_SNIFFER_MS is a viewer. All on one loop; its thread only.
 *
 * Invariant: the byte is read with MSG_PEEK, so it stays in the socket for whoever gets that.
 * Breaks if: a connection is watched here after its first byte (the loop would report it again and
 * again); so it is passed on, or closed, as soon as it is readable.
 */
#ifndef UI_VNC_SNIFFER_H
#define UI_VNC_SNIFFER_H

#include "host/loop.h"

#define VNC_SNIFFER_MS      100
#define VNC_SNIFFER_WAITING 64 /* connections; one more makes the oldest count as a viewer */

struct vnc_sniffer;
struct vnc_sniffer_config {
    struct loop *loop;
    /* Each takes over connections, with all bytes of the client still unread. */
    void (*viewer)(void *ctx, int fd);
    void (*browser)(void *ctx, int fd);
    void *ctx;
};

struct vnc_sniffer *
vnc_sniffer_create(const struct vnc_sniffer_config *config); /* NULL: out of memory */
void vnc_sniffer_destroy(struct vnc_sniffer *d); /* closes waiting connections; NULL is fine */
void vnc_sniffer_admit(struct vnc_sniffer *d, int fd); /* takes over a non-blocking socket */

#endif
