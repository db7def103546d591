/* SPDX-License-Identifier: MIT */
/*
 * Tells VNC viewers from browsers on one port: a browser speaks first, a viewer waits for the
 * greeting. Who says nothing for VNC_SNIFFER_MS is a viewer. One loop, its thread only.
 */
#ifndef UI_VNC_SNIFFER_H
#define UI_VNC_SNIFFER_H

#include "host/loop.h"

#define VNC_SNIFFER_MS      100
#define VNC_SNIFFER_WAITING 64 /* connections; the oldest counts as a viewer when there are more */

struct vnc_sniffer;
struct vnc_sniffer_config {
    struct loop *loop;
    /* Each gets connections, which are its own, with all that the client said still unread. */
    void (*viewer)(void *ctx, int fd);
    void (*browser)(void *ctx, int fd);
    void *ctx;
};

struct vnc_sniffer *
vnc_sniffer_create(const struct vnc_sniffer_config *config); /* NULL: out of memory */
void vnc_sniffer_destroy(struct vnc_sniffer *d);       /* closes who still waits; NULL is fine */
void vnc_sniffer_admit(struct vnc_sniffer *d, int fd); /* a connection, not blocking */

#endif
