/* SPDX-License-Identifier: MIT */
/*
 * Parses `--display vnc=ADDR:PORT[,SETTING]...` (or web= instead of vnc=) and opens its sockets. An
 * address that other machines can reach is refused without a password.
 */
#ifndef UI_VNC_LISTEN_H
#define UI_VNC_LISTEN_H

#include "base/error.h"
#include "host/loop.h"
#include "ui/keyboard_layout.h"
#include "ui/ui.h"

#include <limits.h>

#define VNC_MAX_SOCKETS       4    /* a host name may have several addresses */
#define VNC_MAX_PASSWORD_FILE 4096 /* bytes */
#define VNC_MAX_PASSWORD      8    /* bytes; VNC authentication uses no more */

/* What differs between the VNC and the web front-end. */
struct vnc_listen_kind {
    const char *name;    /* as in --display NAME */
    const char *syntax;  /* how an address is written */
    const char *example; /* of the option's value */
    unsigned first_port; /* ":N" means this port plus N; 0: ":N" and "N" mean port N */
    unsigned usual_port; /* if no address is given: this one plus first_port, on loopback */
    const char *pages;   /* the default of novnc=FOLDER; NULL: it serves no pages */
};

struct vnc_listen {
    const struct vnc_listen_kind *kind;
    int fd[VNC_MAX_SOCKETS];
    unsigned count;
    char where[300];                      /* the first address and port, numeric */
    char secret[VNC_MAX_PASSWORD + 1];    /* "": none is asked for */
    unsigned head;                        /* the head that is shown */
    const struct keyboard_layout *layout; /* of the guest's keyboard */
    char pages[PATH_MAX];
    /* after vnc_listen_watch */
    int spare; /* a reserved descriptor, for when none is free: see reject_connection */
    void (*welcome)(void *ctx, int fd);
    void *ctx;
};

/* args: the option's value; "" for the default address. False with one line in err. */
bool vnc_listen_open(struct vnc_listen *l, const struct vnc_listen_kind *kind,
                     const struct ui_env *env, const char *args, struct error *err);
/* welcome(ctx, fd) takes over each connection, on the loop's thread. False: out of descriptors. */
bool vnc_listen_watch(struct vnc_listen *l, struct loop *loop, void (*welcome)(void *ctx, int fd),
                      void *ctx);
void vnc_listen_close(struct vnc_listen *l); /* l is open, or zero-initialised */

#endif
