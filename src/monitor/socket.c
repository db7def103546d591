/* SPDX-License-Identifier: MIT */
#include "monitor/socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 16

static int bind_to(int fd, const struct sockaddr_un *addr)
{
    return bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? errno : 0;
}

static int make_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* The path exists: is it a socket whose owner died? Then removes it. 0 or an errno. */
static int remove_stale(const struct sockaddr_un *addr)
{
    struct stat st;
    if (lstat(addr->sun_path, &st))
        return errno == ENOENT ? 0 : errno;
    if (!S_ISSOCK(st.st_mode))
        return EEXIST;
    int fd = make_socket();
    if (fd < 0)
        return errno;
    bool refused = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
                   (errno == ECONNREFUSED || errno == ENOENT);
    close(fd);
    if (!refused)
        return EADDRINUSE;
    return unlink(addr->sun_path) && errno != ENOENT ? errno : 0;
}

static bool open_failed(struct unix_listener *l, struct error *err, int error)
{
    const char *path = l->addr.sun_path;
    if (error == EADDRINUSE)
        error_set(err, "the socket '%s' is in use: end its owner or choose another path", path);
    else if (error == EEXIST)
        error_set(err, "'%s' exists and is no socket: choose another path", path);
    else
        error_set(err, "the socket '%s' cannot be made: %s", path, strerror(error));
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    return false;
}

bool unix_listener_open(struct unix_listener *l, const char *path, struct error *err)
{
    *l = (struct unix_listener){.fd = -1, .addr.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(l->addr.sun_path))
        return error_set(err, "the socket's path is longer than %zu bytes: choose a shorter one",
                         sizeof(l->addr.sun_path) - 1);
    memcpy(l->addr.sun_path, path, strlen(path) + 1);
    l->fd = make_socket();
    if (l->fd < 0 || fchmod(l->fd, 0600)) /* the mode its name will have */
        return open_failed(l, err, errno);
    int error = bind_to(l->fd, &l->addr);
    if (error == EADDRINUSE) {
        error = remove_stale(&l->addr);
        if (!error)
            error = bind_to(l->fd, &l->addr);
    }
    if (error)
        return open_failed(l, err, error);
    struct stat st;
    if (listen(l->fd, BACKLOG) || chmod(path, 0600) || stat(path, &st)) {
        error = errno;
        unlink(path);
        return open_failed(l, err, error);
    }
    l->dev = st.st_dev;
    l->ino = st.st_ino;
    return true;
}

void unix_listener_close(struct unix_listener *l)
{
    struct stat st;
    if (l->fd < 0)
        return;
    if (!lstat(l->addr.sun_path, &st) && st.st_dev == l->dev && st.st_ino == l->ino)
        unlink(l->addr.sun_path);
    close(l->fd);
    l->fd = -1;
}

int unix_listener_accept(struct unix_listener *l)
{
    int fd;
    do
        fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    return fd;
}
