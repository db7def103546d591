/* SPDX-License-Identifier: MIT */
/*
 * What `--display vnc=ADDR:PORT[,SETTING]...` says (or web= instead of vnc=), and the sockets it
 * asks for. An address that other machines reach is refused without a password.
 */
#ifndef UI_VNC_LISTEN_H
#define UI_VNC_LISTEN_H

#include "base/error.h"
#include "host/loop.h"
#include "ui/keyboard_layout.h"
#include "ui/ui.h"

#include <limits.h>

#define VNC_MAX_SOCKETS       4    /* a name may stand for several addresses */
#define VNC_MAX_PASSWORD_FILE 4096 /* bytes */
#define VNC_MAX_PASSWORD      8    /* bytes; the protocol knows no more */

/* What differs between front-ends. */
struct vnc_listen_kind {
    const char *name;    /* as in --display NAME */
    const char *syntax;  /* how an address is written */
    const char *example; /* of an option */
    unsigned first_port; /* ":N" is this port plus N; 0: it is port N, and so is a lone N */
    unsigned usual_port; /* if no address is given: this one plus first_port, on loopback */
    const char *pages;   /* the folder of pages, if it has any: changed by novnc=FOLDER */
};

struct vnc_listen {
    const struct vnc_listen_kind *kind;
    int fd[VNC_MAX_SOCKETS];
    unsigned count;
    char where[300];                      /* the first address and its port, as numbers */
    char secret[VNC_MAX_PASSWORD + 1];    /* "": none is asked for */
    unsigned head;                        /* which one is shown */
    const struct keyboard_layout *layout; /* of the guest's keyboard */
    char pages[PATH_MAX];
    /* while watched */
    int spare; /* a descriptor to give up, to be able to turn someone away when none is left */
    void (*welcome)(void *ctx, int fd);
    void *ctx;
};

/* args: as above, "" for the usual place. False with one line in err. */
bool vnc_listen_open(struct vnc_listen *l, const struct vnc_listen_kind *kind,
                     const struct ui_env *env, const char *args, struct error *err);
/* welcome(ctx, fd) gets each connection, on the loop's thread. False: out of descriptors. */
bool vnc_listen_watch(struct vnc_listen *l, struct loop *loop, void (*welcome)(void *ctx, int fd),
                      void *ctx);
void vnc_listen_close(struct vnc_listen *l); /* zeroed by the caller, or open */

#endif
