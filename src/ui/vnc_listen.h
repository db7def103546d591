/* SPDX-License-Identifier: MIT */
/*
 * What `--display vnc=ADDR:PORT[,password=FILE]` says, and the sockets it asks for. An address that
 * other machines reach is refused without a password.
 */
#ifndef UI_VNC_LISTEN_H
#define UI_VNC_LISTEN_H

#include "base/util.h"

#define VNC_MAX_SOCKETS  4 /* a name may stand for several addresses */
#define VNC_MAX_PASSWORD 8 /* bytes; the protocol knows no more */

struct vnc_listen {
    int fd[VNC_MAX_SOCKETS];
    unsigned count;
    char where[300];                   /* the first address and its port, as numbers */
    char secret[VNC_MAX_PASSWORD + 1]; /* "": none is asked for */
};

/* args: as above, "" for the first display on loopback. false with one line in err. */
bool vnc_listen_open(struct vnc_listen *l, const char *args, char *err, size_t err_size);
void vnc_listen_close(struct vnc_listen *l);

#endif
