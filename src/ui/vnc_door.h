/* SPDX-License-Identifier: MIT */
/*
 * Tells VNC viewers from browsers on one port: a browser speaks first, a viewer waits for the
 * greeting. Who says nothing for VNC_DOOR_MS is a viewer. One loop, its thread only.
 */
#ifndef UI_VNC_DOOR_H
#define UI_VNC_DOOR_H

#include "host/loop.h"

#define VNC_DOOR_MS      100
#define VNC_DOOR_WAITING 64 /* connections; the oldest counts as a viewer when there are more */

struct vnc_door;
struct vnc_door_config {
    struct loop *loop;
    /* Each gets connections, which are its own, with all that the client said still unread. */
    void (*viewer)(void *ctx, int fd);
    void (*browser)(void *ctx, int fd);
    void *ctx;
};

struct vnc_door *vnc_door_create(const struct vnc_door_config *config); /* NULL: out of memory */
void vnc_door_destroy(struct vnc_door *d);       /* closes who still waits; NULL is fine */
void vnc_door_admit(struct vnc_door *d, int fd); /* a connection, not blocking */

#endif
