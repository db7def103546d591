/* SPDX-License-Identifier: MIT */
#include "host/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRIES 8 /* a rename anywhere on the host makes openat2 ask for another one */

typedef int opener(int folder, const char *path, int flags);

static int open_resolved(int folder, const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)flags | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = -1;
    for (unsigned i = 0; i < TRIES; i++) {
        fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    return fd;
}

/* Opens the n bytes of part in the directory `at`; no link, and not the directory above. */
static int open_part(int at, const char *part, size_t n, int flags)
{
    char name[NAME_MAX + 1];
    if (!n || n > NAME_MAX || (n == 1 && part[0] == '.') || (n == 2 && !memcmp(part, "..", 2))) {
        errno = ENOENT;
        return -1;
    }
    memcpy(name, part, n);
    name[n] = 0;
    return openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC);
}

static int open_part_by_part(int folder, const char *path, int flags)
{
    int at = folder;
    for (;;) {
        size_t n = strcspn(path, "/");
        bool last = !path[n];
        int next = open_part(at, path, n, last ? flags : O_PATH | O_DIRECTORY);
        int error = errno;
        if (at != folder)
            close(at);
        errno = error;
        if (next < 0 || last)
            return next;
        at = next;
        path += n + 1;
    }
}

static bool is_regular(int fd)
{
    struct stat st;
    return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

/* Looks before it opens, because opening a FIFO or a device is seen by who is at its other end. */
static int open_regular(int folder, const char *path, opener *open_it)
{
    int fd = open_it(folder, path, O_PATH);
    if (fd < 0)
        return -1;
    bool regular = is_regular(fd);
    close(fd);
    fd = regular ? open_it(folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY) : -1;
    if (fd >= 0 && is_regular(fd))
        return fd;
    if (fd >= 0)
        close(fd);
    if (!regular || fd >= 0)
        errno = EACCES;
    return -1;
}

int host_open_beneath_no_links(int folder, const char *path)
{
    return open_regular(folder, path, open_part_by_part);
}

int host_open_beneath(int folder, const char *path)
{
    int fd = open_regular(folder, path, open_resolved);
    /* EPERM: a container's filter refuses unknown calls */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return host_open_beneath_no_links(folder, path);
    return fd;
}
