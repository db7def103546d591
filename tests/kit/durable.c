/* SPDX-License-Identifier: MIT */
/*
 * Loaded into riscreen by LD_PRELOAD (durable.py). RISCREEN_DURABLE names a disk's image: each time
 * it is flushed, all that it holds is copied to NAME.durable. A power cut would leave that
 * copy at least; the image itself does not show it, since it is read through the host's page cache.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_disk(int fd, const char *disk)
{
    char link[32], path[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path));
    return disk && n > 0 && (size_t)n == strlen(disk) && !memcmp(path, disk, (size_t)n);
}

/* A half-made copy never has the name. */
static void copy(int fd, const char *disk)
{
    char made[PATH_MAX], named[PATH_MAX], bytes[65536];
    ssize_t n;
    snprintf(made, sizeof(made), "%s.copying", disk);
    snprintf(named, sizeof(named), "%s.durable", disk);
    int to = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (off_t at = 0; (n = pread(fd, bytes, sizeof(bytes), at)) > 0; at += n)
        if (write(to, bytes, (size_t)n) != n)
            abort();
    close(to);
    if (rename(made, named))
        abort();
}

static int flush(int fd, long number)
{
    const char *disk = getenv("RISCREEN_DURABLE");
    int rc = (int)syscall(number, fd);
    if (!rc && is_disk(fd, disk))
        copy(fd, disk);
    return rc;
}

int fdatasync(int fd)
{
    return flush(fd, SYS_fdatasync);
}

int fsync(int fd)
{
    return flush(fd, SYS_fsync);
}
