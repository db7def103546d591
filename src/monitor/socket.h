/* SPDX-License-Identifier: MIT */
/* A listening Unix socket of riscreen's own. Before threads start, or on one thread. */
#ifndef MONITOR_SOCKET_H
#define MONITOR_SOCKET_H

#include "base/error.h"
#include "base/util.h"

#include <sys/stat.h>
#include <sys/un.h>

struct unix_listener {
    int fd;
    struct sockaddr_un addr;
    dev_t dev; /* what was made, so that only that is removed */
    ino_t ino;
};

/* Mode 0600, non-blocking. A socket that no one listens on is replaced; false with one line. */
bool unix_listener_open(struct unix_listener *l, const char *path, struct error *err);
void unix_listener_close(struct unix_listener *l); /* removes the socket */
/* A new client, non-blocking, or -1 with errno. */
int unix_listener_accept(struct unix_listener *l);

#endif
