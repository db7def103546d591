/* SPDX-License-Identifier: MIT */
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_ROOM 65536u

/* --- reading --- */

/* poll until the descriptor is ready; false with errno, ETIMEDOUT after `seconds`. */
static bool wait_for(int fd, short events, int seconds)
{
    struct pollfd p = {.fd = fd, .events = events};
    int n;
    do
        n = poll(&p, 1, seconds * 1000);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = ETIMEDOUT;
    return n > 0;
}

/* Like read, of a descriptor that does not block. */
static ssize_t read_some(int fd, void *to, size_t n)
{
    for (;;) {
        ssize_t got = read(fd, to, n);
        if (got >= 0 || (errno != EAGAIN && errno != EINTR))
            return got;
        if (errno == EAGAIN && !wait_for(fd, POLLIN, HOST_FILE_QUIET_S))
            return -1;
    }
}

/* Room for more bytes, and for the NUL; limit + 1 bytes at most show that there are too many. */
static bool bytes_grow(struct host_bytes *b, size_t *room, size_t limit)
{
    size_t more = MIN(MAX(*room * 2, FIRST_ROOM), limit + 1);
    uint8_t *data = realloc(b->data, more + 1);
    if (!data)
        return false;
    b->data = data;
    *room = more;
    return true;
}

static int read_all(int fd, struct host_bytes *b, size_t room, size_t limit)
{
    ssize_t n;
    if (room)
        b->data = malloc(room + 1);
    if (room && !b->data)
        return ENOMEM;
    do {
        if (b->size == room && !bytes_grow(b, &room, limit))
            return ENOMEM;
        n = read_some(fd, b->data + b->size, room - b->size);
        if (n < 0)
            return errno;
        b->size += (size_t)n;
        if (b->size > limit)
            return EFBIG;
    } while (n);
    b->data[b->size] = 0;
    return 0;
}

static int read_fd(int fd, struct host_bytes *b, size_t limit, bool regular)
{
    struct stat st;
    if (fstat(fd, &st))
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    bool stream = S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode);
    if (!S_ISREG(st.st_mode) && (regular || !stream))
        return ENOTSUP;
    if (!stream && st.st_size > 0 && (uint64_t)st.st_size > limit)
        return EFBIG;
    /* one byte more shows the end at once */
    int error = read_all(fd, b, stream || st.st_size <= 0 ? 0 : (size_t)st.st_size + 1, limit);
    return !error && S_ISFIFO(st.st_mode) && !b->size ? ENODATA : error;
}

/* Sets the error for EFBIG: the limit, in MiB if it is a whole number of them. */
static void set_too_large(struct error *err, size_t limit)
{
    bool mib = limit >= 1 << 20 && limit % (1 << 20) == 0;
    error_set(err, "it is larger than %zu %s", mib ? limit >> 20 : limit, mib ? "MiB" : "bytes");
}

/* Whatever lies there, without waiting for it. */
static int open_read(const char *path)
{
    return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static const char *why_not(int error, bool regular)
{
    return regular && error == ENOTSUP ? "it is no regular file" : host_file_why(error);
}

int host_file_read(struct host_bytes *b, const char *path, size_t limit, bool regular,
                   struct error *err)
{
    *b = (struct host_bytes){NULL, 0};
    int fd = open_read(path);
    int error = fd < 0 ? errno : read_fd(fd, b, MIN(limit, SIZE_MAX / 2), regular);
    if (fd >= 0)
        close(fd);
    if (error == EFBIG)
        set_too_large(err, limit);
    else if (error)
        error_set(err, "%s", why_not(error, regular));
    if (error)
        host_bytes_free(b);
    return error;
}

void host_bytes_free(struct host_bytes *b)
{
    free(b->data);
    *b = (struct host_bytes){NULL, 0};
}

FILE *host_file_open(const char *path, struct error *err)
{
    struct stat st;
    int fd = open_read(path);
    int error = fd < 0 || fstat(fd, &st) ? errno : 0;
    if (!error && !S_ISREG(st.st_mode))
        error = S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP;
    FILE *f = error ? NULL : fdopen(fd, "r");
    if (f)
        return f;
    error_set(err, "%s", why_not(error ? error : errno, true));
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* --- writing --- */

int host_file_open_write(const char *path)
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    int error = fstat(fd, &st) ? errno : 0;
    if (!error && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
        error = ENOTSUP;
    if (!error)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

int host_file_write(int fd, const void *data, size_t n)
{
    const uint8_t *from = data;
    while (n) {
        ssize_t done = write(fd, from, n);
        if (done < 0 && errno == EAGAIN && wait_for(fd, POLLOUT, HOST_FILE_STALL_S))
            continue;
        if (done < 0 && errno != EINTR)
            return errno;
        if (done == 0)
            return ENOSPC;
        from += MAX(done, 0);
        n -= (size_t)MAX(done, 0);
    }
    return 0;
}

/* The descriptor travels in the cookie itself, as fd + 1. */
static int cookie_fd(void *cookie)
{
    return (int)((intptr_t)cookie - 1);
}

static ssize_t cookie_write(void *cookie, const char *data, size_t n)
{
    int error = host_file_write(cookie_fd(cookie), data, n);
    errno = error ? error : errno;
    return error ? 0 : (ssize_t)n;
}

static int cookie_close(void *cookie)
{
    return close(cookie_fd(cookie));
}

FILE *host_file_stream(int fd)
{
    struct stat st;
    int error = fstat(fd, &st) ? errno : 0;
    bool regular = !error && S_ISREG(st.st_mode);
    if (regular && ftruncate(fd, 0))
        error = errno;
    const cookie_io_functions_t ops = {.write = cookie_write, .close = cookie_close};
    FILE *f = error     ? NULL
              : regular ? fdopen(fd, "w")
                        : fopencookie((void *)((intptr_t)fd + 1), "w", ops);
    if (f)
        return f;
    error = error ? error : errno;
    close(fd);
    errno = error;
    return NULL;
}

FILE *host_file_create(const char *path)
{
    int fd = host_file_open_write(path);
    return fd < 0 ? NULL : host_file_stream(fd);
}

const char *host_file_why(int error)
{
    switch (error) {
    case ENXIO: return "it is a pipe that nobody reads, a socket, or a device that is not there";
    case ENOTSUP: return "it is neither a file nor a pipe";
    case ENODATA: return "it is a pipe that nobody writes to";
    case ETIMEDOUT: return "whoever has the pipe's other end does nothing";
    default: return strerror(error);
    }
}
